import { VMCTL_VMINHIBIT_CLEAR, VMCTL_VMINHIBIT_SET } from "@procyon-os/contract-kernel";
import { VM, type Program } from "@procyon-os/message";
import { flushTables } from "./page-table.ts";
import type { VmProcess, VmState } from "./state.ts";
import { vmctl } from "./vmctl.ts";

/**
 * Changes the memory of processes that may be running on another CPU: they stop for the whole change, and forget what their
 * TLBs know (K19). With one CPU nobody else runs while VM does.
 */
export function* whileInhibited(vm: VmState, processes: readonly VmProcess[], change: Program<number>): Program<number> {
  const stopped: VmProcess[] = [];
  for (const process of vm.cpus > 1 ? processes : []) {
    if (process.endpoint === VM || stopped.includes(process)) continue;
    if ((yield* vmctl(process.endpoint, VMCTL_VMINHIBIT_SET)) !== 0) continue;
    stopped.push(process);
    vm.inhibited.push(process.endpoint);
  }
  const result = yield* change;
  yield* flushTables(vm);
  vm.inhibited.length = 0;
  for (const process of stopped) yield* vmctl(process.endpoint, VMCTL_VMINHIBIT_CLEAR);
  return result;
}
