export { image, main } from "./main.ts";
export { withPolicy } from "./policy.ts";
export type { FailedService, RestartPolicy } from "./policy.ts";
