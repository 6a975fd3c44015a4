import type { Message } from "@procyon-os/message";
import type { Kernel } from "./kernel.ts";
import type { Process } from "./processes/process.ts";

/**
 * A handler of one kernel call. It reads the request from the message, writes the reply into it and gives the result:
 * OK or more, a negative error, VMSUSPEND (run me again) or EDONTREPLY. Checks first, effects last: it may run again.
 */
export type KernelCall = (kernel: Kernel, caller: Process, message: Message) => number;
