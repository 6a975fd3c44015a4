import { MF_KCALL_RESUME, RTS_VMREQTARGET, VMPTYPE_SMAP, VMPTYPE_SUNMAP, VMSTYPE_KERNELCALL } from "@procyon-os/contract-kernel";
import { OK, VMSUSPEND } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import { linearAddress } from "../memory/linear.ts";
import { pushRequest } from "../memory/vm-request.ts";
import type { Process } from "../processes/process.ts";
import { setRts } from "../scheduling/run-queues.ts";
import type { Safemap } from "./safemap-table.ts";

/** Asks VM to map or unmap, and suspends the caller until it has; the call then runs again and finds the answer. */
export function requestMap(kernel: Kernel, caller: Process, map: Safemap, type: number, writable: boolean): number {
  const { vmRequest } = caller;
  const granter = kernel.processes.find(map.granter);
  vmRequest.type = type;
  vmRequest.target = map.grantee;
  vmRequest.start = map.granteeLinear;
  vmRequest.length = map.bytes;
  vmRequest.write = writable ? 1 : 0;
  vmRequest.source = map.granter;
  vmRequest.sourceStart = granter === null ? 0 : (linearAddress(granter, 1, map.granterAddress, map.bytes) ?? 0);
  vmRequest.safemap = 0;
  pushRequest(kernel, caller, VMSTYPE_KERNELCALL);
  const target = kernel.processes.find(map.grantee);
  if (target !== null) setRts(kernel, target, RTS_VMREQTARGET);
  return VMSUSPEND;
}

/** Unmaps the records that match, one after another; `first` is what the caller waited for. */
export function unmapAll(kernel: Kernel, caller: Process, matches: (map: Safemap) => boolean): number {
  const map = kernel.safemaps.all.find(matches);
  if (map === undefined) return OK;
  if (caller.misc & MF_KCALL_RESUME && caller.vmRequest.type === VMPTYPE_SUNMAP) {
    const { result } = caller.vmRequest;
    caller.vmRequest.type = 0;
    if (result !== OK) return result;
    kernel.safemaps.remove(map);
    return unmapAll(kernel, caller, matches);
  }
  return requestMap(kernel, caller, map, VMPTYPE_SUNMAP, false);
}

/** What VM has answered to the map that the caller asked for, or null where it was not asked yet. */
export function mapAnswer(caller: Process): number | null {
  if (!(caller.misc & MF_KCALL_RESUME) || caller.vmRequest.type !== VMPTYPE_SMAP) return null;
  caller.vmRequest.type = 0;
  return caller.vmRequest.result;
}
