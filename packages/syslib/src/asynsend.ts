import {
  AMF_DONE, AMF_EMPTY, AMF_NOREPLY, AMF_NOTIFY, AMF_NOTIFY_ERR, AMF_VALID, ASYN_ENTRY_BYTES, instanceLocal, messageFromBytes, messageToBytes, type Endpoint, type Message, type Program,
  type VirtAddr,
} from "@procyon-os/message";
import { allocate } from "./heap.ts";
import { senda } from "./ipc.ts";
import { load, store, store32 } from "./trap.ts";

/** Entries of the table: two for each process slot, as in MINIX (reference/rs-sef-ds-syslib.md 5.6). */
const TABLE_ENTRIES = 512;
/** Mostly the receiver takes a message at once. To look whether it has costs more than to show the kernel a few entries again. */
const LOOK_FROM = 4;

// The table lies in the process's memory, where the kernel reads the messages and writes the results. Entries from `first`
// up to `next` may still be in the kernel's hands.
interface AsynTable {
  address: VirtAddr | null;
  first: number;
  next: number;
  sent: number; // messages, since the instance began
}

const table = instanceLocal<AsynTable>("asynsend table", () => ({ address: null, first: 0, next: 0, sent: 0 }));

function entryBytes(to: Endpoint, message: Message, flags: number): Uint8Array {
  const bytes = new Uint8Array(ASYN_ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, flags, true);
  view.setInt32(4, to, true);
  bytes.set(messageToBytes(message), 12);
  return bytes;
}

const resultOf = (view: DataView, at: number): number => view.getInt32(at + 8, true);

/** Whether an entry is of no use any more: the kernel has done with it, and its error is not waited for. */
function isOver(view: DataView, at: number): boolean {
  const flags = view.getUint32(at, true);
  if (flags === AMF_EMPTY) return true;
  return (flags & AMF_DONE) !== 0 && ((flags & (AMF_NOTIFY | AMF_NOTIFY_ERR)) === 0 || resultOf(view, at) === 0);
}

/** Advances over entries that are over; an empty table starts again at its beginning. */
function* forgetDone(asyn: AsynTable, address: number): Program<void> {
  if (asyn.first === asyn.next) return;
  const bytes = yield* load(address + asyn.first * ASYN_ENTRY_BYTES, (asyn.next - asyn.first) * ASYN_ENTRY_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let done = 0;
  while (done < asyn.next - asyn.first && isOver(view, done * ASYN_ENTRY_BYTES)) done++;
  asyn.first += done;
  if (asyn.first === asyn.next) asyn.first = asyn.next = 0;
}

/** Moves what is not over to the table's beginning, when its end is reached. */
function* compact(asyn: AsynTable, address: number): Program<void> {
  yield* senda(address, 0); // nothing may change under us
  const bytes = yield* load(address, asyn.next * ASYN_ENTRY_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const kept = new Uint8Array(bytes.length);
  let count = 0;
  for (let i = asyn.first; i < asyn.next; i++) {
    if (isOver(view, i * ASYN_ENTRY_BYTES)) continue;
    kept.set(bytes.subarray(i * ASYN_ENTRY_BYTES, (i + 1) * ASYN_ENTRY_BYTES), count * ASYN_ENTRY_BYTES);
    count++;
  }
  yield* store(address, kept);
  asyn.first = 0;
  asyn.next = count;
  if (count === TABLE_ENTRIES) throw new Error(`asynsend: ${TABLE_ENTRIES} messages wait and nobody takes them`);
}

/**
 * Sends a message without ever waiting: it is delivered when its receiver asks for it. Gives the trap's result (0, or EPERM
 * for a process that is no service).
 * @param flags AMF_NOREPLY where the message must not complete the receiver's SENDREC; AMF_NOTIFY or AMF_NOTIFY_ERR where ASYNCM is
 * to notify when it was taken, or could not be delivered: then `asynGetError` has the error (without them it has none)
 */
export function* asynsend(to: Endpoint, message: Message, flags = 0): Program<number> {
  const asyn = table();
  asyn.address ??= yield* allocate(TABLE_ENTRIES * ASYN_ENTRY_BYTES);
  const address = asyn.address;
  if (asyn.next - asyn.first >= LOOK_FROM) yield* forgetDone(asyn, address);
  if (asyn.next === TABLE_ENTRIES) yield* compact(asyn, address);
  yield* store(address + asyn.next * ASYN_ENTRY_BYTES, entryBytes(to, message, AMF_VALID | flags));
  asyn.next++;
  asyn.sent++;
  return yield* senda(address + asyn.first * ASYN_ENTRY_BYTES, asyn.next - asyn.first);
}

/** A message that could not be delivered. */
export interface UndeliveredMessage {
  readonly to: Endpoint;
  readonly message: Message;
  readonly error: number; // EDEADSRCDST: nobody is there (any more); ECALLDENIED: it is not allowed. Negative
}

/**
 * The oldest message sent with AMF_NOTIFY or AMF_NOTIFY_ERR that could not be delivered, once; null where there is none. To be
 * asked until then, before 512 of them fill the table (reference/rs-sef-ds-syslib.md 5.6, asyn_geterror).
 */
export function* asynGetError(): Program<UndeliveredMessage | null> {
  const asyn = table();
  if (asyn.address === null || asyn.first === asyn.next) return null;
  const start = asyn.address + asyn.first * ASYN_ENTRY_BYTES;
  const bytes = yield* load(start, (asyn.next - asyn.first) * ASYN_ENTRY_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += ASYN_ENTRY_BYTES) {
    const flags = view.getUint32(at, true);
    if ((flags & AMF_DONE) === 0 || isOver(view, at)) continue;
    yield* store32(start + at, flags & ~(AMF_NOTIFY | AMF_NOTIFY_ERR)); // the kernel leaves what is done alone
    return { to: view.getInt32(at + 4, true) as Endpoint, message: messageFromBytes(bytes, at + 12), error: resultOf(view, at) };
  }
  return null;
}

/** How many messages were sent so since the instance began: the kernel counts those that ended (SYS_STATE_NOTED). */
export function asynsendCount(): number {
  return table().sent;
}

/** A message that waits for its receiver. */
export interface Asynchronous {
  readonly to: Endpoint;
  readonly message: Message;
  readonly flags: number; // AMF_NOREPLY where it must not complete a SENDREC
}

/** What was sent and nobody has got yet, oldest first. */
export function* waitingAsynsends(): Program<Asynchronous[]> {
  const asyn = table();
  if (asyn.address === null) return [];
  yield* forgetDone(asyn, asyn.address);
  if (asyn.first === asyn.next) return [];
  const bytes = yield* load(asyn.address + asyn.first * ASYN_ENTRY_BYTES, (asyn.next - asyn.first) * ASYN_ENTRY_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const waiting: Asynchronous[] = [];
  for (let at = 0; at < bytes.length; at += ASYN_ENTRY_BYTES) {
    const flags = view.getUint32(at, true);
    if (flags === AMF_EMPTY || (flags & AMF_DONE) !== 0) continue;
    waiting.push({ to: view.getInt32(at + 4, true) as Endpoint, message: messageFromBytes(bytes, at + 12), flags: flags & AMF_NOREPLY });
  }
  return waiting;
}

/** Takes back what nobody has got yet and gives it, oldest first; it stays in the table for `resumeAsynsends`. */
export function* withdrawAsynsends(): Program<Asynchronous[]> {
  const asyn = table();
  if (asyn.address === null || asyn.first === asyn.next) return [];
  yield* senda(asyn.address, 0);
  return yield* waitingAsynsends();
}

/** Sends again what was taken back. */
export function* resumeAsynsends(): Program<void> {
  const asyn = table();
  if (asyn.address !== null && asyn.first < asyn.next) yield* senda(asyn.address + asyn.first * ASYN_ENTRY_BYTES, asyn.next - asyn.first);
}
