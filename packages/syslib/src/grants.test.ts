import { CPF_MAP, CPF_READ, CPF_WRITE, decodeGrant, GRANT_BYTES, grantSlot } from "@procyon-os/contract-kernel";
import { fail, type Endpoint, type GrantId } from "@procyon-os/message";
import { expect, it } from "vitest";
import { run } from "../test/run-program.ts";
import { grantDirect, grantIndirect, grantsInUse, lookUpGrant, revoke, setGrantDirect } from "./grants.ts";
import { heapInUse } from "./heap.ts";

const CLIENT = 42 as Endpoint;

it("keeps every grant that lives when the table grows from 16 to 32", () => {
  const { harness } = run(function* () {
    for (let i = 0; i < 17; i++) expect(grantSlot(yield* grantDirect(CLIENT, 0x2000 + i, 10 + i, CPF_READ))).toBe(i);
  });
  const { address, entries } = harness.grantTable;
  expect(entries).toBe(32);
  const starts = Array.from({ length: 32 }, (_, i) => decodeGrant(harness.memory, address + i * GRANT_BYTES)).map((one) => (one.kind === "direct" ? one.start : null));
  expect(starts).toEqual([...Array.from({ length: 17 }, (_, i) => 0x2000 + i), ...Array.from({ length: 15 }, () => null)]);
});

it("gives a revoked slot to the next grant, and gives the table before back", () => {
  run(function* () {
    const grants: GrantId[] = [];
    for (let i = 0; i < 40; i++) grants.push(yield* grantDirect(CLIENT, 0x2000, 4, CPF_WRITE));
    expect(heapInUse()).toBe(64 * GRANT_BYTES);
    const seventh = grants[7] as GrantId;
    expect(yield* revoke(seventh)).toEqual({ ok: true, value: null });
    expect(yield* revoke(seventh)).toEqual({ ok: false, error: "EINVAL" });
    const next = yield* grantIndirect(CLIENT, 5 as Endpoint, 3 as GrantId);
    expect([grantSlot(next), next === seventh]).toEqual([7, false]);
    expect(yield* lookUpGrant(seventh)).toBe(null);
    expect(yield* lookUpGrant(next)).toMatchObject({ kind: "indirect", from: 5, grant: 3 });
    expect(grantsInUse()).toBe(40);
  });
});

it("keeps the table before, and what is in it, where the kernel refuses a larger one", () => {
  let refuse = false;
  run(function* () {
    const grants: GrantId[] = [];
    for (let i = 0; i < 16; i++) grants.push(yield* grantDirect(CLIENT, 0x2000 + i, 4, CPF_READ));
    const before = heapInUse();
    refuse = true;
    let refusal = "";
    try {
      yield* grantDirect(CLIENT, 0x3000, 4, CPF_READ);
    } catch (error) {
      refusal = String(error);
    }
    expect(refusal).toContain("refuses the grant table: EPERM");
    expect(heapInUse()).toBe(before);
    expect(yield* lookUpGrant(grants[15] as GrantId)).toMatchObject({ kind: "direct", start: 0x200f });
  }, { kernel: { setgrant: () => (refuse ? fail("EPERM") : { ok: true, value: {} }) } });
});

it("keeps a mapped grant that cannot be unmapped", () => {
  run(function* () {
    const grant = yield* grantDirect(CLIENT, 0x4000, 4096, CPF_READ | CPF_MAP);
    expect(yield* revoke(grant)).toEqual({ ok: false, error: "ENOMEM" });
    expect(grantsInUse()).toBe(1);
  }, { kernel: { saferevmap: () => fail("ENOMEM") } });
});

it.each([
  ["access that is none", function* () { yield* grantDirect(CLIENT, 0, 1, 0x200); }],
  ["a mapping that is not of whole pages", function* () { yield* grantDirect(CLIENT, 0x4000, 100, CPF_READ | CPF_MAP); }],
  ["a change of a grant that is not there", function* () { yield* setGrantDirect(3 as GrantId, CLIENT, 0, 1, CPF_READ); }],
])("stops a program that asks for %s", (_what, body) => {
  expect(() => run(body)).toThrow("grant");
});
