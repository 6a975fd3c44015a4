import { recordOf } from "@procyon-os/message";

/** How one value lies in memory: its size and how it is read and written, little-endian. */
export interface Codec<T> {
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => T;
  readonly write: (view: DataView, at: number, value: T) => void;
}

/** A C structure of MINIX 3.2.0: fields at fixed offsets, padding zero. */
export interface Struct<T> extends Codec<T> {
  readonly decode: (bytes: Uint8Array, offset?: number) => T;
  readonly encode: (value: T) => Uint8Array;
}

/** Where a field lies (bytes from the start of the structure) and what it holds. */
export type StructField<T> = readonly [offset: number, codec: Codec<T>];
type StructFields = { readonly [name: string]: StructField<any> };
/** The TypeScript value that a structure stands for. */
export type StructValue<S> = S extends Codec<infer T> ? T : never;

const codec = <T>(bytes: number, read: Codec<T>["read"], write: Codec<T>["write"]): Codec<T> => ({ bytes, read, write });

export const int8: Codec<number> = codec(1, (view, at) => view.getInt8(at), (view, at, value) => view.setInt8(at, value));
export const uint8: Codec<number> = codec(1, (view, at) => view.getUint8(at), (view, at, value) => view.setUint8(at, value));
export const int16: Codec<number> = codec(2, (view, at) => view.getInt16(at, true), (view, at, value) => view.setInt16(at, value, true));
export const uint16: Codec<number> = codec(2, (view, at) => view.getUint16(at, true), (view, at, value) => view.setUint16(at, value, true));
export const int32: Codec<number> = codec(4, (view, at) => view.getInt32(at, true), (view, at, value) => view.setInt32(at, value, true));
export const uint32: Codec<number> = codec(4, (view, at) => view.getUint32(at, true), (view, at, value) => view.setUint32(at, value, true));

/** A 64-bit count as a number: exact up to 2^53, which is 2.8 years of cycles. */
export const uint64: Codec<number> = codec(
  8,
  (view, at) => view.getUint32(at + 4, true) * 0x100000000 + view.getUint32(at, true),
  (view, at, value) => {
    view.setUint32(at, value >>> 0, true);
    view.setUint32(at + 4, Math.floor(value / 0x100000000), true);
  },
);

/** An int32 with a branded type. */
export function branded<T extends number>(): Codec<T> {
  return int32 as unknown as Codec<T>;
}

/** `length` values one after another. */
export function array<T>(length: number, item: Codec<T>): Codec<readonly T[]> {
  return codec<readonly T[]>(
    length * item.bytes,
    (view, at) => {
      const values: T[] = [];
      for (let index = 0; index < length; index++) values.push(item.read(view, at + index * item.bytes));
      return values;
    },
    (view, at, values) => values.forEach((value, index) => item.write(view, at + index * item.bytes, value)),
  );
}

/** `length` characters, ended by a NUL where the text is shorter. One character a byte (Latin-1). */
export function text(length: number): Codec<string> {
  return codec(
    length,
    (view, at) => {
      let result = "";
      for (let index = 0; index < length; index++) {
        const code = view.getUint8(at + index);
        if (code === 0) break;
        result += String.fromCharCode(code);
      }
      return result;
    },
    (view, at, value) => {
      for (let index = 0; index < length; index++) view.setUint8(at + index, index < value.length ? value.charCodeAt(index) : 0);
    },
  );
}

/** `length` raw bytes; reading gives a copy. */
export function rawBytes(length: number): Codec<Uint8Array> {
  return codec<Uint8Array>(
    length,
    (view, at) => new Uint8Array(view.buffer, view.byteOffset + at, length).slice(),
    (view, at, value) => new Uint8Array(view.buffer, view.byteOffset + at, length).set(value.subarray(0, length)),
  );
}

function checkFields(name: string, bytes: number, fields: StructFields): void {
  let end = 0;
  let previous = "the start";
  for (const [field, [offset, { bytes: size }]] of Object.entries(fields).sort((a, b) => a[1][0] - b[1][0])) {
    if (offset < end) throw new Error(`${name}: ${previous} and ${field} overlap`);
    end = offset + size;
    previous = field;
  }
  if (end > bytes) throw new Error(`${name}: ${previous} ends at ${end}, the structure at ${bytes}`);
}

/** Declares a structure of `bytes` bytes; throws where fields overlap or reach past the end. */
export function struct<const F extends StructFields>(
  name: string,
  bytes: number,
  fields: F,
): Struct<{ readonly [Name in keyof F]: F[Name] extends StructField<infer T> ? T : never }> {
  checkFields(name, bytes, fields);
  type Value = { readonly [Name in keyof F]: F[Name] extends StructField<infer T> ? T : never };
  const empty = recordOf(Object.keys(fields));
  const read = (view: DataView, at: number): Value => {
    const value: { [field: string]: unknown } = { ...empty };
    for (const field in fields) {
      const [offset, one] = fields[field] as StructField<unknown>;
      value[field] = one.read(view, at + offset);
    }
    return value as Value;
  };
  const write = (view: DataView, at: number, value: Value): void => {
    for (const field in fields) {
      const [offset, one] = fields[field] as StructField<unknown>;
      one.write(view, at + offset, value[field]);
    }
  };
  return {
    bytes, read, write,
    decode: (from, offset = 0) => read(new DataView(from.buffer, from.byteOffset + offset, bytes), 0),
    encode: (value) => {
      const to = new Uint8Array(bytes);
      write(new DataView(to.buffer), 0, value);
      return to;
    },
  };
}
