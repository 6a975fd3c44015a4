import { GET_CPUINFO, GET_IMAGE, GET_MONPARAMS, MONPARAMS_BYTES, bootImageEntry, cpuInfo } from "@procyon-os/contract-kernel";
import { INIT_PID } from "@procyon-os/contract-pm";
import { USER_Q, USER_QUANTUM, schedContract } from "@procyon-os/contract-sched";
import { pmToVfs } from "@procyon-os/contract-vfs";
import {
  HARDWARE, INIT, NONE, NR_BOOT_PROCS, NR_PROCS, RS, SCHED, VFS, encodeRequest, fail, messageType, ok, type Program, type Result,
} from "@procyon-os/message";
import { allocate, client, kernelStructure, printf, send, sendrec, systemHz } from "@procyon-os/syslib";
import { freePid } from "./fork.ts";
import { SHARED_BYTES, atSlot, emptyProcess, type PmState } from "./state.ts";

/** Room that is asked for when the kernel describes its processors. */
const MAX_PROCESSORS = 32;

/** Puts a process of the boot image into the table and names it to VFS, which waits for this. */
function* addBootProcess(state: PmState, entry: ReturnType<typeof bootImageEntry.decode>): Program<boolean> {
  const { slot, endpoint, name } = entry;
  const isInit = endpoint === INIT;
  Object.assign(atSlot(state, slot), {
    inUse: true, endpoint, name, parent: isInit || endpoint === RS ? INIT : RS, pid: isInit ? INIT_PID : freePid(state),
    group: isInit ? INIT_PID : 0, isSystem: !isInit, scheduler: isInit ? HARDWARE : NONE,
  });
  state.inUse++;
  const { pid } = atSlot(state, slot);
  return (yield* send(VFS, encodeRequest(pmToVfs.base, pmToVfs.calls.init, { process: endpoint, slot, pid }))) === 0;
}

/** SCHED takes INIT over, the only user process that there is. */
function* startInit(state: PmState): Program<void> {
  const started = yield* client(schedContract, SCHED).start({ process: INIT, quantum: USER_QUANTUM, parent: INIT, maxPriority: USER_Q });
  if (started.ok) atSlot(state, INIT).scheduler = started.value.scheduler;
  else yield* printf(`pm: SCHED does not take init: ${started.error}\n`);
}

/** "i386" to "i686", by the family of the first processor. */
function* machineName(): Program<string> {
  const processors = yield* kernelStructure(GET_CPUINFO, MAX_PROCESSORS * cpuInfo.bytes);
  const family = processors === null ? 3 : cpuInfo.decode(processors).family;
  return `i${Math.min(6, Math.max(3, family))}86`;
}

/** Makes the table from the boot image (reference/posix-abi.md 2.2, 2.5). */
export function* initFresh(): Program<Result<PmState>> {
  const image = yield* kernelStructure(GET_IMAGE, NR_BOOT_PROCS * bootImageEntry.bytes);
  const parameters = yield* kernelStructure(GET_MONPARAMS, MONPARAMS_BYTES);
  if (image === null || parameters === null) return fail("EGENERIC");
  const state: PmState = {
    processes: Array.from({ length: NR_PROCS }, (_, slot) => emptyProcess(slot)), inUse: 0, fullReported: false, waitForSlot: [], nextSlot: 0,
    nextPid: INIT_PID + 1, hz: yield* systemHz(), machineName: yield* machineName(), parameters, overrides: [], timers: { list: [] }, raised: [],
    replies: [], shared: yield* allocate(NR_PROCS * SHARED_BYTES), abort: null,
  };
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
