export { loadInit, loadRootImage, provideImages } from "./images.ts";
export type { Images } from "./images.ts";
