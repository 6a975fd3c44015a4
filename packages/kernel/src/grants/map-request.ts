import { MF_KCALL_RESUME, RTS_VMREQTARGET, VMPTYPE_SMAP, VMPTYPE_SUNMAP, VMSTYPE_KERNELCALL } from "@procyon-os/contract-kernel";
import { OK, VMSUSPEND, type Endpoint } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import { pushRequest } from "../memory/vm-request.ts";
import type { Process } from "../processes/process.ts";
import { setRts } from "../scheduling/run-queues.ts";
import type { MapPlace, Safemap } from "./safemap-table.ts";

/** Asks VM to map memory of one process into another, and suspends the caller until it has; the call then runs again. */
export function askVm(
  kernel: Kernel, caller: Process, type: number, target: Endpoint, start: number, source: Endpoint, sourceStart: number, bytes: number, write: boolean,
): void {
  Object.assign(caller.vmRequest, { type, target, start, source, sourceStart, length: bytes, write: write ? 1 : 0 });
  pushRequest(kernel, caller, VMSTYPE_KERNELCALL);
  const process = kernel.processes.find(target);
  if (process !== null) setRts(kernel, process, RTS_VMREQTARGET);
}

/** Asks VM for a safemap or its end. */
export function requestMap(kernel: Kernel, caller: Process, map: MapPlace, type: number, writable: boolean): number {
  askVm(kernel, caller, type, map.grantee, map.granteeLinear, map.granter, map.granterLinear, map.bytes, writable);
  return VMSUSPEND;
}

/** Of the maps that match and those that show the same memory through them, one through which nobody sees anything: the first to go. */
function firstToGo(kernel: Kernel, matches: (map: Safemap) => boolean): Safemap | null {
  const { all } = kernel.safemaps;
  const ends = all.filter(matches);
  const going = all.filter((map) => ends.some((one) => one === map || map.through.has(one.id)));
  return going.find(({ id }) => !going.some(({ through }) => through.has(id))) ?? null;
}

/** Unmaps the records that match, one after another, and before each what others see through it. */
export function unmapAll(kernel: Kernel, caller: Process, matches: (map: Safemap) => boolean): number {
  const { vmRequest } = caller;
  if (caller.misc & MF_KCALL_RESUME && vmRequest.type === VMPTYPE_SUNMAP) {
    vmRequest.type = 0;
    if (vmRequest.result !== OK) return vmRequest.result;
    const { target, start, length } = vmRequest;
    // What the grantee has mapped there meanwhile is another one; of what it has given up the rest is asked for again.
    const ended = kernel.safemaps.all.find((map) => map.id === vmRequest.map && map.grantee === target && map.granteeLinear === start && map.bytes === length);
    if (ended !== undefined) kernel.safemaps.remove(ended);
  }
  const map = firstToGo(kernel, matches);
  if (map === null) return OK;
  vmRequest.map = map.id;
  return requestMap(kernel, caller, map, VMPTYPE_SUNMAP, false);
}

/**
 * A process goes away: maps by grants that it passed on, and maps of memory that it only saw by a map itself, end with it. Maps of its
 * own memory stay: the grantees have that now. Where VM has no memory for an end the grantee goes on as it was.
 */
export function unmapThrough(kernel: Kernel, caller: Process, gone: Endpoint): number {
  return unmapAll(kernel, caller, ({ grantee, makers, middles }) => grantee !== gone && (makers.has(gone) || middles.has(gone)));
}

/** What VM has answered to the map that the caller asked for, or null where it was not asked yet. */
export function mapAnswer(caller: Process): number | null {
  if (!(caller.misc & MF_KCALL_RESUME) || caller.vmRequest.type !== VMPTYPE_SMAP) return null;
  caller.vmRequest.type = 0;
  return caller.vmRequest.result;
}
