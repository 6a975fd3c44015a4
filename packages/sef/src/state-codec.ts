import { GrowingBytes } from "./growing-bytes.ts";

// Plain data as bytes: one tag byte, then the content. Numbers that are 32-bit integers take 4 bytes (1 where they are small),
// others 8. Texts, the names of an object's fields too, are a byte for each character where that is possible, else UTF-16 code
// units. Objects, maps and sets keep their order, so equal states made in the same order give equal bytes.
const NULL = 0;
const UNDEFINED = 1;
const FALSE = 2;
const TRUE = 3;
const INT = 4;
const FLOAT = 5;
const STRING = 6;
const BYTES = 7;
const ARRAY = 8;
const MAP = 9;
const OBJECT = 10;
const WORDS = 11;
const BIGINT = 12;
const SET = 13;
const INTEGERS = 14; // an array of 32-bit integers only
const SMALL = 15; // an integer from 0 to 255

/** First byte of a short text of characters below 256: its length. Other texts begin with this one, and have 4 bytes of length. */
const LONG_TEXT = 255;

class Writer extends GrowingBytes {
  tag(tag: number): void {
    const at = this.room(1);
    this.bytes[at] = tag;
  }
  count(value: number): void {
    const at = this.room(4);
    this.view.setUint32(at, value, true);
  }
}

function writeText(out: Writer, text: string): void {
  const { length } = text;
  if (length < LONG_TEXT) {
    const at = out.room(length + 1);
    const { bytes } = out;
    bytes[at] = length;
    let wide = 0;
    for (let i = 0; i < length; i++) wide |= bytes[at + 1 + i] = text.charCodeAt(i); // a wide one is cut off, and seen here
    if (wide < 256) return;
    out.length = at;
  }
  out.tag(LONG_TEXT);
  out.count(length);
  const at = out.room(length * 2);
  for (let i = 0; i < length; i++) out.view.setUint16(at + i * 2, text.charCodeAt(i), true);
}

function writeNumber(out: Writer, value: number): void {
  const integer = (value | 0) === value && !Object.is(value, -0);
  if (integer && value >= 0 && value < 256) {
    const at = out.room(2);
    out.bytes[at] = SMALL;
    out.bytes[at + 1] = value;
    return;
  }
  out.tag(integer ? INT : FLOAT);
  const at = out.room(integer ? 4 : 8);
  if (integer) out.view.setInt32(at, value, true);
  else out.view.setFloat64(at, value, true);
}

function isIntegers(values: readonly unknown[]): boolean {
  if (values.length === 0) return false;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== "number" || (value | 0) !== value || Object.is(value, -0)) return false;
  }
  return true;
}

function writeObject(out: Writer, value: object, path: string): void {
  if (value instanceof Uint8Array) {
    out.tag(BYTES);
    out.count(value.length);
    const at = out.room(value.length);
    out.bytes.set(value, at);
  } else if (value instanceof Int32Array) {
    out.tag(WORDS);
    out.count(value.length);
    const at = out.room(value.length * 4); // may replace the view
    value.forEach((word, index) => out.view.setInt32(at + index * 4, word, true));
  } else if (Array.isArray(value) && isIntegers(value)) {
    out.tag(INTEGERS);
    out.count(value.length);
    const at = out.room(value.length * 4);
    for (let i = 0; i < value.length; i++) out.view.setInt32(at + i * 4, value[i] as number, true);
  } else if (Array.isArray(value)) {
    out.tag(ARRAY);
    out.count(value.length);
    value.forEach((item, index) => write(out, item, `${path}[${index}]`));
  } else if (value instanceof Map) {
    out.tag(MAP);
    out.count(value.size);
    for (const [key, item] of value) {
      write(out, key, `${path} key`);
      write(out, item, `${path}.${String(key)}`);
    }
  } else if (value instanceof Set) {
    out.tag(SET);
    out.count(value.size);
    for (const item of value) write(out, item, `${path} item`);
  } else {
    if (Object.getPrototypeOf(value) !== Object.prototype) throw new Error(`state: ${path} is no plain data`);
    const keys = Object.keys(value);
    out.tag(OBJECT);
    out.count(keys.length);
    for (const key of keys) {
      writeText(out, key);
      write(out, (value as { [key: string]: unknown })[key], `${path}.${key}`);
    }
  }
}

function write(out: Writer, value: unknown, path: string): void {
  switch (typeof value) {
    case "undefined":
      return out.tag(UNDEFINED);
    case "boolean":
      return out.tag(value ? TRUE : FALSE);
    case "number":
      return writeNumber(out, value);
    case "bigint":
      out.tag(BIGINT);
      return writeText(out, value.toString());
    case "string":
      out.tag(STRING);
      return writeText(out, value);
    case "object":
      return value === null ? out.tag(NULL) : writeObject(out, value, path);
    default:
      throw new Error(`state: ${path} is a ${typeof value}, which is no plain data`);
  }
}

/**
 * The bytes of a state: null, undefined, booleans, numbers, bigints, strings, Uint8Array, Int32Array, arrays, maps, sets and
 * plain objects, nested. Anything else throws and names its path.
 */
export function encodeState(state: unknown): Uint8Array {
  return encodeForNow(state).slice();
}

/** One for all: encoding is over before anything else runs, and a buffer that has grown need not grow again. */
const writer = new Writer(256);

/** The same, in bytes that are good until the next state is encoded. */
export function encodeForNow(state: unknown): Uint8Array {
  writer.length = 0;
  write(writer, state, "state");
  return writer.bytes.subarray(0, writer.length);
}

class Reader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  take(count: number): number {
    const at = this.at;
    if (count < 0 || at + count > this.bytes.length) throw new Error("state: the bytes end too early");
    this.at += count;
    return at;
  }
  tag(): number {
    return this.bytes[this.take(1)] as number;
  }
  count(): number {
    return this.view.getUint32(this.take(4), true);
  }
}

function readText(from: Reader): string {
  const short = from.tag();
  let text = "";
  if (short !== LONG_TEXT) {
    const at = from.take(short);
    for (let i = 0; i < short; i++) text += String.fromCharCode(from.bytes[at + i] as number);
    return text;
  }
  const length = from.count();
  const at = from.take(length * 2);
  for (let i = 0; i < length; i++) text += String.fromCharCode(from.view.getUint16(at + i * 2, true));
  return text;
}

function readMany(from: Reader, tag: number): unknown {
  const count = from.count();
  switch (tag) {
    case BYTES: {
      const at = from.take(count);
      return from.bytes.slice(at, at + count);
    }
    case WORDS:
      return Int32Array.from({ length: count }, () => from.view.getInt32(from.take(4), true));
    case INTEGERS:
      return Array.from({ length: count }, () => from.view.getInt32(from.take(4), true));
    case ARRAY: {
      const items: unknown[] = [];
      for (let i = 0; i < count; i++) items.push(read(from));
      return items;
    }
    case MAP: {
      const map = new Map<unknown, unknown>();
      for (let i = 0; i < count; i++) {
        const key = read(from);
        map.set(key, read(from));
      }
      return map;
    }
    case SET: {
      const set = new Set<unknown>();
      for (let i = 0; i < count; i++) set.add(read(from));
      return set;
    }
    case OBJECT: {
      const object: { [key: string]: unknown } = {};
      for (let i = 0; i < count; i++) {
        const key = readText(from);
        object[key] = read(from);
      }
      return object;
    }
    default:
      throw new Error(`state: unknown tag ${tag}`);
  }
}

function read(from: Reader): unknown {
  const tag = from.tag();
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
      return from.tag();
    case INT:
      return from.view.getInt32(from.take(4), true);
    case FLOAT:
      return from.view.getFloat64(from.take(8), true);
    case BIGINT:
      return BigInt(readText(from));
    case STRING:
      return readText(from);
    default:
      return readMany(from, tag);
  }
}

/** The state that `encodeState` wrote. Throws where the bytes are none. */
export function decodeState(bytes: Uint8Array): unknown {
  const from = new Reader(bytes);
  const state = read(from);
  if (from.at !== bytes.length) throw new Error("state: bytes are left over");
  return state;
}
