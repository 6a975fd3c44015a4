import {
  GET_PRIV, GET_PROC, GET_PROCTAB, LU_SYS_PROC, privilegeEntry, PROCESS_BYTES, processEntry, processSlot, ROOT_SYS_PROC, RTS_SIG_PENDING, RTS_SLOT_FREE,
  SYS_PRIV_ALLOW, SYS_PRIV_DISALLOW, SYS_PRIV_UPDATE_SYS,
} from "@procyon-os/contract-kernel";
import { NONE, NR_PROCS, NR_TASKS, RS, SYSTEM, type Endpoint, type PhysAddr, type Program, type VirtAddr } from "@procyon-os/message";
import { askWhoami, forgetWhoami, kernel, kernelStructure, panic, receive, scratchBytes } from "@procyon-os/syslib";

// RS has nobody who would put another instance into its place. Its replicas stand by, each the backup manager of the one before: the
// kernel wakes the first of them when RS has died, and the next where that one is dead too. A new version of RS has the old one as its
// backup until it has confirmed that it goes on (LU_SYS_PROC stands in its privileges until then).

/** Where an instance runs, and where the one before is. */
export interface Place {
  readonly endpoint: Endpoint;
  readonly oldEndpoint: Endpoint;
  readonly flags: number; // of its privileges
}

interface PlaceOfRs {
  readonly isOnTrial: boolean;
  /** Who goes on where it fails, or has the signal that has ended it. */
  readonly heirs: readonly Endpoint[];
  readonly isDead: boolean;
}

function* placeOfRs(): Program<PlaceOfRs> {
  const bytes = yield* kernelStructure(GET_PRIV, privilegeEntry.bytes, RS);
  const { flags, signalManager, backupSignalManager } = privilegeEntry.decode(bytes ?? (yield* panic("sef: no privileges of RS")));
  const slot = yield* kernelStructure(GET_PROC, PROCESS_BYTES, RS);
  const isDead = slot !== null && (processEntry.decode(slot).rtsFlags & RTS_SIG_PENDING) !== 0;
  return { isOnTrial: (flags & LU_SYS_PROC) !== 0, heirs: [signalManager, backupSignalManager], isDead };
}

function* privctl(request: number): Program<void> {
  yield* kernel.privctl({ process: RS, request, argument: 0 as VirtAddr, physStart: 0 as PhysAddr, physLength: 0 });
}

/**
 * Puts an old RS that died while its new version was tried out back into its place, dead as it is: nothing of the new version counts.
 * False where that one has confirmed in time.
 */
function* endTrial(old: Endpoint): Program<boolean> {
  yield* privctl(SYS_PRIV_DISALLOW); // from here on it confirms nothing
  const { isOnTrial } = yield* placeOfRs();
  if (isOnTrial) {
    const swapped = yield* kernel.update({ source: RS, target: old });
    if (!swapped.ok) yield* panic(`sef: RS cannot have its place back: ${swapped.error}`);
  } else {
    yield* privctl(SYS_PRIV_ALLOW);
  }
  return isOnTrial;
}

/** Whether the end of a process that this instance has to see to means that RS needs another one. */
function* isNeeded(dead: Endpoint): Program<boolean> {
  const { isOnTrial, heirs, isDead } = yield* placeOfRs();
  if (isOnTrial) return heirs.includes(dead) && (yield* endTrial(dead));
  return isDead && (dead === RS || heirs.includes(dead)); // where it is not RS, it was another replica that had to see to it
}

/** An instance that stands by has been woken: when RS is dead it changes places with it. */
function* standIn(endpoint: Endpoint): Program<Place> {
  for (;;) {
    const { result } = yield* receive(SYSTEM);
    if (result !== 0) yield* panic(`sef: receive from SYSTEM failed: ${result}`);
    const taken = yield* kernel.getksig({});
    if (taken.ok && taken.value.process !== NONE && (yield* isNeeded(taken.value.process))) break;
  }
  const swapped = yield* kernel.update({ source: RS, target: endpoint });
  if (!swapped.ok) return yield* panic(`sef: no place for the next instance of RS: ${swapped.error}`);
  forgetWhoami();
  return { endpoint: RS, oldEndpoint: endpoint, flags: (yield* askWhoami()).privilegeFlags };
}

/**
 * Instances of RS that died in its place, and whose successor has not got as far as saving anything (`takenOver`): the kernel gave their
 * signals to where that one stood by, which is where they are now.
 */
export function* deadInstances(): Program<Endpoint[]> {
  const table = yield* kernelStructure(GET_PROCTAB, (NR_TASKS + NR_PROCS) * PROCESS_BYTES, NONE);
  const found: Endpoint[] = [];
  for (let at = 0; table !== null && at < table.length; at += PROCESS_BYTES) {
    const { rtsFlags, endpoint } = processSlot.decode(table.subarray(at, at + PROCESS_BYTES));
    if ((rtsFlags & RTS_SLOT_FREE) !== 0 || (rtsFlags & RTS_SIG_PENDING) === 0) continue;
    const bytes = yield* kernelStructure(GET_PRIV, privilegeEntry.bytes, endpoint);
    if (bytes === null) continue;
    const { flags, signalManager } = privilegeEntry.decode(bytes);
    if ((flags & ROOT_SYS_PROC) !== 0 && signalManager === endpoint) found.push(endpoint);
  }
  return found;
}

/** This instance has saved the state of the one before: if it dies, its own counts. Nobody lets that one go on either. */
export function* takenOver(old: Endpoint): Program<void> {
  const bytes = yield* kernelStructure(GET_PRIV, privilegeEntry.bytes, old);
  if (bytes === null) return;
  const argument = yield* scratchBytes(privilegeEntry.encode({ ...privilegeEntry.decode(bytes), signalManager: NONE, backupSignalManager: NONE }));
  yield* kernel.privctl({ process: old, request: SYS_PRIV_UPDATE_SYS, argument, physStart: 0 as PhysAddr, physLength: 0 });
}

/** Who this is, and in whose place it is. An instance of RS elsewhere than at RS's endpoint stands by for it. */
export function* takePlace(): Program<Place> {
  const { endpoint, privilegeFlags: flags } = yield* askWhoami();
  if ((flags & ROOT_SYS_PROC) === 0) return { endpoint, oldEndpoint: NONE, flags };
  if (endpoint !== RS) return yield* standIn(endpoint);
  if ((flags & LU_SYS_PROC) === 0) return { endpoint, oldEndpoint: NONE, flags };
  return { endpoint, oldEndpoint: (yield* placeOfRs()).heirs[1] ?? NONE, flags };
}
