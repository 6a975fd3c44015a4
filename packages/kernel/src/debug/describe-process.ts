import { describeRtsFlags } from "@procyon-os/contract-kernel";
import { ANY, NONE } from "@procyon-os/message";
import { blockedOn } from "../ipc/deadlock.ts";
import type { Process } from "../processes/process.ts";

/** One line about a process, as the debug dumps show it. */
export function describeProcess(process: Process): string {
  const on = blockedOn(process);
  const partner = on === NONE ? "" : ` blocked on ${on === ANY ? "ANY" : on}`;
  return (
    `${process.slot}: ${process.name} ${process.endpoint} prio ${process.priority} time ${process.userTime}/${process.systemTime} ` +
    `cpu ${process.cpu} cr3 0x${process.cr3.toString(16)} rts ${describeRtsFlags(process.rts)} misc 0x${process.misc.toString(16)} ` +
    `sched ${process.scheduler?.name ?? "kernel"}${partner}`
  );
}
