// Boots to the prompt and prints the seconds since this process began: loading the packages is part of it.
import { loadRootImage } from "@procyon-os/userland";
import { Machine } from "./machine.mjs";

new Machine([loadRootImage()]).prompt();
console.log(performance.now() / 1000);
