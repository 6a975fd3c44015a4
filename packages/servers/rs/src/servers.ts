import { pmContract } from "@procyon-os/contract-pm";
import { schedContract } from "@procyon-os/contract-sched";
import { PM, SCHED } from "@procyon-os/message";
import { client, type Stubs } from "@procyon-os/syslib";

/** The calls of PM. */
export const pm: Stubs<typeof pmContract> = client(pmContract, PM);
/** The calls of SCHED. */
export const sched: Stubs<typeof schedContract> = client(schedContract, SCHED);
