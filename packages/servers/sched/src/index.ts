export { sched } from "./main.ts";
export type { Scheduled, SchedState } from "./state.ts";
