import { MESSAGE_WORDS, type Message } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";

/** A sum over a message, to see whether it is still the one that was sent. */
export function messageSum(message: Message): number {
  let sum = 0x811c9dc5 | 0;
  for (let word = 0; word < MESSAGE_WORDS; word++) sum = Math.imul(sum ^ (message[word] as number), 0x01000193);
  return sum;
}

/** Message-copy check: what is about to be written is what was sent. */
export function checkMessage(kernel: Kernel, process: Process): void {
  if (kernel.debug.msgcheck !== true || messageSum(process.deliverMessage) === process.deliverSum) return;
  throw new Error(`the message for ${process.name}(${process.endpoint}) has changed since it was sent`);
}
