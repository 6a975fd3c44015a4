export { describeService } from "./describe-service.ts";
export type { ConformanceOptions } from "./describe-service.ts";
export { Machine } from "./machine.ts";
export { nextVersion, withBrokenContract } from "./versions.ts";
