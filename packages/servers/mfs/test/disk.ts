import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REQ_ISROOT } from "@procyon-os/contract-fs";
import { createImage, MemoryStore, openImage } from "@procyon-os/mfs-format";
import { expect } from "vitest";
import { MountedFs } from "./scripted-vfs.ts";

export const MEGABYTE: number = 1 << 20;
export const by = { mode: 0o644, uid: 3, gid: 4, mtime: 5 } as const;

const environment = { env: { ...process.env, PATH: `${process.env["PATH"]}:/sbin:/usr/sbin` }, encoding: "utf8" } as const;
const hasFsck = spawnSync("fsck.minix", ["--version"], environment).status === 0;

/** What Linux's fsck.minix has to say; it knows blocks of 1 KB only. */
function fsck(bytes: Uint8Array): { status: number | null; complaints: string[] } {
  const folder = mkdtempSync(join(tmpdir(), "mfs-"));
  const file = join(folder, "disk.img");
  writeFileSync(file, bytes);
  const { status, stdout } = spawnSync("fsck.minix", ["-f", file], environment);
  rmSync(folder, { recursive: true });
  return { status, complaints: stdout.split("\n").filter((line) => line !== "" && !line.startsWith("Forcing")) };
}

/** Everything that must hold of a disk after an orderly unmount. */
export function expectClean(store: MemoryStore): void {
  const image = openImage(store);
  expect(image.check()).toEqual([]);
  expect(image.clean).toBe(true);
  if (hasFsck && image.blockSize === 1024) expect(fsck(store.bytes)).toEqual({ status: 0, complaints: [] });
}

/** Bytes that differ from place to place. */
export function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Whether bytes are the same; faster than toEqual on large arrays. */
export const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** A disk with an empty file system. */
export function disk(blockSize = 1024, megabytes = 8): MemoryStore {
  const store = new MemoryStore(megabytes * MEGABYTE);
  createImage(store, { blockSize });
  return store;
}

/** A server that has mounted a disk. */
export function mounted(store: MemoryStore, flags: number = REQ_ISROOT): MountedFs {
  const fs = new MountedFs(store);
  expect(fs.mount(flags)).toMatchObject({ ok: true, value: { inode: 1, mode: 0o40755, concurrentRequests: 1 } });
  return fs;
}

/** Unmounts, and looks at what is then on the disk. */
export function unmount(fs: MountedFs, store: MemoryStore): void {
  expect(fs.call("unmount", {})).toEqual({ ok: true, value: {} });
  expectClean(store);
}
