import { MF_HOSTED, REG_EFLAGS, kernelContract } from "@procyon-os/contract-kernel";
import { OK, errorCode } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import { copyIn } from "../memory/virtual-copy.ts";
import { dropProgram, leaveCall } from "./exec.ts";

const { request } = kernelContract.calls.execHosted;
const { request: query, reply: queryReply } = kernelContract.calls.queryHosted;
const MAX_REFERENCE = 256;
const MAX_ARGUMENTS = 0x10000;
const INIT_PSW = 0x0200;

const toText = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

/** SYS_EXEC_HOSTED, ours: a process runs a service package from now on. */
export const execHosted: KernelCall = (kernel, caller, message) => {
  const process = kernel.processes.find(request.process.read(message));
  const referenceBytes = request.referenceBytes.read(message);
  const argumentsBytes = request.argumentsBytes.read(message);
  if (process === null || referenceBytes < 1 || referenceBytes > MAX_REFERENCE) return errorCode("EINVAL");
  if (argumentsBytes < 0 || argumentsBytes > MAX_ARGUMENTS) return errorCode("EINVAL");
  if (process.isTask) return errorCode("EPERM");
  const referenceText = new Uint8Array(referenceBytes);
  const argumentsText = new Uint8Array(argumentsBytes);
  let copied = copyIn(kernel, caller, caller, request.reference.read(message), referenceText);
  if (copied === OK && argumentsBytes > 0) copied = copyIn(kernel, caller, caller, request.arguments.read(message), argumentsText);
  if (copied !== OK) return copied;
  const [reference = ""] = toText(referenceText).split("\0");
  const image = kernel.resolveService(reference);
  if (image === null) {
    kernel.print(`kernel: no service package ${reference}\n`);
    return errorCode("ENOENT");
  }

  const args = toText(argumentsText).split("\0");
  if (args.at(-1) === "") args.pop();
  dropProgram(process);
  process.name = (args[0] ?? image.name).split("/").at(-1)?.slice(0, 7) ?? "";
  process.hosted = { image, port: kernel.bus.spawn(image, args), reference: `${image.name}@${image.version}`, frame: null, accessDone: -1 };
  process.hasProgram = true;
  process.notedCount = process.asynDone = 0;
  process.misc |= MF_HOSTED;
  process.frame.fill(0);
  process.frame[REG_EFLAGS] = INIT_PSW;
  kernel.updateSegments(process);
  leaveCall(kernel, process);
  return OK;
};

/** SYS_QUERY_HOSTED, ours: how much memory VM has to make for a package's program. */
export const queryHosted: KernelCall = (kernel, caller, message) => {
  const bytes = query.referenceBytes.read(message);
  if (bytes < 1 || bytes > MAX_REFERENCE) return errorCode("EINVAL");
  const text = new Uint8Array(bytes);
  const copied = copyIn(kernel, caller, caller, query.reference.read(message), text);
  if (copied !== OK) return copied;
  const image = kernel.resolveService(toText(text).split("\0")[0] ?? "");
  if (image === null) return errorCode("ENOENT");
  queryReply.dataBytes.write(message, image.dataBytes);
  queryReply.stackBytes.write(message, image.stackBytes);
  return OK;
};
