import { describe, expect, it } from "vitest";
import { asynEntry, bootImageEntry, decodeGrant, encodeGrant, kernelContract, kinfo, memoryMap, pointerSlot, privilegeEntry, processEntry, slotPointer, struct, uint32 } from "./index.ts";
import type { Endpoint } from "@procyon-os/message";

describe("the kernel contract", () => {
  it("has the numbers of MINIX 3.2.0", () => {
    const { calls } = kernelContract;
    expect([calls.fork.number, calls.newmap.number, calls.safecopyfrom.number, calls.vmctl.number, calls.statectl.number]).toEqual([0, 11, 31, 43, 55]);
  });
  it("has structures of MINIX's sizes", () => {
    expect([privilegeEntry.bytes, processEntry.bytes, bootImageEntry.bytes, kinfo.bytes, memoryMap.bytes, asynEntry.bytes]).toEqual([812, 972, 56, 72, 36, 48]);
  });
  it("encodes and decodes each kind of grant", () => {
    const grant = { kind: "magic", flags: 0x1900, from: 2 as Endpoint, to: 7 as Endpoint, start: 0xfffff000, length: 5 } as const;
    expect(decodeGrant(encodeGrant(grant))).toEqual(grant);
    expect(new DataView(encodeGrant(grant).buffer).getUint32(12, true)).toBe(0xfffff000);
  });
  it("gives every slot a pointer and back", () => {
    for (const slot of [-5, 0, 255, null]) expect(pointerSlot(slotPointer(slot))).toBe(slot);
  });
  it("refuses a structure whose fields overlap", () => {
    expect(() => struct("bad", 8, { a: [0, uint32], b: [2, uint32] })).toThrow("overlap");
  });
});
