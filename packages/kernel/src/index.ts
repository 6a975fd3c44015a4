export { Kernel } from "./kernel.ts";
export type { BootModule, Counters, DebugOptions, KernelOptions, Plant, RunResult } from "./options.ts";
export { CYCLES_PER_MS, GUEST_TRAP_CYCLES, HOSTED_TRAP_CYCLES } from "./costs.ts";
/** Raises a signal from outside, as a fault would: for campaigns that kill. */
export { causeSignal } from "./signals/cause-signal.ts";
export { SymbolTable, readSymbols } from "./debug/symbols.ts";
export type { SymbolLookup } from "./debug/symbol-source.ts";
