export { schedContract, SCHEDULING_NO_QUANTUM } from "./sched-contract.ts";
export { MIN_USER_Q, NR_SCHED_QUEUES, PRIO_MAX, PRIO_MIN, USER_Q, USER_QUANTUM, niceToPriority } from "./priorities.ts";
