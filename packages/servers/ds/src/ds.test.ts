import {
  DSF_INITIAL, DSF_OVERWRITE, DSF_PRIV_OVERWRITE, DSF_PRIV_RETRIEVE, DSF_PRIV_SUBSCRIBE, DSF_TYPE_LABEL, DSF_TYPE_MAP, DSF_TYPE_MEM,
  DSF_TYPE_STR, DSF_TYPE_U32, DS_ENTRY_BYTES, DS_TABLE_BYTES, NR_DS_KEYS, SI_DATA_STORE, decodeDsEntry, dsContract,
} from "@procyon-os/contract-ds";
import { RPROCPUB_BYTES, SEF_INIT_RESTART, encodeRprocPub } from "@procyon-os/contract-rs";
import { DS, LOG, NOTIFY, RS, TTY, type Endpoint, type GrantId, type VirtAddr } from "@procyon-os/message";
import { ServiceHarness } from "@procyon-os/service-harness";
import { beforeEach, describe, expect, it } from "vitest";
import { ds as image } from "./index.ts";

const STRANGER = 77777 as Endpoint;

function rprocTable(): Uint8Array {
  const table = new Uint8Array(64 * RPROCPUB_BYTES);
  const services: [string, Endpoint][] = [["rs", RS], ["ds", DS], ["tty", TTY], ["log", LOG]];
  services.forEach(([label, endpoint], index) => {
    const entry = encodeRprocPub({
      inUse: true, sysFlags: 0, endpoint, deviceFlags: 0, major: 0, deviceStyle: 0, deviceStyle2: 0, label, processName: label, vmCalls: [0, 0],
    });
    table.set(entry, index * RPROCPUB_BYTES);
  });
  return table;
}

let harness: ServiceHarness;
beforeEach(() => {
  harness = new ServiceHarness(image, { endpoint: DS, rprocTable: rprocTable() });
});

const key = (owner: Endpoint, text: string): { key: GrantId; keyLength: number } => ({ key: harness.grant(owner, text), keyLength: text.length + 1 });
const publish = (owner: Endpoint, name: string, value: number, flags: number = DSF_TYPE_U32) =>
  harness.call(dsContract, owner, "publish", { ...key(owner, name), flags, value, valueLength: 4 });
const publishBytes = (owner: Endpoint, name: string, bytes: Uint8Array | string, flags: number) => {
  const value = harness.grant(owner, bytes);
  return harness.call(dsContract, owner, "publish", {
    ...key(owner, name), flags, value, valueLength: typeof bytes === "string" ? bytes.length + 1 : bytes.length,
  });
};
const retrieve = (owner: Endpoint, name: string, flags: number = DSF_TYPE_U32) =>
  harness.call(dsContract, owner, "retrieve", { ...key(owner, name), flags, value: 0, valueLength: 0, snapshot: 0 });
function retrieveBytes(owner: Endpoint, name: string, flags: number, room: number): string {
  const value = harness.grant(owner, new Uint8Array(room));
  const got = harness.call(dsContract, owner, "retrieve", { ...key(owner, name), flags, value, valueLength: room, snapshot: 0 });
  if (got === null || !got.ok) return String(got?.error);
  return String.fromCharCode(...(harness.clients.bytes(owner, value) as Uint8Array).subarray(0, got.value.valueLength));
}
const remove = (owner: Endpoint, name: string, flags: number = DSF_TYPE_U32) => harness.call(dsContract, owner, "delete", { ...key(owner, name), flags });
const subscribe = (owner: Endpoint, pattern: string, flags = 0) => harness.call(dsContract, owner, "subscribe", { ...key(owner, pattern), flags });
function check(owner: Endpoint): string {
  const grant = harness.grant(owner, new Uint8Array(80));
  const got = harness.call(dsContract, owner, "check", { key: grant, keyLength: 80 });
  if (got === null || !got.ok) return String(got?.error);
  const text = String.fromCharCode(...(harness.clients.bytes(owner, grant) as Uint8Array)).replace(/\0.*/s, "");
  return `${text} ${got.value.flags} ${got.value.owner}`;
}
const notified = (what: () => unknown): number[] => {
  const before = harness.sent.length;
  what();
  return harness.sent.slice(before).filter(({ how }) => how === NOTIFY).map(({ to }) => to);
};
const done = { ok: true, value: {} };
const error = (name: string) => ({ ok: false, error: name });

describe("values", () => {
  it("keeps a number until it is overwritten or deleted, with the errors of the reference", () => {
    expect(publish(TTY, "test_u32", 1234)).toEqual(done);
    expect(retrieve(LOG, "test_u32")).toMatchObject({ ok: true, value: { value: 1234 } });
    expect(publish(TTY, "test_u32", 4321)).toEqual(error("EEXIST"));
    expect(publish(TTY, "test_u32", 4321, DSF_TYPE_U32 | DSF_OVERWRITE)).toEqual(done);
    expect(retrieve(STRANGER, "test_u32")).toMatchObject({ value: { value: 4321 } });
    expect(remove(LOG, "test_u32")).toEqual(error("EPERM"));
    expect(remove(TTY, "test_u32")).toEqual(done);
    expect(retrieve(TTY, "test_u32")).toEqual(error("ESRCH"));
  });

  it("keeps strings and memory apart from numbers of the same key, and copies what fits", () => {
    publish(TTY, "k", 1);
    expect(publishBytes(TTY, "k", "a string of 24 characters", DSF_TYPE_STR)).toEqual(done);
    expect(publishBytes(TTY, "k", Uint8Array.of(65, 66, 67), DSF_TYPE_MEM)).toEqual(done);
    expect(retrieveBytes(LOG, "k", DSF_TYPE_STR, 8)).toBe("a string");
    expect(retrieveBytes(LOG, "k", DSF_TYPE_MEM, 100)).toBe("ABC");
    expect(publishBytes(TTY, "k", new Uint8Array(40_000).fill(90), DSF_TYPE_MEM | DSF_OVERWRITE)).toEqual(done);
    expect(retrieveBytes(LOG, "k", DSF_TYPE_MEM, 50_000)).toBe("Z".repeat(40_000));
    expect(retrieve(TTY, "k")).toMatchObject({ value: { value: 1 } });
  });

  it("ends a string with a NUL even where its owner did not", () => {
    publishBytes(TTY, "s", Uint8Array.of(65, 66, 67), DSF_TYPE_STR);
    expect(retrieveBytes(TTY, "s", DSF_TYPE_STR, 10)).toBe("AB\0");
  });

  it("lets only the owner do what private flags keep for it", () => {
    publish(TTY, "mine", 7, DSF_TYPE_U32 | DSF_PRIV_RETRIEVE | DSF_PRIV_OVERWRITE);
    expect(retrieve(LOG, "mine")).toEqual(error("EPERM"));
    expect(retrieve(TTY, "mine")).toMatchObject({ ok: true });
    expect(publish(LOG, "mine", 8, DSF_TYPE_U32 | DSF_OVERWRITE)).toEqual(error("EPERM"));
    expect(publish(STRANGER, "other", 8)).toEqual(error("EPERM"));
  });

  it.each([
    ["a key of one byte", () => harness.call(dsContract, TTY, "publish", { key: harness.grant(TTY, ""), keyLength: 1, flags: DSF_TYPE_U32, value: 1, valueLength: 4 }), "EINVAL"],
    ["a key of 81 bytes", () => publish(TTY, "k".repeat(80), 1), "EINVAL"],
    ["a grant that is not there", () => harness.call(dsContract, TTY, "publish", { key: 999 as GrantId, keyLength: 4, flags: DSF_TYPE_U32, value: 1, valueLength: 4 }), "EPERM"],
    ["two types", () => publish(TTY, "two", 1, DSF_TYPE_U32 | DSF_TYPE_MEM), "EINVAL"],
    ["no type", () => publish(TTY, "none", 1, 0), "EINVAL"],
    ["a map over a map", () => publish(TTY, "map", 1, DSF_TYPE_MAP | DSF_OVERWRITE), "EINVAL"],
    ["a map of no whole pages", () => publish(TTY, "map", 1, DSF_TYPE_MAP), "EINVAL"],
    ["a value that is too big", () => harness.call(dsContract, TTY, "publish", { ...key(TTY, "big"), flags: DSF_TYPE_MEM, value: 1, valueLength: 0x7fff_ffff }), "ENOMEM"],
    ["a label, by another than RS", () => publish(TTY, "name", 9, DSF_TYPE_LABEL), "EPERM"],
  ] as const)("refuses %s", (_what, attempt, expected) => {
    expect(attempt()).toEqual(error(expected));
  });

  it("has 128 slots, and one that is deleted is free again", () => {
    const free = NR_DS_KEYS - 4; // the labels
    for (let i = 0; i < free; i++) expect(publish(TTY, `key${i}`, i)).toEqual(done);
    expect(publish(TTY, "more", 1)).toEqual(error("ENOMEM"));
    expect(remove(TTY, "key5")).toEqual(done);
    expect(publish(TTY, "more", 1)).toEqual(done);
  });
});

describe("labels", () => {
  it("knows the boot services, and both ways between label and endpoint", () => {
    expect(retrieve(STRANGER, "tty", DSF_TYPE_LABEL)).toMatchObject({ value: { value: TTY } });
    const grant = harness.grant(STRANGER, new Uint8Array(80));
    expect(harness.call(dsContract, STRANGER, "retrieveLabel", { key: grant, keyLength: 80, endpoint: LOG })).toEqual(done);
    expect(String.fromCharCode(...(harness.clients.bytes(STRANGER, grant) as Uint8Array).subarray(0, 4))).toBe("log\0");
    expect(harness.call(dsContract, STRANGER, "retrieveLabel", { key: grant, keyLength: 80, endpoint: STRANGER })).toEqual(error("ESRCH"));
  });

  it("forgets all that a dead service owned when RS deletes its label, and tells who subscribed", () => {
    publish(RS, "at_wini", STRANGER, DSF_TYPE_LABEL);
    publish(STRANGER, "drv.blk.at_wini", 1);
    subscribe(STRANGER, "nothing");
    subscribe(TTY, "drv\\..*", DSF_INITIAL);
    const told = notified(() => expect(remove(RS, "at_wini", DSF_TYPE_LABEL)).toEqual(done));
    expect(told).toEqual([TTY]);
    expect(check(TTY)).toBe("ENOENT");
    expect(retrieve(TTY, "drv.blk.at_wini")).toEqual(error("ESRCH"));
    expect(check(STRANGER)).toBe("ESRCH");
    expect(publish(STRANGER, "again", 1)).toEqual(error("EPERM"));
  });
});

describe("subscriptions", () => {
  it("[D02] notifies on publish, overwrite and delete of what matches as a whole, and check takes one key each time", () => {
    expect(subscribe(LOG, "drv\\.[bc]..\\..*")).toEqual(done);
    expect(notified(() => publish(TTY, "drv.chr.tty", 1))).toEqual([LOG]);
    expect(notified(() => publish(TTY, "drv.blk.x", 1))).toEqual([LOG]);
    expect(notified(() => publish(TTY, "xdrv.blk.x", 1))).toEqual([]);
    expect(check(LOG)).toBe(`drv.chr.tty ${DSF_TYPE_U32} ${TTY}`);
    expect(check(LOG)).toBe(`drv.blk.x ${DSF_TYPE_U32} ${TTY}`);
    expect(check(LOG)).toBe("ENOENT");
    expect(notified(() => publish(TTY, "drv.blk.x", 2, DSF_TYPE_U32 | DSF_OVERWRITE))).toEqual([LOG]);
    expect(notified(() => remove(TTY, "drv.blk.x"))).toEqual([LOG]);
    expect(check(LOG)).toBe("ENOENT");
  });

  it("gives what is there already with DSF_INITIAL, restricted to the types asked for", () => {
    publish(TTY, "a", 1);
    publishBytes(TTY, "b", "text", DSF_TYPE_STR);
    expect(notified(() => subscribe(LOG, "[ab]", DSF_INITIAL | DSF_TYPE_STR))).toEqual([LOG]);
    expect(check(LOG)).toBe(`b ${DSF_TYPE_STR} ${TTY}`);
    expect(check(LOG)).toBe("ENOENT");
  });

  it("has one for each label, replaced only with DSF_OVERWRITE, and never by a bad pattern", () => {
    subscribe(LOG, "old");
    expect(subscribe(LOG, "new")).toEqual(error("EEXIST"));
    expect(subscribe(LOG, "(", DSF_OVERWRITE)).toEqual(error("EINVAL"));
    expect(notified(() => publish(TTY, "old", 1))).toEqual([LOG]);
    expect(subscribe(LOG, "new", DSF_OVERWRITE)).toEqual(done);
    expect(check(LOG)).toBe("ENOENT");
    expect(subscribe(STRANGER, "x")).toEqual(error("ESRCH"));
    expect(check(TTY)).toBe("ESRCH");
  });

  it("keeps private entries from others' subscriptions", () => {
    subscribe(LOG, ".*");
    subscribe(TTY, ".*");
    expect(notified(() => publish(TTY, "secret", 1, DSF_TYPE_U32 | DSF_PRIV_SUBSCRIBE))).toEqual([TTY]);
  });
});

it("copies its table for dumps, of the right size only", () => {
  publish(TTY, "dumped", 99);
  const where = 0x2000 as VirtAddr;
  expect(harness.call(dsContract, LOG, "getSysInfo", { what: SI_DATA_STORE, size: 8, where })).toEqual(error("EINVAL"));
  expect(harness.call(dsContract, LOG, "getSysInfo", { what: SI_DATA_STORE, size: DS_TABLE_BYTES, where })).toEqual(done);
  expect(decodeDsEntry(harness.clients.space(LOG), where + 4 * DS_ENTRY_BYTES)).toMatchObject({ key: "dumped", owner: "tty", value: 99 });
});

it("goes on with everything that was published when an instance takes the place of one that died", () => {
  publish(TTY, "kept", 42);
  subscribe(LOG, "kept", DSF_INITIAL);
  const dead = 4242 as Endpoint;
  // The dead instance's memory lies behind its own grant 0: the new one reads it from there.
  harness = new ServiceHarness(image, { endpoint: DS, rprocTable: rprocTable(), initType: SEF_INIT_RESTART, oldEndpoint: dead, predecessor: harness });
  expect(retrieve(STRANGER, "kept")).toMatchObject({ value: { value: 42 } });
  expect(check(LOG)).toBe(`kept ${DSF_TYPE_U32} ${TTY}`);
});
