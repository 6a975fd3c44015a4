import { CPF_WRITE, SEG_D, kernelContract } from "@procyon-os/contract-kernel";
import { errorCode } from "@procyon-os/message";
import { verifyGrant } from "../grants/verify-grant.ts";
import type { KernelCall } from "../kernel-call.ts";
import { copyOutSegment } from "../memory/virtual-copy.ts";

const { request } = kernelContract.calls.safememset;

/** SYS_SAFEMEMSET, which came after 3.2.0: as a SAFECOPYTO of so many equal bytes. */
export const safememset: KernelCall = (kernel, caller, message) => {
  const granter = request.process.read(message);
  const bytes = request.bytes.read(message);
  if (kernel.processes.find(granter) === null) return errorCode("EINVAL");
  const target = verifyGrant(kernel, granter, caller.endpoint, request.grant.read(message), bytes, CPF_WRITE, request.offset.read(message));
  if (typeof target === "number") return target;
  if (bytes === 0) return errorCode("EDOM");
  if (bytes > kernel.memory.size) return errorCode("EFAULT");
  const pattern = new Uint8Array(bytes).fill(request.pattern.read(message) & 0xff);
  return copyOutSegment(kernel, caller, target.granter, SEG_D, target.address, pattern);
};
