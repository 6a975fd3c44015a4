import type { Endpoint, GrantId, PhysAddr, Ticks, VirtAddr } from "./brand.ts";
import { getByte, getShort, setByte, setShort, type Message } from "./message.ts";

/** How a field's value looks in TypeScript; `unit` is for people and manuals. */
export interface FieldType<T> {
  readonly name: string;
  /** Whether the wire has the value's lower 32 bits as they are. */
  readonly plain?: boolean;
  readonly fromWire: (raw: number) => T;
  readonly toWire: (value: T) => number;
}

const number = <T extends number>(name: string, fromWire: (raw: number) => number): FieldType<T> => ({
  name,
  plain: true,
  fromWire: fromWire as (raw: number) => T,
  toWire: (value) => value | 0,
});

export const i32: FieldType<number> = number("i32", (raw) => raw);
export const u32: FieldType<number> = number("u32", (raw) => raw >>> 0);
/** Zero is false, everything else true. */
export const bool: FieldType<boolean> = { name: "bool", fromWire: (raw) => raw !== 0, toWire: (value) => (value ? 1 : 0) };
export const endpoint: FieldType<Endpoint> = number("endpoint", (raw) => raw);
export const grantId: FieldType<GrantId> = number("grantId", (raw) => raw);
export const ticks: FieldType<Ticks> = number("ticks", (raw) => raw);
export const physAddr: FieldType<PhysAddr> = number("physAddr", (raw) => raw >>> 0);
export const virtAddr: FieldType<VirtAddr> = number("virtAddr", (raw) => raw >>> 0);

/** One field of a message: its MINIX name, its place, its size and its type. */
export interface Field<T> {
  readonly place: string; // MINIX's name, for example "m2.i1"
  readonly offset: number; // bytes from the start of the message
  readonly bytes: number;
  readonly type: string;
  /** The word of the message that it is, where a write is just a store of the value there. */
  readonly word?: number;
  readonly read: (message: Message) => T;
  readonly write: (message: Message, value: T) => void;
}

/** Binds a place of the message to a type: `m2.i1(grantId)`. */
export type Place = <T>(type: FieldType<T>) => Field<T>;

function word(place: string, offset: number): Place {
  const index = offset >> 2;
  return (type) => ({
    place, offset, bytes: 4, type: type.name, word: type.plain === true ? index : -1,
    read: (message) => type.fromWire(message[index] as number),
    write: type.plain === true
      ? (message, value) => {
        message[index] = value as number;
      }
      : (message, value) => {
        message[index] = type.toWire(value);
      },
  });
}
function short(place: string, offset: number): Place {
  return (type) => ({
    place, offset, bytes: 2, type: type.name,
    read: (message) => type.fromWire(getShort(message, offset)),
    write: (message, value) => setShort(message, offset, type.toWire(value)),
  });
}
function byte(place: string, offset: number): Place {
  return (type) => ({
    place, offset, bytes: 1, type: type.name,
    read: (message) => type.fromWire(getByte(message, offset)),
    write: (message, value) => setByte(message, offset, type.toWire(value)),
  });
}
/** A string of at most `bytes` bytes, ended by a NUL where it is shorter. One character a byte (Latin-1). Whole words. */
function text(place: string, offset: number, bytes: number): Field<string> {
  return {
    place, offset, bytes, type: `char[${bytes}]`,
    read: (message) => {
      let result = "";
      for (let i = 0; i < bytes; i++) {
        const code = getByte(message, offset + i);
        if (code === 0) break;
        result += String.fromCharCode(code);
      }
      return result;
    },
    write: (message, value) => {
      for (let at = 0; at < bytes; at += 4) {
        let word = 0;
        for (let i = at; i < at + 4 && i < value.length; i++) word |= (value.charCodeAt(i) & 0xff) << ((i - at) << 3);
        message[(offset + at) >> 2] = word;
      }
    },
  };
}

// The ten payload forms of MINIX 3.2.0 (reference/kernel.md 2.3).
export const m1 = {
  i1: word("m1.i1", 8), i2: word("m1.i2", 12), i3: word("m1.i3", 16),
  p1: word("m1.p1", 20), p2: word("m1.p2", 24), p3: word("m1.p3", 28),
} as const;
export const m2 = {
  i1: word("m2.i1", 8), i2: word("m2.i2", 12), i3: word("m2.i3", 16), l1: word("m2.l1", 20), l2: word("m2.l2", 24),
  p1: word("m2.p1", 28), s1: short("m2.s1", 32),
} as const;
export const m3 = {
  i1: word("m3.i1", 8), i2: word("m3.i2", 12), p1: word("m3.p1", 16), ca1: (): Field<string> => text("m3.ca1", 20, 16),
} as const;
export const m4 = {
  l1: word("m4.l1", 8), l2: word("m4.l2", 12), l3: word("m4.l3", 16), l4: word("m4.l4", 20), l5: word("m4.l5", 24),
} as const;
export const m5 = {
  s1: short("m5.s1", 8), s2: short("m5.s2", 10), i1: word("m5.i1", 12), i2: word("m5.i2", 16),
  l1: word("m5.l1", 20), l2: word("m5.l2", 24), l3: word("m5.l3", 28),
} as const;
export const m6 = {
  l1: word("m6.l1", 8), l2: word("m6.l2", 12), l3: word("m6.l3", 16), s1: short("m6.s1", 20), s2: short("m6.s2", 22),
  s3: short("m6.s3", 24), c1: byte("m6.c1", 26), c2: byte("m6.c2", 27), p1: word("m6.p1", 28), p2: word("m6.p2", 32),
} as const;
export const m7 = {
  i1: word("m7.i1", 8), i2: word("m7.i2", 12), i3: word("m7.i3", 16), i4: word("m7.i4", 20), i5: word("m7.i5", 24),
  p1: word("m7.p1", 28), p2: word("m7.p2", 32),
} as const;
export const m8 = {
  i1: word("m8.i1", 8), i2: word("m8.i2", 12), p1: word("m8.p1", 16), p2: word("m8.p2", 20), p3: word("m8.p3", 24),
  p4: word("m8.p4", 28),
} as const;
export const m9 = {
  l1: word("m9.l1", 8), l2: word("m9.l2", 12), l3: word("m9.l3", 16), l4: word("m9.l4", 20), l5: word("m9.l5", 24),
  s1: short("m9.s1", 28), s2: short("m9.s2", 30), s3: short("m9.s3", 32), s4: short("m9.s4", 34),
} as const;
export const m10 = {
  i1: word("m10.i1", 8), i2: word("m10.i2", 12), i3: word("m10.i3", 16), i4: word("m10.i4", 20),
  l1: word("m10.l1", 24), l2: word("m10.l2", 28), l3: word("m10.l3", 32),
} as const;

/** m_type of a reply, where a call answers with a number of its own (a pid, a count) instead of 0. */
export const mtype: Place = word("m_type", 4);
