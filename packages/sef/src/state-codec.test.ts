import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeState } from "./decode-state.ts";
import { encodeState } from "./state-codec.ts";

it("gives every plain value back", () => {
  const plain = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, undefined, true, false, -0, Number.NaN),
      fc.integer(), fc.double(), fc.string(), fc.bigInt(), fc.uint8Array(), fc.int32Array(),
      fc.array(tie("value")),
      fc.array(fc.tuple(fc.string(), tie("value"))).map((pairs) => new Map(pairs)),
      fc.array(fc.integer()).map((items) => new Set(items)),
      fc.dictionary(fc.string().filter((key) => key !== "__proto__"), tie("value"), { noNullPrototype: true }),
    ),
  })).value;
  fc.assert(
    fc.property(plain, (value) => {
      expect(decodeState(encodeState(value))).toEqual(value);
    }),
  );
});

it("names the path of what is no plain data", () => {
  expect(() => encodeState({ a: [1, { run: () => 0 }] })).toThrow("state.a[1].run is a function");
  expect(() => encodeState({ when: new (class Clock {})() })).toThrow("state.when is no plain data");
});

it("refuses bytes that end too early or go on too long", () => {
  const bytes = encodeState(["text", 7]);
  expect(() => decodeState(bytes.subarray(0, bytes.length - 1))).toThrow("end too early");
  expect(() => decodeState(Uint8Array.from([...bytes, 0]))).toThrow("left over");
});
