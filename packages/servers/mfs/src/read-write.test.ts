import { createImage, openImage } from "@procyon-os/mfs-format";
import { errorCode, VFS, type GrantId } from "@procyon-os/message";
import { describe, expect, it } from "vitest";
import { by, disk, MEGABYTE, mounted, pattern, same, unmount } from "../test/disk.ts";

describe.each([1024, 4096])("with blocks of %i bytes", (blockSize) => {
  it("what is written can be read back, by the server and from the disk", () => {
    const store = disk(blockSize);
    const fs = mounted(store);
    const content = pattern(700_001, 1); // reaches the double indirect block of 1 KB blocks
    const inode = fs.create(1, "file");
    for (let at = 0; at < content.length; at += 50_000) {
      expect(fs.write(inode, at, content.subarray(at, at + 50_000))).toMatchObject({ ok: true });
    }
    expect(same(fs.read(inode, 0, 800_000), content)).toBe(true);
    expect(same(fs.read(inode, 123_457, 70_000), content.subarray(123_457, 193_457))).toBe(true);
    expect(fs.read(inode, content.length, 10)).toHaveLength(0);
    expect(fs.stat(inode)).toMatchObject({ size: 700_001, uid: 3, gid: 4, links: 1, mode: 0o100644, device: 0x300, blockSize });
    fs.put(inode);
    unmount(fs, store);
    expect(same(openImage(store).readFile("/file"), content)).toBe(true);
  });

  it("holes read as zeros, truncation and freed ranges give blocks back", () => {
    const store = disk(blockSize);
    const before = openImage(store).usage();
    const fs = mounted(store);
    const inode = fs.create(1, "sparse");
    fs.write(inode, 600_000, pattern(10, 1));
    expect(fs.read(inode, 0, 600_000).every((byte) => byte === 0)).toBe(true);
    expect(same(fs.read(inode, 600_000, 10), pattern(10, 1))).toBe(true);
    fs.write(inode, 0, pattern(300_000, 2));
    const range = { inode, startHigh: 0, endHigh: 0 };
    expect(fs.call("truncate", { ...range, start: 1500, end: 250_000 })).toMatchObject({ ok: true });
    const expected = pattern(300_000, 2).fill(0, 1500, 250_000);
    expect(same(fs.read(inode, 0, 300_000), expected)).toBe(true);
    expect(fs.call("truncate", { ...range, start: 1000, end: 0 })).toMatchObject({ ok: true });
    expect(fs.call("truncate", { ...range, start: 5000, end: 0 })).toMatchObject({ ok: true });
    const grown = new Uint8Array(5000);
    grown.set(expected.subarray(0, 1000));
    expect(same(fs.read(inode, 0, 5000), grown)).toBe(true);
    fs.call("unlink", fs.named(1, "sparse"));
    fs.put(inode);
    unmount(fs, store);
    expect(openImage(store).usage()).toEqual(before);
  });

  it("a long directory is listed whole with a small buffer, and its slots are used again", () => {
    const store = disk(blockSize);
    const fs = mounted(store);
    expect(fs.call("mkdir", { ...fs.named(1, "d"), mode: 0o40755, uid: 0, gid: 0 })).toMatchObject({ ok: true });
    const directory = fs.open("d");
    const names = Array.from({ length: 100 }, (_, i) => `file-${i}`);
    for (const name of names) fs.put(fs.create(directory, name));
    expect(fs.names(directory, 100)).toEqual([".", "..", ...names]);
    const { size } = fs.stat(directory);
    for (const name of names.slice(0, 50)) expect(fs.call("unlink", fs.named(directory, name)).ok).toBe(true);
    for (const name of names.slice(0, 50)) fs.put(fs.create(directory, name));
    expect(fs.stat(directory).size).toBe(size);
    expect(fs.call("rmdir", fs.named(1, "d"))).toMatchObject({ error: "ENOTEMPTY" });
    for (const name of names) fs.call("unlink", fs.named(directory, name));
    fs.put(directory);
    expect(fs.call("rmdir", fs.named(1, "d"))).toEqual({ ok: true, value: {} });
    unmount(fs, store);
    expect(openImage(store).list("/")).toEqual([]);
  });
});

it("a full disk and a bad buffer stop a write where they must, and nothing leaks", () => {
  const store = disk(1024, 1);
  const fs = mounted(store);
  const inode = fs.create(1, "big");
  const first = fs.write(inode, 0, pattern(2 * MEGABYTE, 1));
  const written = first.ok ? first.value.bytes : 0;
  expect(written).toBeGreaterThan(900_000);
  expect(same(fs.read(inode, 0, 2 * MEGABYTE), pattern(2 * MEGABYTE, 1).subarray(0, written))).toBe(true);
  expect(fs.write(inode, written, pattern(1, 1))).toMatchObject({ error: "ENOSPC" });
  expect(fs.call("mkdir", { ...fs.named(1, "d"), mode: 0o40755, uid: 0, gid: 0 })).toMatchObject({ error: "ENOSPC" });
  fs.call("truncate", { inode, start: 10_000, startHigh: 0, end: 0, endHigh: 0 });
  const short = fs.harness.grant(VFS, pattern(3000, 2)); // the user says 9000
  expect(fs.call("write", { inode, grant: short, position: 10_000, positionHigh: 0, bytes: 9000 })).toMatchObject({ ok: true, value: { bytes: 240 + 2048 } });
  expect(fs.call("write", { inode, grant: 9999 as GrantId, position: 0, positionHigh: 0, bytes: 10 })).toMatchObject({ error: "EFAULT" });
  expect(fs.stat(inode).size).toBe(10_000 + 240 + 2048);
  fs.put(inode);
  unmount(fs, store);
});

it("reads ahead in few requests, and not after a seek", () => {
  const store = disk();
  const image = createImage(store);
  image.writeFile("/file", pattern(256 * 1024, 1), by);
  const fs = mounted(store);
  const inode = fs.open("file");
  fs.disk.requests.length = 0;
  for (let at = 0; at < 256 * 1024; at += 4096) expect(fs.read(inode, at, 4096)).toHaveLength(4096);
  expect(fs.disk.requests.length).toBeLessThan(8);
  fs.call("inhibitRead", { inode });
  fs.put(inode);
  unmount(fs, store);
  const again = mounted(store);
  const open = again.open("file");
  again.call("inhibitRead", { inode: open });
  again.disk.requests.length = 0;
  again.read(open, 100 * 1024, 2048);
  expect(again.disk.requests.at(-1)).toMatch(/\+2048$/);
});

it("writes back sorted and in few requests, on sync", () => {
  const store = disk();
  const fs = mounted(store);
  const inode = fs.create(1, "file");
  for (let at = 120; at >= 0; at -= 8) fs.write(inode, at * 1024, pattern(8 * 1024, at));
  fs.disk.requests.length = 0;
  fs.call("sync", {});
  const positions = fs.disk.requests.map((request) => Number(/\d+/.exec(request)?.[0]));
  expect(fs.disk.requests.every((request) => request.startsWith("write"))).toBe(true);
  expect(positions).toEqual([...positions].sort((a, b) => a - b));
  expect(positions.length).toBeLessThan(12);
});

it("a driver that dies in the middle of a request loses nothing, and nobody notices", () => {
  const store = disk();
  const content = pattern(200_000, 1);
  createImage(store).writeFile("/file", content, by);
  const fs = mounted(store);
  const inode = fs.open("file");
  const dead = errorCode("EDEADSRCDST");
  fs.disk.failures.push(dead);
  expect(same(fs.read(inode, 0, 100_000), content.subarray(0, 100_000))).toBe(true);
  fs.write(inode, 0, pattern(50_000, 2));
  fs.disk.failures.push(dead);
  fs.call("sync", {});
  fs.put(inode);
  unmount(fs, store);
  expect(same(openImage(store).readFile("/file").subarray(0, 50_000), pattern(50_000, 2))).toBe(true);
});

it("a block that cannot be read is EIO for that request and no other", () => {
  const store = disk();
  createImage(store).writeFile("/file", pattern(2000, 1), by);
  const fs = mounted(store);
  const inode = fs.open("file");
  for (let i = 0; i < 5; i++) fs.disk.failures.push(errorCode("EIO"));
  const grant = fs.harness.grant(VFS, new Uint8Array(100));
  const request = { inode, grant, position: 0, positionHigh: 0, bytes: 100 };
  expect(fs.call("read", request)).toMatchObject({ error: "EIO" });
  expect(fs.call("read", request)).toMatchObject({ ok: true, value: { bytes: 100 } });
});

it("a block device is read to its end and written through the cache, but not where the file system is mounted", () => {
  const store = disk();
  const fs = mounted(store);
  const other = 0x0301; // the fake driver has one disk behind every minor
  const transfer = (bytes: number, position: number) => ({ device: other, grant: fs.harness.grant(VFS, new Uint8Array(bytes)), position, positionHigh: 0, bytes });
  expect(fs.mount()).toMatchObject({ error: "EINVAL" }); // mounted already
  fs.call("newDriver", { device: other, grant: fs.harness.grant(VFS, "at_wini_0"), pathLength: 10 });
  const end = 8 * MEGABYTE;
  expect(fs.call("blockRead", transfer(8192, end - 3000))).toMatchObject({ error: "EIO" }); // VFS has not opened that minor
  expect(fs.call("blockRead", { ...transfer(8192, end - 3000), device: 0x300 })).toMatchObject({ ok: true, value: { bytes: 3000, position: end } });
  expect(fs.call("blockWrite", { ...transfer(1024, 1024), device: 0x300 })).toMatchObject({ error: "EPERM" });
  const nowhere = { device: 0x300, positionHigh: 0xffffffff, position: 0xffffffff, bytes: 0xffffffff };
  expect(fs.call("blockRead", { ...transfer(1024, 0), ...nowhere })).toMatchObject({ ok: true, value: { bytes: 0 } });
  expect(fs.call("blockWrite", { ...transfer(1024, 0), ...nowhere })).toEqual({ ok: false, error: "EIO" });
  expect(fs.call("flush", { device: 0x300 })).toMatchObject({ error: "EBUSY" });
  expect(fs.call("flush", { device: other })).toMatchObject({ ok: true });
});
