import { GrowingBytes } from "./growing-bytes.ts";
import type { Shapes, Step } from "./shapes.ts";

// Plain data as bytes: one tag byte, then the content. Numbers that are 32-bit integers take 4 bytes (1 where they are small),
// others 8. Texts, the names of an object's fields too, are a byte for each character where that is possible, else UTF-16 code
// units. Objects, maps and sets keep their order, so equal states made in the same order give equal bytes.
export const NULL = 0;
export const UNDEFINED = 1;
export const FALSE = 2;
export const TRUE = 3;
export const INT = 4;
export const FLOAT = 5;
export const STRING = 6;
export const BYTES = 7;
export const ARRAY = 8;
export const MAP = 9;
export const OBJECT = 10;
export const WORDS = 11;
export const BIGINT = 12;
export const SET = 13;
export const INTEGERS = 14; // an array of 32-bit integers only
export const SMALL = 15; // an integer from 0 to 255
export const SHAPED = 16; // an object whose names are those of a shape (`shapes.ts`): its number in 2 bytes, then the values

const LOW_BYTE_FIRST = new Uint8Array(Int32Array.of(1).buffer)[0] === 1;
/** From here on it is worth an array of its own to copy them all at once. */
const MANY_WORDS = 24;

/** First byte of a short text of characters below 256: its length. Other texts begin with this one, and have 4 bytes of length. */
export const LONG_TEXT = 255;

/** Writes a text, without a tag before it. */
export function writeText(out: GrowingBytes, text: string): void {
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
  out.byte(LONG_TEXT);
  out.word(length);
  const at = out.room(length * 2);
  for (let i = 0; i < length; i++) out.view.setUint16(at + i * 2, text.charCodeAt(i), true);
}

function writeNumber(out: GrowingBytes, value: number): void {
  const integer = (value | 0) === value && !Object.is(value, -0);
  if (integer && value >= 0 && value < 256) {
    const at = out.room(2);
    out.bytes[at] = SMALL;
    out.bytes[at + 1] = value;
    return;
  }
  const at = out.room(integer ? 5 : 9);
  out.bytes[at] = integer ? INT : FLOAT;
  if (integer) out.view.setInt32(at + 1, value, true);
  else out.view.setFloat64(at + 1, value, true);
}

function isIntegers(values: readonly unknown[]): boolean {
  if (values.length === 0) return false;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== "number" || (value | 0) !== value || Object.is(value, -0)) return false;
  }
  return true;
}

/** Words of 4 bytes each, after a tag and their count. */
function writeWords(out: GrowingBytes, tag: number, words: ArrayLike<number>): void {
  out.byte(tag);
  out.word(words.length);
  out.words(words);
}

/** A long list of words, as a processor has them that puts the low byte first. */
function writeManyWords(out: GrowingBytes, words: Int32Array): void {
  out.byte(WORDS);
  out.word(words.length);
  out.raw(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
}

function writeArray(out: GrowingBytes, values: readonly unknown[], shapes: Shapes | null): void {
  if (isIntegers(values)) return writeWords(out, INTEGERS, values as number[]);
  out.byte(ARRAY);
  out.word(values.length);
  for (let i = 0; i < values.length; i++) writeValue(out, values[i], shapes);
}

function writeNamed(out: GrowingBytes, value: { readonly [name: string]: unknown }, shapes: Shapes | null): void {
  const names = Object.keys(value);
  out.byte(OBJECT);
  out.word(names.length);
  for (const name of names) {
    writeText(out, name);
    writeValue(out, value[name], shapes);
  }
}

function writeFields(out: GrowingBytes, value: { readonly [name: string]: unknown }, shapes: Shapes | null): void {
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new NotPlain();
  if (shapes === null) return writeNamed(out, value, null);
  const at = out.room(3);
  let step = shapes.root;
  for (const name in value) { // no list of names: this is done for every request
    step = step.name === name ? (step.next as Step) : shapes.follow(step, name);
    writeValue(out, value[name], shapes);
  }
  const shape = shapes.numberOf(step);
  if (shape < 0) {
    out.length = at;
    return writeNamed(out, value, shapes);
  }
  out.bytes[at] = SHAPED;
  out.view.setUint16(at + 1, shape, true);
}

function writeObject(out: GrowingBytes, value: object, shapes: Shapes | null): void {
  if (Array.isArray(value)) return writeArray(out, value, shapes);
  if (value instanceof Uint8Array) {
    out.byte(BYTES);
    out.word(value.length);
    out.raw(value);
  } else if (value instanceof Int32Array) {
    if (LOW_BYTE_FIRST && value.length >= MANY_WORDS) writeManyWords(out, value);
    else writeWords(out, WORDS, value);
  } else if (value instanceof Map) {
    out.byte(MAP);
    out.word(value.size);
    for (const [key, item] of value) {
      writeValue(out, key, shapes);
      writeValue(out, item, shapes);
    }
  } else if (value instanceof Set) {
    out.byte(SET);
    out.word(value.size);
    for (const item of value) writeValue(out, item, shapes);
  } else writeFields(out, value as { readonly [name: string]: unknown }, shapes);
}

/** What cannot be written; `badPath` says where it is. */
class NotPlain extends Error {}

/** Writes a value; what is no plain data throws. @param shapes numbers for field names, or null to write the names themselves */
export function writeValue(out: GrowingBytes, value: unknown, shapes: Shapes | null): void {
  switch (typeof value) {
    case "undefined":
      return out.byte(UNDEFINED);
    case "boolean":
      return out.byte(value ? TRUE : FALSE);
    case "number":
      return writeNumber(out, value);
    case "bigint":
      out.byte(BIGINT);
      return writeText(out, value.toString());
    case "string":
      out.byte(STRING);
      return writeText(out, value);
    case "object":
      return value === null ? out.byte(NULL) : writeObject(out, value, shapes);
    default:
      throw new NotPlain();
  }
}

/** What is inside of a value, each with its path. */
function* inside(value: object, path: string): Generator<[unknown, string]> {
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield [item, `${path}[${index}]`];
  else if (value instanceof Set) for (const item of value) yield [item, `${path} item`];
  else if (value instanceof Map) {
    for (const [key, item] of value) {
      yield [key, `${path} key`];
      yield [item, `${path}.${String(key)}`];
    }
  } else for (const [name, item] of Object.entries(value)) yield [item, `${path}.${name}`];
}

/** What is wrong with a value that is no plain data, and where. */
function badPath(value: unknown, path: string): string | null {
  if (typeof value === "function" || typeof value === "symbol") return `${path} is a ${typeof value}, which is no plain data`;
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return null;
  const isList = Array.isArray(value) || value instanceof Map || value instanceof Set;
  if (!isList && Object.getPrototypeOf(value) !== Object.prototype) return `${path} is no plain data`;
  for (const [item, where] of inside(value, path)) {
    const bad = badPath(item, where);
    if (bad !== null) return bad;
  }
  return null;
}

/** Writes a value; what is no plain data is an error with its path, which begins with `path`. */
export function writeChecked(out: GrowingBytes, value: unknown, shapes: Shapes | null, path: string | number): void {
  try {
    writeValue(out, value, shapes);
  } catch (error) {
    throw error instanceof NotPlain ? new Error(`state: ${badPath(value, String(path)) ?? `${path} is no plain data`}`) : error;
  }
}

/**
 * The bytes of a state: null, undefined, booleans, numbers, bigints, strings, Uint8Array, Int32Array, arrays, maps, sets and
 * plain objects, nested. Anything else throws and names its path.
 */
export function encodeState(state: unknown): Uint8Array {
  const out = new GrowingBytes(256);
  writeChecked(out, state, null, "state");
  return out.bytes.slice(0, out.length);
}
