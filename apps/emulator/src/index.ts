export { defaultServices } from "./boot-image.ts";
export type { ServiceProgram } from "./boot-image.ts";
export type { Job } from "./job.ts";
export { System, boot } from "./system.ts";
export type { BootOptions, Ending } from "./system.ts";
