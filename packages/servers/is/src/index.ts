export { image } from "./main.ts";
