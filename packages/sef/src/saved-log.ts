import type { Endpoint, Message } from "@procyon-os/message";

// How a state lies in the service's memory: a header, then a log of transactions one after another, then zeros.
//
//   header  0 magic   4 version of the state   8 where the log begins   12 bytes that the log has room for
//           16 how often a log was begun in this memory; 0: not told   20 name of the state (`nameNumber`); 0: not told   24 zeros
//   log     BEGIN, length of the whole transaction, messages received (see STATECTL, SYS_STATE_NOTED), asynchronous messages sent,
//           times that the message in REDO has been begun; records; END
//
// A transaction is one store, which goes on from where it was where VM had to be asked for a page. END is its last byte: where that is
// there all of it is; where it is not, none of it counts. The records:
//
//   REST    1, length, value                   the object without the fields that are kept in parts; or a state that is no object
//   VALUE   7, name, length, value             one such field, from here on
//   SHAPE   8, number (2 bytes), count, names  field names of objects that are written without them (`shapes.ts`): in the whole log
//   FIELD   2, id, name, is an array, count    a field that is kept in parts, empty (its entries come after); an array has `count` places
//   PART    3, id, key, length, value          an entry of such a field
//   GONE    4, id, key                         the entry is there no more
//   SEND    5, how, to, 36 bytes               a message that goes out when the transaction is there, and the last transaction counts
//   REDO    6, status, 36 bytes                a message that the instance before received, and this one has still to handle: the same
//
// Names are texts without a tag, keys values; ids, `how`, "is an array" have a byte, other numbers 4, little-endian. Values and texts:
// `state-codec.ts`.
export const HEADER_BYTES = 32;
const MAGIC = 0x33544153; // "SAT3"
export const REST = 1;
export const FIELD = 2;
export const PART = 3;
export const GONE = 4;
export const SEND_RECORD = 5;
export const REDO = 6;
export const VALUE = 7;
export const SHAPE = 8;
export const BEGIN = 0x42;
export const END = 0x45;
/** Bytes of a transaction before its first record. */
export const BEGIN_BYTES = 17;

export type Key = number | string;

/**
 * How a queued message goes out: to one who waits in SENDREC ("sendnb"), or asynchronously: for a RECEIVE alone ("senda"), or
 * for a SENDREC too ("senda-any"). "endksig" is no message: the kernel hears that the signals of a process are dealt with.
 */
export const howToSend = ["sendnb", "senda", "senda-any", "endksig"] as const;
export type HowToSend = (typeof howToSend)[number];
/** Whether it is one of those that the kernel counts. */
export const isAsynchronous = (how: HowToSend): boolean => how === "senda" || how === "senda-any";
/** A message that goes out with the next transaction. */
export interface QueuedMessage {
  readonly how: HowToSend;
  readonly to: Endpoint;
  readonly message: Message;
}
/** A message as it was received. */
export interface Pending {
  readonly message: Message;
  readonly status: number;
}

/** What a transaction says beside its records. */
export interface Counts {
  readonly received: number;
  readonly sent: number;
  readonly tries: number;
}

/** The numbers of the header. */
export interface LogHeader {
  readonly version: number;
  /** Bytes from the header's beginning. */
  readonly start: number;
  readonly room: number;
  /** Another one for each log that is begun: where it is the same, what was read of the log lies there still. 0: not known. */
  readonly begun: number;
  /** What the state is called, see `nameNumber`; 0: not known. */
  readonly name: number;
}

/** A name as a number that is hardly another one's (FNV-1a of its letters), and never 0. */
export function nameNumber(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ (name.charCodeAt(index) & 0xff), 0x01000193);
  return hash >>> 0 || 1;
}

export function encodeHeader({ version, start, room, begun, name }: LogHeader): Uint8Array {
  const result = new Uint8Array(HEADER_BYTES);
  const view = new DataView(result.buffer);
  [MAGIC, version, start, room, begun, name].forEach((value, index) => view.setUint32(index * 4, value, true));
  return result;
}

/** The header, or null where there is none. */
export function decodeHeader(bytes: Uint8Array): LogHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const word = (index: number): number => view.getUint32(index * 4, true);
  return word(0) !== MAGIC ? null : { version: word(1), start: word(2), room: word(3), begun: word(4), name: word(5) };
}
