export type { Check, CheckOutcome } from "./check.ts";
export { conformanceOf } from "./conformance.ts";
export type { ConformanceOptions } from "./conformance.ts";
export { dynamicConformanceOf } from "./dynamic.ts";
export type { DynamicOptions } from "./dynamic.ts";
export { describeDynamic, describeService } from "./describe-service.ts";
export { Machine, NOBODY, ROOT } from "./machine.ts";
export type { ActOptions, MachineOptions } from "./machine.ts";
export { nextVersion, withBrokenContract } from "./versions.ts";
