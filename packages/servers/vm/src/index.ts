export { checkVm } from "./check.ts";
export type { MemoryUse } from "./check.ts";
export { main, vm, vmStateOf } from "./main.ts";
export type { VmState } from "./state.ts";
