import { GET_IMAGE, bootImageEntry } from "@procyon-os/contract-kernel";
import { INIT_PID } from "@procyon-os/contract-pm";
import { USER_Q, USER_QUANTUM, schedContract } from "@procyon-os/contract-sched";
import { pmToVfs } from "@procyon-os/contract-vfs";
import {
  HARDWARE, INIT, NONE, NR_BOOT_PROCS, RS, SCHED, VFS, encodeRequest, fail, messageType, ok, type Program, type Result,
} from "@procyon-os/message";
import { client, kernelStructure, printf, send, sendrec } from "@procyon-os/syslib";
import { freePid } from "./fork.ts";
import { atSlot, change, emptyProcess, emptyState, enter, type PmState } from "./state.ts";

/** Puts a process of the boot image into the table and names it to VFS, which waits for this. */
function* addBootProcess(state: PmState, entry: ReturnType<typeof bootImageEntry.decode>): Program<boolean> {
  const { slot, endpoint, name } = entry;
  const isInit = endpoint === INIT;
  const pid = isInit ? INIT_PID : freePid(state);
  enter(state, {
    ...emptyProcess(slot), endpoint, name, parent: isInit || endpoint === RS ? INIT : RS, pid,
    group: isInit ? INIT_PID : 0, isSystem: !isInit, scheduler: isInit ? HARDWARE : NONE,
  });
  return (yield* send(VFS, encodeRequest(pmToVfs.base, pmToVfs.calls.init, { process: endpoint, slot, pid }))) === 0;
}

/** SCHED takes INIT over, the only user process that there is. */
function* startInit(state: PmState): Program<void> {
  const started = yield* client(schedContract, SCHED).start({ process: INIT, quantum: USER_QUANTUM, parent: INIT, maxPriority: USER_Q });
  if (started.ok) change(atSlot(state, INIT)).scheduler = started.value.scheduler;
  else yield* printf(`pm: SCHED does not take init: ${started.error}\n`);
}

/** Makes the table from the boot image (reference/posix-abi.md 2.2, 2.5). */
export function* initFresh(): Program<Result<PmState>> {
  const image = yield* kernelStructure(GET_IMAGE, NR_BOOT_PROCS * bootImageEntry.bytes);
  if (image === null) return fail("EGENERIC");
  const state = emptyState(INIT_PID + 1);
  for (let at = 0; at < image.length; at += bootImageEntry.bytes) {
    const entry = bootImageEntry.decode(image, at);
    if (entry.slot >= 0 && !(yield* addBootProcess(state, entry))) return fail("EDEADSRCDST");
  }
  const last = encodeRequest(pmToVfs.base, pmToVfs.calls.init, { process: NONE, slot: 0, pid: 0 });
  const answer = messageType(yield* sendrec(VFS, last));
  if (answer !== 0) {
    yield* printf(`pm: VFS does not take the process table: ${answer}\n`);
    return fail("EGENERIC");
  }
  yield* startInit(state);
  return ok(state);
}
