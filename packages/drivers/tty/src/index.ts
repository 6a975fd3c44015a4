export { image, main } from "./main.ts";
export { freshLine } from "./line.ts";
export type { Line } from "./line.ts";
export type { TtyState } from "./tty-state.ts";
