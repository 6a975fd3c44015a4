import { describe, expect, it } from "vitest";
import { breaksOf, compareContracts, replacementProblems } from "./compare-contracts.ts";
import { i32, m1, m2, u32 } from "./field.ts";
import { call, protocol, type Protocol } from "./protocol.ts";
import type { ServiceImage } from "./trap.ts";

const read = { about: "Reads.", request: { key: m1.i1(i32), length: m1.i2(i32) }, reply: { value: m2.l1(u32) }, repeatable: true, errors: { ESRCH: "no such key" } };
const drop = { about: "Drops.", request: { key: m1.i1(i32) }, reply: {}, repeatable: false, errors: {} };
const before = protocol({ name: "box", version: "1.0.0", base: 0x100, calls: { read: call(0, read), drop: call(1, drop) } });
const withRead = (changed: object, number = 0): Protocol<any> =>
  protocol({ name: "box", version: "1.1.0", base: 0x100, calls: { read: call(number, { ...read, ...changed }), drop: call(1, drop) } });

describe("a contract beside an older one", () => {
  it("is the same where only texts and version differ", () => {
    expect(compareContracts(before, withRead({ about: "Reads a value." }))).toEqual({ kind: "same", changes: [] });
  });

  it.each([
    ["a call", protocol({ ...before, calls: { ...before.calls, list: call(2, drop) } }), "list", "the call is new"],
    ["a request field", withRead({ request: { ...read.request, flags: m1.i3(u32) } }), "read", "the request field flags is new"],
    ["a reply field", withRead({ reply: { ...read.reply, owner: m2.l2(u32) } }), "read", "the reply field owner is new"],
    ["an error", withRead({ errors: { ...read.errors, EPERM: "not yours" } }), "read", "the error EPERM is new"],
  ])("is compatible with %s more", (_, after, name, why) => {
    expect(compareContracts(before, after)).toEqual({ kind: "compatible", changes: [{ breaks: false, call: name, why }] });
  });

  it("is compatible without an error, and without a request field that is read no more", () => {
    expect(compareContracts(before, withRead({ errors: {} })).kind).toBe("compatible");
    expect(compareContracts(before, withRead({ request: { key: read.request.key } })).kind).toBe("compatible");
  });

  it.each([
    ["a number that changed", withRead({}, 7), "box.read: the number changed from 256 to 263"],
    ["another base", { ...before, base: 0x200 }, "box.read: the number changed from 256 to 512"],
    ["a request field that moved", withRead({ request: { ...read.request, key: m1.i3(i32) } }), "box.read: the request field key moved from m1.i1 to m1.i3"],
    ["a field of another type", withRead({ request: { ...read.request, key: m1.i1(u32) } }), "box.read: the request field key changed its type from i32 to u32"],
    ["a reply field that is gone", withRead({ reply: {} }), "box.read: the reply field value is gone"],
    ["a call that may not be repeated", withRead({ repeatable: false }), "box.read: it may no longer be repeated after the server died, and old clients repeat it"],
    ["a call that is gone", protocol({ ...before, calls: { drop: before.calls.drop } }), "box.read: the call is gone"],
    ["another name", { ...before, name: "tin" }, "box: it is the contract tin, not box"],
  ])("is incompatible with %s, and the call is named", (_, after, first) => {
    const comparison = compareContracts(before, after);
    expect(comparison.kind).toBe("incompatible");
    expect(breaksOf("box", comparison)[0]).toBe(first);
  });

  it("does not give an old number a new meaning", () => {
    const after = protocol({ name: "box", version: "2.0.0", base: 0x100, calls: { read: before.calls.read, clear: call(1, drop) } });
    expect(breaksOf("box", compareContracts(before, after))).toEqual(["box.drop: the call is gone", "box.clear: it has the number 257, which was drop's"]);
  });
});

describe("a package in the place of another", () => {
  const image = (more: Partial<ServiceImage>): ServiceImage => ({ name: "box", version: "1.0.0", dataBytes: 0, stackBytes: 0, main: function* () {}, ...more });

  it("is judged by the contracts themselves where both have one", () => {
    expect(replacementProblems(image({ contract: before }), image({ contract: withRead({}, 7) }))).toHaveLength(1);
    expect(replacementProblems(image({ contract: before }), image({ contract: withRead({}) }))).toEqual([]);
  });

  it("keeps the state that is there, where both say what they keep", () => {
    const keeps = (name: string): ServiceImage => image({ contract: before, state: { name } });
    expect(replacementProblems(keeps("box"), keeps("tin"))).toEqual(['it keeps the state "tin", and there is that of "box"']);
    expect([replacementProblems(keeps("box"), keeps("box")), replacementProblems(keeps("box"), image({ contract: before })), replacementProblems(image({ contract: before }), keeps("tin"))]).toEqual([[], [], []]);
  });

  it("is judged by names and major versions where one side gives no more", () => {
    const provides = (version: string, name = "box"): ServiceImage => image({ provides: [{ name, version }] });
    expect(replacementProblems(image({ contract: before }), provides("1.4.0"))).toEqual([]);
    expect(replacementProblems(image({ contract: before }), provides("2.0.0"))).toEqual(["box: version 2.0.0 is provided, 1.0.0 is in use"]);
    expect(replacementProblems(provides("0.1.0"), provides("0.2.0"))).toEqual(["box: version 0.2.0 is provided, 0.1.0 is in use"]);
    expect(replacementProblems(provides("1.0.0"), provides("1.0.0", "tin"))).toEqual(["box: the package does not say that it provides this contract"]);
    expect(replacementProblems(image({ contract: before }), image({}))).toHaveLength(1);
    expect(replacementProblems(image({}), image({ contract: before }))).toEqual([]);
  });
});
