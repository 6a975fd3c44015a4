export { image, main } from "./main.ts";
