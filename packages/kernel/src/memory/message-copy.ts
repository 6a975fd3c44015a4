import { MESSAGE_BYTES, MESSAGE_WORDS, setMessage, type Message } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import { dataBase, dataLimit, type Process } from "../processes/process.ts";

const buffer = new Uint8Array(MESSAGE_BYTES);
const view = new DataView(buffer.buffer);

/**
 * Reads the message of the process that traps: by value where it is hosted, else through its own data segment in its own
 * address space, which is loaded (reference/kernel.md 4.3). False where it cannot be read.
 */
export function readMessage(kernel: Kernel, process: Process, address: number, into: Message): boolean {
  if (process.hosted !== null) {
    const message = process.hosted.frame?.message ?? null;
    if (message === null) return false;
    if (message.length === MESSAGE_WORDS) setMessage(into, message);
    else into.set(message.subarray(0, MESSAGE_WORDS));
    return true;
  }
  if (!insideSegment(process, address, MESSAGE_BYTES)) return false;
  const linear = (dataBase(process) + address) >>> 0;
  if (kernel.local.cpu.readLinear(linear, buffer, 0, MESSAGE_BYTES, true) !== -1) return false;
  for (let word = 0; word < MESSAGE_WORDS; word++) into[word] = view.getInt32(word * 4, true);
  return true;
}

/** Writes a message for the process that is about to run. False where its buffer is not there or not writable. */
export function writeMessage(kernel: Kernel, process: Process, address: number, message: Message): boolean {
  if (process.hosted !== null) {
    if (process.hosted.frame !== null) process.hosted.frame.message = new Int32Array(message);
    return true;
  }
  if (!insideSegment(process, address, MESSAGE_BYTES)) return false;
  for (let word = 0; word < MESSAGE_WORDS; word++) view.setInt32(word * 4, message[word] as number, true);
  const linear = (dataBase(process) + address) >>> 0;
  return kernel.local.cpu.writeLinear(linear, buffer, 0, MESSAGE_BYTES, true) === -1;
}

/**
 * Writes the answer of a kernel call: where the call was, in the buffer of a guest and in the message of a hosted process.
 * False where that is not there or not writable any more.
 */
export function writeAnswer(kernel: Kernel, process: Process, address: number, message: Message): boolean {
  const own = process.hosted?.frame?.message;
  if (own instanceof Int32Array && own.length === MESSAGE_WORDS) {
    setMessage(own, message);
    return true;
  }
  return writeMessage(kernel, process, address, message);
}

/** Whether a range of user addresses lies inside the data segment. */
export function insideSegment(process: Process, address: number, bytes: number): boolean {
  return address + bytes <= Math.min(dataLimit(process), 0x100000000);
}
