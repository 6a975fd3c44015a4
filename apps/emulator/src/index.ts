export { defaultServices } from "./boot-image.ts";
export type { ServiceProgram } from "./boot-image.ts";
export type { Job } from "./job.ts";
export { System, boot } from "./system.ts";
export type { BootOptions, Ending } from "./system.ts";
export { PackageSource } from "./packages/package-source.ts";
export type { PackageSourceOptions } from "./packages/package-source.ts";
export type { UpdateOptions, UpdateOutcome } from "./packages/update-service.ts";
export { checkRequirements } from "./packages/requirements.ts";
