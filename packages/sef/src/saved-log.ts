import { MESSAGE_WORDS, messageFromBytes, messageToBytes, type Endpoint, type Message } from "@procyon-os/message";
import { GrowingBytes } from "./growing-bytes.ts";
import { decodeState, encodeForNow } from "./state-codec.ts";

// How a state lies in the service's memory: a header, then a log of records, which are transactions one after another.
//
//   header  0 magic   4 version of the state   8 bytes of the log that count   12 messages received (see STATECTL, SYS_STATE_NOTED)
//           16 asynchronous messages sent   20 times that the message in REDO has been begun   24 where the log begins   28 zero
//   REST    1, length, state             the object without the fields that are kept in parts
//   FIELD   2, name, is an array, count  a field that is kept in parts, empty (its entries come after); an array has `count` places
//   PART    3, name, key, length, state  an entry of such a field
//   GONE    4, name, key                 the entry is there no more
//   BEGIN   5                            a transaction begins: what follows of SEND and REDO belongs to it, and the last one counts
//   SEND    6, how, to, 36 bytes         a message that goes out when the transaction is there
//   REDO    7, status, 36 bytes          a message that the instance before received, and this one has still to handle
//
// A name and a key are states with their length before them; numbers have 4 bytes, little-endian. States: `state-codec.ts`.
export const HEADER_BYTES = 32;
const MAGIC = 0x32544153; // "SAT2"
const REST = 1;
const FIELD = 2;
const PART = 3;
const GONE = 4;
const BEGIN = 5;
const SEND_RECORD = 6;
const REDO = 7;
const MESSAGE_BYTES = MESSAGE_WORDS * 4;

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

/** The numbers of the header. */
export interface LogHeader {
  readonly version: number;
  readonly bytes: number;
  readonly received: number;
  readonly sent: number;
  readonly tries: number;
  /** Bytes from the header's beginning. */
  readonly start: number;
}

export function encodeHeader({ version, bytes, received, sent, tries, start }: LogHeader): Uint8Array {
  const result = new Uint8Array(HEADER_BYTES);
  const view = new DataView(result.buffer);
  [MAGIC, version, bytes, received, sent, tries, start].forEach((value, index) => view.setUint32(index * 4, value, true));
  return result;
}

/** The header, or null where there is none. */
export function decodeHeader(bytes: Uint8Array): LogHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const word = (index: number): number => view.getUint32(index * 4, true);
  return word(0) !== MAGIC ? null : { version: word(1), bytes: word(2), received: word(3), sent: word(4), tries: word(5), start: word(6) };
}

/** Records, one after another. */
export class LogWriter extends GrowingBytes {
  constructor() {
    super(512);
  }

  rest(state: Uint8Array): void {
    this.byte(REST);
    this.sized(state);
  }
  field(name: string, isArray: boolean, count: number): void {
    this.byte(FIELD);
    this.sized(encodeForNow(name));
    this.byte(isArray ? 1 : 0);
    this.word(count);
  }
  part(name: string, key: Key, state: Uint8Array): void {
    this.byte(PART);
    this.sized(encodeForNow(name));
    this.sized(encodeForNow(key));
    this.sized(state);
  }
  gone(name: string, key: Key): void {
    this.byte(GONE);
    this.sized(encodeForNow(name));
    this.sized(encodeForNow(key));
  }
  begin(): void {
    this.byte(BEGIN);
  }
  send({ how, to, message }: QueuedMessage): void {
    this.byte(SEND_RECORD);
    this.byte(howToSend.indexOf(how));
    this.word(to);
    this.raw(messageToBytes(message));
  }
  redo({ message, status }: Pending): void {
    this.byte(REDO);
    this.word(status);
    this.raw(messageToBytes(message));
  }
  /** What was written, as it is until the next `clear`. */
  taken(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
  clear(): void {
    this.length = 0;
  }

  private byte(value: number): void {
    const at = this.room(1);
    this.bytes[at] = value;
  }
  private word(value: number): void {
    const at = this.room(4);
    this.view.setInt32(at, value, true);
  }
  private raw(bytes: Uint8Array): void {
    const at = this.room(bytes.length);
    this.bytes.set(bytes, at);
  }
  private sized(bytes: Uint8Array): void {
    this.word(bytes.length);
    this.raw(bytes);
  }
}

/** What a log says. */
export interface LogContent {
  readonly state: unknown;
  readonly queued: readonly QueuedMessage[];
  readonly redo: Pending | null;
}

class LogReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  get atEnd(): boolean {
    return this.at === this.bytes.length;
  }
  byte(): number {
    return this.bytes[this.take(1)] as number;
  }
  word(): number {
    return this.view.getInt32(this.take(4), true);
  }
  raw(count: number): Uint8Array {
    const at = this.take(count);
    return this.bytes.subarray(at, at + count);
  }
  value(): unknown {
    return decodeState(this.raw(this.word()));
  }
  message(): Message {
    return messageFromBytes(this.raw(MESSAGE_BYTES), 0);
  }
  private take(count: number): number {
    const at = this.at;
    if (count < 0 || at + count > this.bytes.length) throw new Error("saved state: the log ends in the middle of a record");
    this.at += count;
    return at;
  }
}

type Parts = Map<Key, unknown> | unknown[];

function setPart(parts: Parts | undefined, name: string, key: Key, value: unknown): void {
  if (parts === undefined) throw new Error(`saved state: an entry of ${name}, which is no field in parts`);
  if (parts instanceof Map) parts.set(key, value);
  else parts[key as number] = value;
}

function removePart(parts: Parts | undefined, name: string, key: Key): void {
  if (parts instanceof Map) parts.delete(key);
  else setPart(parts, name, key, undefined);
}

/** Reads a log from its beginning. */
export function readLog(bytes: Uint8Array): LogContent {
  const from = new LogReader(bytes);
  const fields = new Map<string, Parts>();
  let rest: unknown;
  let queued: QueuedMessage[] = [];
  let redo: Pending | null = null;
  while (!from.atEnd) {
    const kind = from.byte();
    if (kind === REST) rest = from.value();
    else if (kind === FIELD) {
      const name = from.value() as string;
      const isArray = from.byte() === 1;
      const count = from.word();
      fields.set(name, isArray ? Array.from({ length: count }, () => undefined) : new Map<Key, unknown>());
    } else if (kind === PART) {
      const name = from.value() as string;
      const key = from.value() as Key;
      setPart(fields.get(name), name, key, from.value());
    } else if (kind === GONE) {
      const name = from.value() as string;
      removePart(fields.get(name), name, from.value() as Key);
    } else if (kind === BEGIN) {
      queued = [];
      redo = null;
    } else if (kind === SEND_RECORD) {
      const how = howToSend[from.byte()] ?? "senda";
      queued.push({ how, to: from.word() as Endpoint, message: from.message() });
    } else if (kind === REDO) {
      const status = from.word();
      redo = { status, message: from.message() };
    } else throw new Error(`saved state: there is no record ${kind}`);
  }
  const state = fields.size === 0 ? rest : Object.assign(rest as object, Object.fromEntries(fields));
  return { state, queued, redo };
}
