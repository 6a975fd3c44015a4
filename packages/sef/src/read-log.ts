import { MESSAGE_WORDS, messageFromBytes, type Endpoint, type Message } from "@procyon-os/message";
import { ByteReader, readName, readText, readValue, type ShapeList } from "./decode-state.ts";
import {
  BEGIN, BEGIN_BYTES, END, FIELD, GONE, howToSend, PART, REDO, REST, SEND_RECORD, SHAPE, VALUE, type Counts, type Key, type Pending, type QueuedMessage,
} from "./saved-log.ts";

const MESSAGE_BYTES = MESSAGE_WORDS * 4;

/** What a log says. */
export interface LogContent extends Counts {
  readonly state: unknown;
  readonly queued: readonly QueuedMessage[];
  readonly redo: Pending | null;
}

/** A field in parts: its entries by key, each where its value begins in the log. What was written over is never decoded. */
interface Parts {
  readonly name: string;
  readonly isArray: boolean;
  readonly count: number;
  readonly entries: Map<Key, number>;
}

/** What a log says of an entry of a field in parts: what it is, or that it is gone; `key` null: all of the field begins anew. */
export interface Touched {
  readonly name: string;
  readonly key: Key | null;
  readonly isGone: boolean;
}

/** What the records read so far say. */
interface Reading {
  readonly shapes: (readonly string[])[];
  readonly fields: Map<number, Parts>;
  rest: number | null; // where the value begins
  readonly values: Map<string, number>;
  queued: QueuedMessage[];
  redo: Pending | null;
  /** Notes entries as they are read, where somebody wants to know. */
  touched: Touched[] | null;
}

const message = (from: ByteReader): Message => messageFromBytes(from.bytes, from.take(MESSAGE_BYTES));

function parts(reading: Reading, id: number): Parts {
  const field = reading.fields.get(id);
  if (field === undefined) throw new Error(`saved state: an entry of ${id}, which is no field in parts`);
  return field;
}

/** What a value was need not be known here: it is read again at the end, when all shapes are known. */
function passValue(from: ByteReader, length: number): number {
  return from.take(length);
}

function readRecord(from: ByteReader, reading: Reading): void {
  const kind = from.byte();
  switch (kind) {
    case REST:
      reading.rest = passValue(from, from.word());
      return reading.values.clear();
    case VALUE: {
      const name = readText(from);
      return void reading.values.set(name, passValue(from, from.word()));
    }
    case SHAPE: {
      const number = from.view.getUint16(from.take(2), true);
      reading.shapes[number] = Array.from({ length: from.count() }, () => readName(from));
      return;
    }
    case FIELD: {
      const id = from.byte();
      const name = readText(from);
      reading.touched?.push({ name, key: null, isGone: false });
      return void reading.fields.set(id, { name, isArray: from.byte() === 1, count: from.count(), entries: new Map() });
    }
    case PART: {
      const { name, entries } = parts(reading, from.byte());
      const key = readValue(from, []) as Key;
      reading.touched?.push({ name, key, isGone: false });
      return void entries.set(key, passValue(from, from.word()));
    }
    case GONE: {
      const { name, entries } = parts(reading, from.byte());
      const key = readValue(from, []) as Key;
      reading.touched?.push({ name, key, isGone: true });
      return void entries.delete(key);
    }
    case SEND_RECORD: {
      const how = howToSend[from.byte()] ?? "senda";
      return void reading.queued.push({ how, to: from.word() as Endpoint, message: message(from) });
    }
    case REDO: {
      const status = from.word();
      reading.redo = { status, message: message(from) };
      return;
    }
    default:
      throw new Error(`saved state: there is no record ${kind}`);
  }
}

/** A state as it was read before, and where its rest and its other fields began. */
interface Before {
  readonly state: unknown;
  readonly rest: number | null;
  readonly values: ReadonlyMap<string, number>;
}

class Values {
  private readonly from: ByteReader;
  private readonly shapes: ShapeList;

  constructor(bytes: Uint8Array, shapes: ShapeList) {
    this.from = new ByteReader(bytes);
    this.shapes = shapes;
  }
  at(place: number): unknown {
    this.from.at = place;
    return readValue(this.from, this.shapes);
  }
}

function decodeParts({ isArray, count, entries }: Parts, decoded: Values): Map<Key, unknown> | unknown[] {
  const parts: Map<Key, unknown> | unknown[] = isArray ? Array.from<unknown>({ length: count }) : new Map<Key, unknown>();
  if (parts instanceof Map) for (const [key, at] of entries) parts.set(key, decoded.at(at));
  else for (const [key, at] of entries) parts[key as number] = decoded.at(at);
  return parts;
}

function stateOf({ shapes, fields, rest, values }: Reading, bytes: Uint8Array): unknown {
  const decoded = new Values(bytes, shapes);
  const state = rest === null ? undefined : decoded.at(rest);
  if (fields.size === 0 && values.size === 0) return state;
  const whole = state as { [name: string]: unknown };
  for (const [name, at] of values) whole[name] = decoded.at(at);
  for (const field of fields.values()) whole[field.name] = decodeParts(field, decoded);
  return whole;
}

/** Brings an entry up to date: to what it is in the end, in the order in which entries came and went. */
function bringEntry({ isArray, entries }: Parts, parts: Map<Key, unknown> | unknown[], { key, isGone }: Touched, decoded: Values): void {
  const at = entries.get(key as Key);
  const value = isGone || at === undefined ? undefined : decoded.at(at);
  if (isArray) (parts as unknown[])[key as number] = value;
  else if (isGone) (parts as Map<Key, unknown>).delete(key as Key);
  else if (at !== undefined) (parts as Map<Key, unknown>).set(key as Key, value);
}

/** The state that was read before, as it is now: what the log has said something of since is decoded, and nothing else. */
function bringUpToDate(reading: Reading, bytes: Uint8Array, before: Before, touched: readonly Touched[]): unknown {
  const { shapes, fields, rest, values } = reading;
  if (rest !== before.rest) return stateOf(reading, bytes);
  const decoded = new Values(bytes, shapes);
  const whole = before.state as { [name: string]: unknown };
  for (const [name, at] of values) if (before.values.get(name) !== at) whole[name] = decoded.at(at);
  const begunAnew = new Set(touched.flatMap(({ name, key }) => (key === null ? [name] : [])));
  for (const field of fields.values()) {
    const { name } = field;
    if (begunAnew.has(name)) whole[name] = decodeParts(field, decoded);
    else for (const one of touched) if (one.name === name) bringEntry(field, whole[name] as unknown[], one, decoded);
  }
  return whole;
}

/** The length of the transaction that begins at a place; 0 where none does, or not all of it is there. */
function transactionAt(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== BEGIN || at + BEGIN_BYTES >= bytes.length) return 0;
  const length = new DataView(bytes.buffer, bytes.byteOffset + at + 1, 4).getUint32(0, true);
  return length > BEGIN_BYTES && bytes[at + length - 1] === END ? length : 0;
}

/**
 * How many bytes of the log have to be there, of which the first `have` are: as many as there are where it ends in them.
 * @param from where a transaction begins, or would; those before are there
 */
export function bytesNeeded(bytes: Uint8Array, have: number, from = 0): number {
  let at = from;
  for (;;) {
    if (at + BEGIN_BYTES > have) return at + BEGIN_BYTES;
    const length = bytes[at] === BEGIN ? new DataView(bytes.buffer, bytes.byteOffset + at + 1, 4).getUint32(0, true) : 0;
    if (length <= BEGIN_BYTES || length > bytes.length - at) return have;
    if (at + length > have) return at + length;
    at += length;
  }
}

/** Reads a log from its beginning; and further, when there is more of it. */
export class LogReader {
  /** Room for all of the log; what is not there yet is zeros. */
  readonly bytes: Uint8Array;
  /** Where the next transaction begins, or would. */
  at = 0;
  private counts: Counts | null = null;
  private readonly reading: Reading = { shapes: [], fields: new Map(), rest: null, values: new Map(), queued: [], redo: null, touched: null };

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Reads what is there; null where there is no transaction. */
  read(): LogContent | null {
    this.readRecords();
    return this.content(() => stateOf(this.reading, this.bytes));
  }

  /**
   * Reads what has come since `read` gave a state; that one is brought up to date.
   * @param touched gets what the log says of entries of fields in parts
   */
  readFurther(state: unknown, touched: Touched[]): LogContent | null {
    const { reading, bytes } = this;
    const before = { state, rest: reading.rest, values: new Map(reading.values) };
    reading.touched = touched;
    this.readRecords();
    reading.touched = null;
    return this.content(() => bringUpToDate(reading, bytes, before, touched));
  }

  private readRecords(): void {
    const { reading, bytes } = this;
    for (let length = 0; (length = transactionAt(bytes, this.at)) > 0; this.at += length) {
      const from = new ByteReader(bytes.subarray(0, this.at + length - 1), this.at + 1 + 4);
      this.counts = { received: from.count(), sent: from.count(), tries: from.count() };
      reading.queued = [];
      reading.redo = null;
      while (from.at < from.bytes.length) readRecord(from, reading);
    }
  }

  private content(state: () => unknown): LogContent | null {
    const { counts, reading: { queued, redo } } = this;
    return counts === null ? null : { ...counts, state: state(), queued, redo };
  }
}

/** Reads a log as it is; null where there is no transaction. */
export function readLog(bytes: Uint8Array): LogContent | null {
  return new LogReader(bytes).read();
}
