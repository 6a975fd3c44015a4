import { kernelContract, memoryMap } from "@procyon-os/contract-kernel";
import { OK, errorCode } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import type { Kernel } from "../kernel.ts";
import { copyIn } from "../memory/virtual-copy.ts";
import type { Process } from "../processes/process.ts";

const { request } = kernelContract.calls.newmap;

/** SYS_NEWMAP. */
export const newmap: KernelCall = (kernel, caller, message) => {
  const process = kernel.processes.find(request.process.read(message));
  if (process === null) return errorCode("EINVAL");
  if (process.isTask) return errorCode("EPERM");
  const map = new Uint8Array(memoryMap.bytes);
  const copied = copyIn(kernel, caller, caller, request.memoryMap.read(message), map);
  if (copied !== OK) return copied;

  setMemoryMap(kernel, process, map);
  return OK;
};

/** Gives a process the memory map of these 36 bytes, and the segments that follow from it. */
export function setMemoryMap(kernel: Kernel, process: Process, map: Uint8Array): void {
  const { text, data, stack } = memoryMap.decode(map);
  process.map.set([text.vir, text.phys, text.length, data.vir, data.phys, data.length, stack.vir, stack.phys, stack.length]);
  kernel.updateSegments(process);
}
