import { kernelContract } from "@procyon-os/contract-kernel";
import { OK, errorCode, replacementProblems } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import { copyIn } from "../memory/virtual-copy.ts";

const { request } = kernelContract.calls.checkHosted;
const MAX_REFERENCE = 256;

/** SYS_CHECK_HOSTED, ours: whether a package can take the place of what a process runs; each call that would break is printed. */
export const checkHosted: KernelCall = (kernel, caller, message) => {
  const process = kernel.processes.find(request.process.read(message));
  const bytes = request.referenceBytes.read(message);
  if (process === null || bytes < 1 || bytes > MAX_REFERENCE) return errorCode("EINVAL");
  const text = new Uint8Array(bytes);
  const copied = copyIn(kernel, caller, caller, request.reference.read(message), text);
  if (copied !== OK) return copied;
  const [reference = ""] = Array.from(text, (byte) => String.fromCharCode(byte)).join("").split("\0");
  const image = kernel.resolveService(reference);
  if (image === null) {
    kernel.print(`kernel: no service package ${reference}\n`);
    return errorCode("ENOENT");
  }
  if (process.hosted === null) return OK; // an ELF program says nothing of its contract
  const problems = replacementProblems(process.hosted.image, image);
  for (const problem of problems) kernel.print(`kernel: ${image.name}@${image.version} cannot replace ${process.hosted.reference}: ${problem}\n`);
  return problems.length === 0 ? OK : errorCode("EOPNOTSUPP");
};
