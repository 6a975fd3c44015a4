export { pm } from "./main.ts";
export type { PmState, Process } from "./state.ts";
