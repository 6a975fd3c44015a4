import { MF_SIG_DELAY } from "@procyon-os/contract-kernel";
import { SIGSNDELAY } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import { causeSignal } from "./cause-signal.ts";

/** A process that was to be stopped once it had finished sending has finished: its manager is told. */
export function endSignalDelay(kernel: Kernel, process: Process): void {
  process.misc &= ~MF_SIG_DELAY;
  causeSignal(kernel, process, SIGSNDELAY);
}
