import { BIOS_SEG, LOCAL_SEG, PHYS_SEG, SEG_D, SEGMENT_TYPE, kernelContract } from "@procyon-os/contract-kernel";
import { NONE, SELF, errorCode, type Endpoint } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import type { Kernel } from "../kernel.ts";
import { fillPhysical } from "../memory/linear-copy.ts";
import { biosRange, virtualCopy, type VirtualAddress } from "../memory/virtual-copy.ts";
import type { Process } from "../processes/process.ts";

const { request } = kernelContract.calls.vircopy;
const { request: fill } = kernelContract.calls.memset;
const { request: bios } = kernelContract.calls.readbios;

/** SYS_PHYSCOPY: any segment, physical memory too. */
export const physcopy: KernelCall = (kernel, caller, message) => {
  const source = partner(kernel, caller, request.source.read(message), request.sourceSegment.read(message), request.sourceAddress.read(message));
  const target = partner(kernel, caller, request.target.read(message), request.targetSegment.read(message), request.targetAddress.read(message));
  if (source === null || target === null) return errorCode("EINVAL");
  return virtualCopy(kernel, caller, source, target, request.bytes.read(message));
};

/** SYS_VIRCOPY: not physical memory; who may only copy between processes must not reach all of memory. */
export const vircopy: KernelCall = (kernel, caller, message) => {
  const physical = (segment: number): boolean => (segment & SEGMENT_TYPE) === PHYS_SEG;
  if (physical(request.sourceSegment.read(message)) || physical(request.targetSegment.read(message))) return errorCode("EINVAL");
  return physcopy(kernel, caller, message);
};

function partner(kernel: Kernel, caller: Process, endpoint: Endpoint, segment: number, address: number): VirtualAddress | null {
  if ((segment & SEGMENT_TYPE) === PHYS_SEG) return { process: NONE, segment: segment & 0xffff, address };
  const process = endpoint === SELF ? caller.endpoint : endpoint;
  return kernel.processes.find(process) === null ? null : { process, segment: segment & 0xffff, address };
}

/** SYS_MEMSET. */
export const memset: KernelCall = (kernel, _caller, message) =>
  fillPhysical(kernel, fill.base.read(message), fill.bytes.read(message), fill.pattern.read(message) & 0xff) === 0 ? 0 : errorCode("EFAULT");

/** SYS_READBIOS. */
export const readbios: KernelCall = (kernel, caller, message) => {
  const bytes = bios.bytes.read(message);
  const address = bios.address.read(message);
  if (bytes !== 0 && !biosRange(address, bytes)) return errorCode("EFAULT");
  const source = { process: NONE, segment: BIOS_SEG, address };
  return virtualCopy(kernel, caller, source, { process: caller.endpoint, segment: LOCAL_SEG | SEG_D, address: bios.target.read(message) }, bytes);
};
