import { expect, it } from "vitest";
import { matchKey } from "./key-sequences.ts";

const bytesOf = (text: string): number[] => Array.from(text, (one) => one.charCodeAt(0));
const all = (): boolean => true;

it.each([
  ["\u001bOP", 0], ["\u001b[11~", 0], ["\u001b[[A", 0], ["\u001bOS", 3], ["\u001b[14~", 3], ["\u001b[15~", 4], ["\u001b[[E", 4], ["\u001b[17~", 5],
  ["\u001b[21~", 9], ["\u001b[23~", 10], ["\u001b[24~", 11], ["\u001b[1;2P", 12], ["\u001b[11;2~", 12], ["\u001bO2S", 15], ["\u001b[25~", 12],
  ["\u001b[34~", 19], ["\u001b[15;2~", 16], ["\u001b[24;2~", 23],
])("%j is key %i, and each beginning of it may become one", (text, key) => {
  const bytes = bytesOf(text);
  expect(matchKey([...bytes, 65], 0, all)).toEqual({ kind: "key", key, length: bytes.length });
  expect(matchKey([65, ...bytes], 1, all)).toEqual({ kind: "key", key, length: bytes.length });
  for (let length = 1; length < bytes.length; length++) expect(matchKey(bytes.slice(0, length), 0, all)).toEqual({ kind: "part" });
});

it.each(["x", "\u001bx", "\u001b[A", "\u001bOA", "\u001b[16~", "\u001b[11;5~", "\u001b[111~", "\u001b[3~", "\u001b\u001b[11~"])("%j is no key", (text) => {
  expect(matchKey(bytesOf(text), 0, all)).toBeNull();
});

it("what nobody wants is no key, and not the beginning of one", () => {
  const f2 = (key: number): boolean => key === 1;
  expect(matchKey(bytesOf("\u001b[11~"), 0, f2)).toBeNull();
  expect(matchKey(bytesOf("\u001b["), 0, f2)).toEqual({ kind: "part" });
  expect(matchKey(bytesOf("\u001b["), 0, () => false)).toBeNull();
});
