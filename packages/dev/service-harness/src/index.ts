export { ClientMemory } from "./client-memory.ts";
export { defaultKernelCalls, grantedBytes } from "./kernel-script.ts";
export type { KernelHandler, KernelScript } from "./kernel-script.ts";
export { ServiceHarness } from "./service-harness.ts";
export { standingBy } from "./standing-by.ts";
export type { HarnessOptions, Partner, Sent } from "./harness-options.ts";
