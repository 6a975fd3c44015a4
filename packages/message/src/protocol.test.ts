import { expect, it } from "vitest";
import type { Endpoint, GrantId } from "./brand.ts";
import { bool, endpoint, grantId, i32, m1, m10, m2, m3, m4, m5, m6, m7, m8, m9, mtype, u32, type Field, type Place } from "./field.ts";
import { messageFromBytes, messageToBytes, newMessage } from "./message.ts";
import { call, callByNumber, decodeReply, decodeRequest, encodeReply, encodeRequest, protocol, type Fields } from "./protocol.ts";
import { fail, ok } from "./result.ts";

const nothing = { about: "", reply: {}, repeatable: false, errors: {} } as const;
const declare = (request: Fields, other = 2): unknown =>
  protocol({ name: "p", version: "0.1.0", base: 0, calls: { one: call(1, { ...nothing, request }), two: call(other, { ...nothing, request: {} }) } });

it.each([
  ["fields that overlap", () => declare({ a: m2.l1(u32), b: m1.p1(u32) }), "p.one request: fields a and b overlap at byte 20"],
  ["a short within a word", () => declare({ a: m5.i1(u32), b: m6.s1(u32), c: m9.l5(u32), d: m6.c1(u32) }), "fields c and d overlap at byte 26"],
  ["a number used twice", () => declare({}, 1), "p.two: number 1 is one's already"],
  ["m_type in a request", () => declare({ a: mtype(i32) }), "p.one: m_type of a request is its number, not the field a"],
])("refuses a contract with %s", (_what, make, report) => {
  expect(make).toThrow(report);
});

const fits: { readonly [bytes: number]: readonly number[] } = { 1: [0, 200, 255], 2: [-32768, -1, 32767], 4: [-2147483648, -1, 2147483647] };

it.each(Object.entries({ m1, m2, m3, m4, m5, m6, m7, m8, m9, m10 }))("gives back what was written to each field of %s, and touches no other", (_name, form) => {
  const places = Object.entries(form).map(([, place]) => place as Place).filter((place) => place.length > 0);
  const fields: Field<number>[] = places.map((place) => place(i32));
  for (const [index, field] of fields.entries()) {
    for (const value of fits[field.bytes] as readonly number[]) {
      const message = newMessage(7);
      for (const other of fields) other.write(message, 0x11);
      field.write(message, value);
      expect(field.read(message)).toBe(value);
      fields.forEach((other, at) => expect(at === index ? 0x11 : other.read(message)).toBe(0x11));
      expect([message[0], message[1]]).toEqual([0, 7]);
    }
  }
});

it("keeps texts of m3, cut to their 16 bytes", () => {
  const field = m3.ca1();
  const message = newMessage();
  for (const text of ["", "name", "exactly16letters"]) {
    field.write(message, text);
    expect(field.read(message)).toBe(text);
  }
  field.write(message, "more than sixteen letters");
  expect(field.read(message)).toBe("more than sixtee");
  expect([message[4], message[9]]).toEqual([0, undefined]);
  // A character is a byte: of one that is not, the lower eight bits are kept, and its neighbours are left alone.
  field.write(message, "\u00e9\u0141b");
  expect(field.read(message)).toBe("\u00e9Ab");
});

it("writes the same request field by field and as a whole, whatever the types of the fields", () => {
  const request = {
    flag: m10.i1(bool), word: m10.i2(u32), signed: m10.i3(i32), where: m10.i4(endpoint), grant: m10.l1(grantId), short: m9.s2(u32), byte: m6.c1(u32),
  };
  const one = call(3, { ...nothing, request });
  for (const word of [0, 1, -1, 0x7fffffff, 0xffffffff, 2 ** 32 + 5, 1.9]) {
    const values = { flag: word !== 0, word, signed: word, where: word as Endpoint, grant: word as GrantId, short: word, byte: word };
    const expected = newMessage(0x103);
    for (const [name, field] of Object.entries(request) as [keyof typeof request, Field<unknown>][]) field.write(expected, values[name]);
    expect(encodeRequest(0x100, one as never, values as never)).toEqual(expected);
    // In another order, with something that is no field, and where values come from a prototype.
    const backwards = Object.fromEntries(Object.entries({ ...values, more: 9 }).toReversed());
    expect(encodeRequest(0x100, one as never, backwards as never)).toEqual(expected);
    expect(encodeRequest(0x100, one as never, Object.create(values) as never)).toEqual(expected);
    const missing = Object.fromEntries(Object.entries(values).filter(([name]) => name !== "byte"));
    request.byte.write(expected, 0);
    expect(encodeRequest(0x100, one as never, missing as never)).toEqual(expected);
  }
});

it("writes a form whose fields another release of this package has made", () => {
  const { place, offset, bytes, type, read, write } = m1.i1(u32);
  const one = call(1, { ...nothing, request: { amount: { place, offset, bytes, type, read, write } } });
  expect(encodeRequest(0, one, { amount: 5 })[2]).toBe(5);
});

it("reads words as their types mean them", () => {
  const message = newMessage();
  m1.i1(i32).write(message, -1);
  expect(m1.i1(u32).read(message)).toBe(0xffffffff);
  expect(m1.i1(bool).read(message)).toBe(true);
  m1.i1(bool).write(message, false);
  expect(m1.i1(i32).read(message)).toBe(0);
});

it("lies in memory as 36 little-endian bytes", () => {
  const message = newMessage(0x0102);
  m2.s1(i32).write(message, -2);
  const bytes = messageToBytes(message);
  expect([bytes.length, bytes[4], bytes[5], bytes[32], bytes[33], bytes[34]]).toEqual([36, 2, 1, 0xfe, 0xff, 0]);
  expect(messageFromBytes(Uint8Array.from([9, ...bytes]), 1)).toEqual(message);
});

const contract = protocol({
  name: "demo", version: "0.1.0", base: 0x500,
  calls: {
    open: call(3, {
      about: "Opens.", request: { key: m1.i1(grantId), from: m1.i2(endpoint) }, reply: { fd: mtype(i32), size: m1.i1(u32) }, repeatable: true,
      errors: { ENOENT: "not there" },
    }),
  },
});
const { open } = contract.calls;

it("carries a request and its reply, or an error by its name", () => {
  const request = encodeRequest(contract.base, open, { key: 4 as GrantId, from: 8 as Endpoint });
  expect(request.slice(0, 4)).toEqual(Int32Array.of(0, 0x503, 4, 8));
  expect(decodeRequest(open, request)).toEqual({ key: 4, from: 8 });
  expect(decodeReply(open, encodeReply(open, ok({ fd: 5, size: 70 })))).toEqual(ok({ fd: 5, size: 70 }));
  expect(decodeReply(open, encodeReply(open, fail("ENOENT")))).toEqual(fail("ENOENT"));
  expect(decodeReply(open, newMessage(-12345))).toEqual(fail("EGENERIC"));
  const find = callByNumber(contract);
  expect([find(0x503), find(3), find(0x504)]).toEqual(["open", null, null]);
});

it("does not compile where kinds of numbers are mixed up or an error is not the contract's", () => {
  // @ts-expect-error an endpoint is no grant
  const wrong = (): unknown => encodeRequest(contract.base, open, { key: 4 as Endpoint, from: 8 as Endpoint });
  // @ts-expect-error open never answers EPERM
  const unknown: Parameters<typeof encodeReply<typeof open>>[1] & { error?: "ENOENT" } = fail("EPERM");
  expect([typeof wrong, typeof unknown]).toEqual(["function", "object"]);
});
