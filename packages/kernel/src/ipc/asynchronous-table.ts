import { AMF_DONE, AMF_NOREPLY, AMF_NOTIFY, AMF_NOTIFY_ERR, AMF_VALID, ASYN_ENTRY_BYTES, ASYNCM, MESSAGE_WORDS, OK, type Endpoint } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import { readUser, writeUser } from "../memory/user-copy.ts";
import type { Process } from "../processes/process.ts";
import { notifyFromTask } from "./notify.ts";

const KNOWN_FLAGS = AMF_VALID | AMF_DONE | AMF_NOTIFY | AMF_NOREPLY | AMF_NOTIFY_ERR;

/** One entry of a table, read into here; one at a time, since the kernel does one thing at a time. */
const buffer = new Uint8Array(ASYN_ENTRY_BYTES);
const view = new DataView(buffer.buffer);

/** An entry of the asynchronous table of a process, as the kernel last read it. */
export const entry = {
  get flags(): number {
    return view.getUint32(0, true);
  },
  get to(): Endpoint {
    return view.getInt32(4, true) as Endpoint;
  },
  /** Whether its flags are ones that mean something. */
  get wellFormed(): boolean {
    return (entry.flags & ~KNOWN_FLAGS) === 0 && (entry.flags & AMF_VALID) !== 0;
  },
  copyMessage(into: Int32Array): void {
    for (let word = 0; word < MESSAGE_WORDS; word++) into[word] = view.getInt32(12 + word * 4, true);
  },
};

/** Reads an entry; false where it is not there. */
export function readEntry(kernel: Kernel, owner: Process, table: number, index: number): boolean {
  return readUser(kernel, owner, (table + index * ASYN_ENTRY_BYTES) >>> 0, buffer, 0, ASYN_ENTRY_BYTES);
}

/** Stores the result of the entry read last and marks it done; says whether its owner wants to be notified of that. */
export function finishEntry(kernel: Kernel, owner: Process, table: number, index: number, result: number): boolean {
  const { flags } = entry;
  owner.asynDone++;
  view.setUint32(0, (flags & KNOWN_FLAGS) | AMF_DONE, true);
  view.setInt32(8, result, true);
  // Where the page is read-only by now only the owner's own bookkeeping suffers.
  if (!writeUser(kernel, owner, (table + index * ASYN_ENTRY_BYTES) >>> 0, buffer, 0, 12)) {
    kernel.print(`kernel: cannot store the result of an asynchronous message of ${owner.name}(${owner.endpoint})\n`);
  }
  return (flags & AMF_NOTIFY) !== 0 || ((flags & AMF_NOTIFY_ERR) !== 0 && result !== OK);
}

/** Tells the owner of a table that entries are done. */
export function notifyDone(kernel: Kernel, owner: Process): void {
  notifyFromTask(kernel, ASYNCM, owner);
}
