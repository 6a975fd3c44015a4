import { SYS_STATE_CLEAR_IPC_REFS, SYS_STATE_CLEAR_WAITERS, SYS_STATE_IS_WAITING } from "@procyon-os/contract-kernel";
import { NONE, type Endpoint, type GrantId, type Program, type VirtAddr } from "@procyon-os/message";
import { kernel, scratchBytes } from "@procyon-os/syslib";

const nothing = { grant: -1 as GrantId, length: 0, address: 0 as VirtAddr };

/** Whether a process is in SENDREC to this one, which has its request. */
export function* isWaiting(process: Endpoint): Program<boolean> {
  return (yield* kernel.statectl({ ...nothing, request: SYS_STATE_IS_WAITING, process })).ok;
}

/** Whoever waits for an answer of this process, but for those in the list, hears EDEADSRCDST. */
export function* clearWaiters(stay: readonly Endpoint[]): Program<void> {
  const address = stay.length === 0 ? (0 as VirtAddr) : yield* scratchBytes(new Uint8Array(Int32Array.from(stay).buffer));
  yield* kernel.statectl({ ...nothing, request: SYS_STATE_CLEAR_WAITERS, process: NONE, length: stay.length * 4, address });
}

/** Whoever waits for the dead instance hears that it died, and asks again where the contract allows it. */
export function* clearReferences(): Program<void> {
  yield* kernel.statectl({ ...nothing, request: SYS_STATE_CLEAR_IPC_REFS, process: NONE });
}
