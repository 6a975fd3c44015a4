import { recordOf } from "@procyon-os/message";
import {
  ARRAY, BIGINT, BYTES, FALSE, FLOAT, INT, INTEGERS, LONG_TEXT, MAP, NULL, OBJECT, SET, SHAPED, SMALL, STRING, TRUE, UNDEFINED, WORDS,
} from "./state-codec.ts";

/** Field names by the number of their shape. */
export type ShapeList = readonly (readonly string[] | undefined)[];

/** Bytes that are read one after another. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at = 0;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  take(count: number): number {
    const at = this.at;
    if (count < 0 || at + count > this.bytes.length) throw new Error("state: the bytes end too early");
    this.at += count;
    return at;
  }
  byte(): number {
    return this.bytes[this.take(1)] as number;
  }
  word(): number {
    return this.view.getInt32(this.take(4), true);
  }
  count(): number {
    return this.view.getUint32(this.take(4), true);
  }
}

/** Field names as the host's compiler has them: it finds fields faster by them than by a text that was just put together. One list for all. */
const MOST_NAMES = 10_000;
const known = new Map<string, string>();

/** Reads the name of a field. */
export function readName(from: ByteReader): string {
  const text = readText(from);
  let name = known.get(text);
  if (known.size === MOST_NAMES) known.clear();
  if (name === undefined) known.set(text, (name = Object.keys({ [text]: 0 })[0] as string));
  return name;
}

/** Reads a text that has no tag before it. */
export function readText(from: ByteReader): string {
  const short = from.byte();
  if (short !== LONG_TEXT) {
    const at = from.take(short);
    return String.fromCharCode(...from.bytes.subarray(at, at + short));
  }
  const length = from.count();
  const at = from.take(length * 2);
  let text = "";
  for (let i = 0; i < length; i++) text += String.fromCharCode(from.view.getUint16(at + i * 2, true));
  return text;
}

/** From here on an object gets its fields all at once (see `recordOf`). */
const MANY_FIELDS = 12;
const records = new WeakMap<readonly string[], { readonly [name: string]: unknown }>();

function recordFor(names: readonly string[]): { readonly [name: string]: unknown } {
  let record = records.get(names);
  if (record === undefined) records.set(names, (record = recordOf(names)));
  return record;
}

function readShaped(from: ByteReader, shapes: ShapeList): { [name: string]: unknown } {
  const shape = from.view.getUint16(from.take(2), true);
  const names = shapes[shape];
  if (names === undefined) throw new Error(`state: there is no shape ${shape}`);
  const object: { [name: string]: unknown } = names.length < MANY_FIELDS ? {} : { ...recordFor(names) };
  for (const name of names) object[name] = readValue(from, shapes);
  return object;
}

/** A count of things that take so many bytes each; what is not there is not made room for. */
function checked(from: ByteReader, count: number, bytes: number): number {
  from.at = from.take(count * bytes);
  return count;
}

function readWords<Words extends Int32Array | number[]>(from: ByteReader, words: Words): Words {
  const at = from.take(words.length * 4);
  for (let i = 0; i < words.length; i++) words[i] = from.view.getInt32(at + i * 4, true);
  return words;
}

function readMany(from: ByteReader, tag: number, shapes: ShapeList): unknown {
  const count = from.count();
  switch (tag) {
    case BYTES: {
      const at = from.take(count);
      return from.bytes.slice(at, at + count);
    }
    case WORDS:
      return readWords(from, new Int32Array(checked(from, count, 4)));
    case INTEGERS:
      return readWords(from, new Array<number>(checked(from, count, 4)));
    case ARRAY: {
      const items: unknown[] = [];
      for (let i = 0; i < count; i++) items.push(readValue(from, shapes));
      return items;
    }
    case MAP: {
      const map = new Map<unknown, unknown>();
      for (let i = 0; i < count; i++) {
        const key = readValue(from, shapes);
        map.set(key, readValue(from, shapes));
      }
      return map;
    }
    case SET: {
      const set = new Set<unknown>();
      for (let i = 0; i < count; i++) set.add(readValue(from, shapes));
      return set;
    }
    case OBJECT: {
      const object: { [key: string]: unknown } = {};
      for (let i = 0; i < count; i++) {
        const key = readText(from);
        object[key] = readValue(from, shapes);
      }
      return object;
    }
    default:
      throw new Error(`state: unknown tag ${tag}`);
  }
}

/** Reads a value. */
export function readValue(from: ByteReader, shapes: ShapeList): unknown {
  const tag = from.byte();
  switch (tag) {
    case NULL:
      return null;
    case UNDEFINED:
      return undefined;
    case FALSE:
      return false;
    case TRUE:
      return true;
    case SMALL:
      return from.byte();
    case INT:
      return from.view.getInt32(from.take(4), true);
    case FLOAT:
      return from.view.getFloat64(from.take(8), true);
    case BIGINT:
      return BigInt(readText(from));
    case STRING:
      return readText(from);
    case SHAPED:
      return readShaped(from, shapes);
    default:
      return readMany(from, tag, shapes);
  }
}

/** The state that `encodeState` wrote. Throws where the bytes are none. */
export function decodeState(bytes: Uint8Array): unknown {
  const from = new ByteReader(bytes);
  const state = readValue(from, []);
  if (from.at !== bytes.length) throw new Error("state: bytes are left over");
  return state;
}
