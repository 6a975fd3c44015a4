import { GET_REGS, REGISTER_BYTES, SIGFRAME_BYTES, SIGCONTEXT_REGISTERS, registers } from "@procyon-os/contract-kernel";
import { NSIG, type Program } from "@procyon-os/message";
import { kernelStructure, readProcess } from "@procyon-os/syslib";
import { actionOf } from "./actions.ts";
import type { Process } from "./state.ts";

/** Bytes of a frame and, behind it, of its context up to the registers. */
const LENGTH = SIGFRAME_BYTES + SIGCONTEXT_REGISTERS + REGISTER_BYTES;

/**
 * Whether a process that has not run since is to begin with the handler of a signal: an instance of PM that died has set the
 * frame up, and the signal must not come twice. Looks through all frames that lie on one another, from the one that is first.
 */
export function* hasFrame(process: Process, signal: number, handler: number): Program<boolean> {
  let bytes = yield* kernelStructure(GET_REGS, REGISTER_BYTES, process.endpoint);
  for (let depth = 0; bytes !== null && depth < NSIG; depth++) {
    const { eip, esp } = registers.decode(bytes);
    const frame = yield* readProcess(process.endpoint, esp, LENGTH);
    if (!frame.ok) return false;
    const view = new DataView(frame.value.buffer, frame.value.byteOffset, LENGTH);
    const [returnsTo, of] = [view.getUint32(0, true), view.getUint32(4, true)];
    if (returnsTo !== process.returnStub >>> 0 || of < 1 || of >= NSIG) return false;
    if (of === signal && eip === handler) return true;
    if (eip !== actionOf(process, of).handler) return false;
    bytes = frame.value.slice(SIGFRAME_BYTES + SIGCONTEXT_REGISTERS);
  }
  return false;
}
