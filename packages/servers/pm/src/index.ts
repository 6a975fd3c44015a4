export { pm, pmWith } from "./main.ts";
export { pmState } from "./state.ts";
export type { PmState, Process } from "./state.ts";
