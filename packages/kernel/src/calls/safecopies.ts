import { CPF_READ, CPF_WRITE, SCPVEC_NR, SEG_D, kernelContract, safecopyElement } from "@procyon-os/contract-kernel";
import { OK, SELF, errorCode, type Message } from "@procyon-os/message";
import { takeCowAnswer } from "../grants/cow-copy.ts";
import { safecopy } from "../grants/safecopy.ts";
import type { KernelCall } from "../kernel-call.ts";
import type { Kernel } from "../kernel.ts";
import { copyIn } from "../memory/virtual-copy.ts";
import type { Process } from "../processes/process.ts";

const { request: one } = kernelContract.calls.safecopyfrom;
const { request: many } = kernelContract.calls.vsafecopy;

/** SYS_SAFECOPYFROM. */
export const safecopyFrom: KernelCall = (kernel, caller, message) => copyOne(kernel, caller, message, CPF_READ);
/** SYS_SAFECOPYTO: the same fields, the other direction. */
export const safecopyTo: KernelCall = (kernel, caller, message) => copyOne(kernel, caller, message, CPF_WRITE);

function copyOne(kernel: Kernel, caller: Process, message: Message, access: typeof CPF_READ | typeof CPF_WRITE): number {
  takeCowAnswer(caller);
  return safecopy(
    kernel, caller, one.process.read(message), one.grant.read(message), one.offset.read(message), one.address.read(message),
    one.bytes.read(message), one.segment.read(message), access,
  );
}

/** SYS_VSAFECOPY. */
export const vsafecopy: KernelCall = (kernel, caller, message) => {
  const elements = many.elements.read(message);
  if (elements < 1 || elements > SCPVEC_NR) return errorCode("EINVAL");
  takeCowAnswer(caller);
  const vector = new Uint8Array(elements * safecopyElement.bytes);
  const copied = copyIn(kernel, caller, caller, many.vector.read(message), vector);
  if (copied !== OK) return copied;
  const { vmRequest } = caller;
  for (let index = vmRequest.element; index < elements; index++) {
    const { from, to, grant, offset, address, bytes } = safecopyElement.decode(vector, index * safecopyElement.bytes);
    if ((from === SELF) === (to === SELF)) return errorCode("EINVAL");
    const result = safecopy(kernel, caller, from === SELF ? to : from, grant, offset, address, bytes, SEG_D, from === SELF ? CPF_WRITE : CPF_READ);
    if (result !== OK) return result;
    vmRequest.element = index + 1; // when the call runs again it goes on from here
    vmRequest.done = 0;
    vmRequest.plain = false;
  }
  return OK;
};
