import { kernelContract } from "@procyon-os/contract-kernel";
import { OK, errorCode, replacementProblems, type ContractReference, type ServiceImage } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import type { Kernel } from "../kernel.ts";
import { copyIn } from "../memory/virtual-copy.ts";
import type { Process } from "../processes/process.ts";

const { request } = kernelContract.calls.checkHosted;
const MAX_REFERENCE = 256;
const MAX_DECLARED = 2048;

/** SYS_CHECK_HOSTED, ours: whether a package can take the place of what a process runs; each call that would break is printed. */
export const checkHosted: KernelCall = (kernel, caller, message) => {
  const process = kernel.processes.find(request.process.read(message));
  const bytes = request.referenceBytes.read(message);
  const declaredBytes = request.declaredBytes.read(message);
  if (process === null || bytes < 0 || bytes > MAX_REFERENCE || declaredBytes < 0 || declaredBytes > MAX_DECLARED) return errorCode("EINVAL");
  if (bytes === 0 && declaredBytes === 0) return errorCode("EINVAL");
  const declared = readText(kernel, caller, request.declared.read(message), declaredBytes);
  if (typeof declared === "number") return declared; // as VMSUSPEND: VM is asked for one thing at a time
  const reference = readText(kernel, caller, request.reference.read(message), bytes);
  if (typeof reference === "number") return reference;
  const elf: ServiceImage = { ...NO_IMAGE, provides: readReferences(declared) };
  const running = process.hosted === null ? elf : process.hosted.image;
  if (bytes === 0) return process.hosted === null ? OK : compare(kernel, running, elf, process.hosted.reference);
  const [name = ""] = reference.split("\0");
  const image = kernel.resolveService(name);
  if (image === null) {
    kernel.print(`kernel: no service package ${name}\n`);
    return errorCode("ENOENT");
  }
  return compare(kernel, running, image, process.hosted?.reference ?? process.name);
};

/** Stands for a program of which only its contracts are known. */
const NO_IMAGE: ServiceImage = { name: "an ELF program", version: "0", dataBytes: 0, stackBytes: 0, *main() {} };

function readText(kernel: Kernel, caller: Process, address: number, bytes: number): string | number {
  const text = new Uint8Array(bytes);
  const copied = bytes === 0 ? OK : copyIn(kernel, caller, caller, address, text);
  return copied !== OK ? copied : Array.from(text, (byte) => String.fromCharCode(byte)).join("");
}

const readReferences = (text: string): ContractReference[] =>
  text.split("\n").filter((line) => line !== "").map((line) => {
    const [name = "", version = ""] = line.split(" ");
    return { name, version };
  });

function compare(kernel: Kernel, running: ServiceImage, next: ServiceImage, replaced: string): number {
  const problems = replacementProblems(running, next);
  for (const problem of problems) kernel.print(`kernel: ${next.name}@${next.version} cannot replace ${replaced}: ${problem}\n`);
  return problems.length === 0 ? OK : errorCode("EOPNOTSUPP");
}
