import { GET_PROCTAB, processSlot, PROCESS_BYTES, RTS_NO_PRIV, RTS_SLOT_FREE } from "@procyon-os/contract-kernel";
import { instanceLocal, NONE, NR_PROCS, NR_TASKS, SIGKILL, type Endpoint, type Program } from "@procyon-os/message";
import { kernelStructure } from "@procyon-os/syslib";
import type { RsState } from "./rs-state.ts";
import { pmCall } from "./servers.ts";

const made = instanceLocal<Set<number>>("rs made", () => new Set());

/** A process that this instance of RS has made, and may have no entry for yet. */
export function noteMade(pid: number): void {
  made().add(pid);
}

/** Processes that were made for RS and never let go, and that no entry knows: whoever made them died over it. */
function* orphans(state: RsState): Program<Endpoint[]> {
  const table = yield* kernelStructure(GET_PROCTAB, (NR_TASKS + NR_PROCS) * PROCESS_BYTES, NONE);
  const known = new Set(state.services.map((service) => service?.endpoint ?? NONE));
  const found: Endpoint[] = [];
  for (let at = 0; table !== null && at < table.length; at += PROCESS_BYTES) {
    const entry = processSlot.decode(table.subarray(at, at + PROCESS_BYTES));
    const isThere = (entry.rtsFlags & RTS_SLOT_FREE) === 0 && entry.endpoint >= 0;
    if (isThere && (entry.rtsFlags & RTS_NO_PRIV) !== 0 && !known.has(entry.endpoint)) found.push(entry.endpoint);
  }
  return found;
}

/** Ends them, but for what this instance has made itself: when PM says whose a pid is, it has answered all that was asked before. Runs in a task. */
export function* buryOrphans(state: RsState): Program<void> {
  for (const endpoint of yield* orphans(state)) {
    const known = yield* pmCall("getEpInfo", { endpoint });
    if (known.ok && !made().has(known.value.pid)) yield* pmCall("srvKill", { pid: known.value.pid, signal: SIGKILL }, true);
  }
}
