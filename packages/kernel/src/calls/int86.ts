import { kernelContract } from "@procyon-os/contract-kernel";
import { OK } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import { copyIn, copyOut } from "../memory/virtual-copy.ts";

const { request } = kernelContract.calls.int86;

/** SYS_INT86: without a BIOS every call fails, with carry and AH = 1 in the register block (eax@0, eflags@32 of struct reg86). */
export const int86: KernelCall = (kernel, caller, message) => {
  const block = new Uint8Array(44);
  const address = request.registers.read(message);
  const copied = copyIn(kernel, caller, caller, address, block);
  if (copied !== OK) return copied;
  const view = new DataView(block.buffer);
  view.setUint8(32, view.getUint8(32) | 1);
  view.setUint8(13, 1);
  return copyOut(kernel, caller, caller, address, block);
};
