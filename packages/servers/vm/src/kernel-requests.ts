import { VMCTL_MEMREQ_GET, VMCTL_MEMREQ_REPLY, VMPTYPE_CHECK, VMPTYPE_COWMAP, VMPTYPE_SMAP, VMPTYPE_SUNMAP } from "@procyon-os/contract-kernel";
import { errorCode, getShort, messageType, SELF, type Endpoint, type Message, type Program } from "@procyon-os/message";
import { endLimbo } from "./frames.ts";
import { whileInhibited } from "./inhibit.ts";
import { lookUp } from "./processes.ts";
import { mayGrow } from "./reserve.ts";
import { makeResident } from "./resident.ts";
import { mapPages, unmapPages } from "./safemap.ts";
import type { VmState } from "./state.ts";
import { vmctl, vmctlMessage } from "./vmctl.ts";

/** A range of a process that the kernel wants to copy from or to. */
function* check(vm: VmState, request: Message): Program<number> {
  const process = lookUp(vm, request[2] as Endpoint);
  if (process === null) return errorCode("EFAULT");
  const start = (request[3] as number) >>> 0;
  const length = (request[4] as number) >>> 0;
  const end = start + length;
  if (length === 0 || end > 0x100000000) return errorCode("EFAULT");
  if (!mayGrow(vm, process)) return errorCode("ENOMEM");
  const write = getShort(request, 32) !== 0;
  return yield* whileInhibited(vm, [process], makeResident(vm, process.space, start >>> 12, Math.ceil(end / 4096), write));
}

/** Memory of one process that shall be seen by another, or no longer (reference/vm.md 7.3). */
function* map(vm: VmState, request: Message, type: number): Program<number> {
  const target = lookUp(vm, request[2] as Endpoint);
  const source = lookUp(vm, request[5] as Endpoint);
  const [start, length, sourceStart] = [request[3], request[4], request[6]].map((word) => (word as number) >>> 0) as [number, number, number];
  const end = Math.max(start, type === VMPTYPE_SUNMAP ? 0 : sourceStart) + length;
  if (length === 0 || ((start | length) & 4095) !== 0 || end > 0x100000000) return errorCode("EINVAL");
  if (type === VMPTYPE_SUNMAP) {
    if (target === null) return 0;
    return yield* whileInhibited(vm, [target], unmapPages(vm, target.space, start >>> 12, (start + length) / 4096));
  }
  if (target === null || source === null || (sourceStart & 4095) !== 0) return errorCode("EINVAL");
  const kind = type === VMPTYPE_COWMAP ? "copy" : getShort(request, 32) !== 0 ? "write" : "read";
  const mapping = mapPages(vm, source.space, sourceStart >>> 12, target.space, start >>> 12, length / 4096, kind);
  const result = yield* whileInhibited(vm, [source, target], mapping);
  if (type === VMPTYPE_SMAP && result === 0 && !target.space.sees) {
    target.space.sees = true;
    vm.changedSlots.add(target.slot);
  }
  return result;
}

function* handle(vm: VmState, request: Message, type: number): Program<number> {
  switch (type) {
    case VMPTYPE_CHECK: return yield* check(vm, request);
    case VMPTYPE_COWMAP:
    case VMPTYPE_SMAP:
    case VMPTYPE_SUNMAP: return yield* map(vm, request, type);
    default: return errorCode("ENOSYS");
  }
}

/** SIGKMEM: the kernel has requests. Each gets an answer, whatever it is: its requestor waits (reference/vm.md 3.5). */
export function* handleKernelRequests(vm: VmState): Program<void> {
  for (;;) {
    const request = yield* vmctlMessage(SELF, VMCTL_MEMREQ_GET, 0, 0);
    const type = messageType(request);
    if (type <= 0) return;
    const result = yield* handle(vm, request, type);
    endLimbo(vm);
    yield* vmctl(request[7] as Endpoint, VMCTL_MEMREQ_REPLY, result);
  }
}
