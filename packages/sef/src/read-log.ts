import { MESSAGE_WORDS, messageFromBytes, type Endpoint, type Message } from "@procyon-os/message";
import { ByteReader, readName, readText, readValue } from "./decode-state.ts";
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

/** What the records read so far say. */
interface Reading {
  readonly shapes: (readonly string[])[];
  readonly fields: Map<number, Parts>;
  rest: number | null; // where the value begins
  readonly values: Map<string, number>;
  queued: QueuedMessage[];
  redo: Pending | null;
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
      return void reading.fields.set(id, { name: readText(from), isArray: from.byte() === 1, count: from.count(), entries: new Map() });
    }
    case PART: {
      const { entries } = parts(reading, from.byte());
      const key = readValue(from, []) as Key;
      return void entries.set(key, passValue(from, from.word()));
    }
    case GONE: {
      const { entries } = parts(reading, from.byte());
      return void entries.delete(readValue(from, []) as Key);
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

function decodeParts({ isArray, count, entries }: Parts, value: (at: number) => unknown): Map<Key, unknown> | unknown[] {
  if (!isArray) return new Map([...entries].map(([key, at]) => [key, value(at)]));
  const array = Array.from<unknown>({ length: count });
  for (const [key, at] of entries) array[key as number] = value(at);
  return array;
}

function stateOf({ shapes, fields, rest, values }: Reading, bytes: Uint8Array): unknown {
  const from = new ByteReader(bytes);
  const value = (at: number): unknown => {
    from.at = at;
    return readValue(from, shapes);
  };
  const state = rest === null ? undefined : value(rest);
  if (fields.size === 0 && values.size === 0) return state;
  const whole = state as { [name: string]: unknown };
  for (const [name, at] of values) whole[name] = value(at);
  for (const field of fields.values()) whole[field.name] = decodeParts(field, value);
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
 */
export function bytesNeeded(bytes: Uint8Array, have: number): number {
  let at = 0;
  for (;;) {
    if (at + BEGIN_BYTES > have) return at + BEGIN_BYTES;
    const length = bytes[at] === BEGIN ? new DataView(bytes.buffer, bytes.byteOffset + at + 1, 4).getUint32(0, true) : 0;
    if (length <= BEGIN_BYTES || length > bytes.length - at) return have;
    if (at + length > have) return at + length;
    at += length;
  }
}

/** Reads a log from its beginning; null where there is no transaction. */
export function readLog(bytes: Uint8Array): LogContent | null {
  const reading: Reading = { shapes: [], fields: new Map(), rest: null, values: new Map(), queued: [], redo: null };
  let counts: Counts | null = null;
  for (let at = 0, length = 0; (length = transactionAt(bytes, at)) > 0; at += length) {
    const from = new ByteReader(bytes.subarray(0, at + length - 1), at + 1 + 4);
    counts = { received: from.count(), sent: from.count(), tries: from.count() };
    reading.queued = [];
    reading.redo = null;
    while (from.at < from.bytes.length) readRecord(from, reading);
  }
  return counts === null ? null : { ...counts, state: stateOf(reading, bytes), queued: reading.queued, redo: reading.redo };
}
