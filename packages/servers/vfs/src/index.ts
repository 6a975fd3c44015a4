export { image, imageWith } from "./main.ts";
export { vfsState } from "./state.ts";
export type { VfsState } from "./state.ts";
