import { GET_PROCTAB, PROCESS_BYTES, RTS_SLOT_FREE, processSlot } from "@procyon-os/contract-kernel";
import { NR_PROCS, fail, ok, type Endpoint, type Program, type Result } from "@procyon-os/message";
import type { InitInfo } from "@procyon-os/sef";
import { allocate, free, kernel, load, panic, printf, vm } from "@procyon-os/syslib";
import { makeEffectsAgain } from "./effects.ts";
import type { PmState } from "./state.ts";
import { restoreTimers } from "./timers.ts";
import { askVfsAgain } from "./vfs.ts";

const NR_TASKS = 5;
const TABLE_BYTES = (NR_TASKS + NR_PROCS) * PROCESS_BYTES;

/** Processes that the kernel has and the table has not. */
function* findOrphans(state: PmState): Program<Endpoint[]> {
  const address = yield* allocate(TABLE_BYTES);
  const got = yield* kernel.getinfo({ what: GET_PROCTAB, address, maxBytes: TABLE_BYTES, process: 0 as Endpoint });
  const table = got.ok ? yield* load(address, TABLE_BYTES) : null;
  free(address);
  if (table === null) return yield* panic("the kernel does not give its process table");
  const orphans: Endpoint[] = [];
  for (let slot = 0; slot < NR_PROCS; slot++) {
    const at = (NR_TASKS + slot) * PROCESS_BYTES;
    const { rtsFlags, endpoint } = processSlot.decode(table, at);
    if ((rtsFlags & RTS_SLOT_FREE) === 0 && state.processes[slot]?.endpoint !== endpoint) orphans.push(endpoint);
  }
  return orphans;
}

/** A child of a fork that the instance before did not live to enter: whoever forked is about to do so again. */
function* endOrphan(process: Endpoint): Program<void> {
  yield* vm.willexit({ process });
  yield* kernel.clear({ process });
  yield* vm.exit({ process });
}

/**
 * After a crash: what the state says is still to be done is done, what was made and is not in the state goes, and VFS is asked
 * again for what it has not answered.
 */
export function* initRestart(_info: InitInfo, saved: PmState | null): Program<Result<PmState>> {
  if (saved === null) {
    yield* printf("pm: the table of the instance before is lost\n");
    return fail("ENOSYS");
  }
  yield* makeEffectsAgain(saved);
  for (const orphan of yield* findOrphans(saved)) yield* endOrphan(orphan);
  yield* restoreTimers(saved);
  askVfsAgain(saved);
  return ok(saved);
}

/** After a live update: nothing was in work, only the timers begin anew. */
export function* initLu(_info: InitInfo, saved: PmState | null): Program<Result<PmState>> {
  if (saved === null) return fail("ERESTART");
  yield* restoreTimers(saved);
  return ok(saved);
}
