import { createImage, openImage } from "@procyon-os/mfs-format";
import { expect, it } from "vitest";
import { by, disk, MEGABYTE, mounted, pattern, same, unmount } from "../test/disk.ts";
import type { MountedFs } from "../test/scripted-vfs.ts";

const BYTES = MEGABYTE;
const STEP = 64 * 1024;
const content = pattern(BYTES, 1);

/** Whether a file is what it should be, read from its start to its end. */
function isRight(fs: MountedFs, inode: number): boolean {
  let right = true;
  for (let at = 0; at < BYTES; at += STEP) right &&= same(fs.read(inode, at, STEP), content.subarray(at, at + STEP));
  return right;
}

/** A disk with two files that are larger than the cache, both open. */
function scene(capacity: number): { fs: MountedFs; big: number; copy: number; finish: () => void } {
  const store = disk();
  createImage(store).writeFile("/big", content, by);
  const fs = mounted(store);
  fs.vm.capacity = capacity;
  const [big, copy] = [fs.open("big"), fs.create(1, "copy")];
  const finish = (): void => {
    fs.put(big);
    fs.put(copy);
    unmount(fs, store);
    expect(same(openImage(store).readFile("/copy"), content)).toBe(true);
  };
  for (let at = 0; at < BYTES; at += STEP) fs.write(copy, at, content.subarray(at, at + STEP));
  expect(isRight(fs, big)).toBe(true);
  return { fs, big, copy, finish };
}

it("what does not fit into the cache comes from VM when it is read again, and not from the disk", () => {
  const { fs, big, copy, finish } = scene(1000);
  fs.disk.requests.length = 0;
  for (let round = 0; round < 3; round++) expect([isRight(fs, big), isRight(fs, copy)]).toEqual([true, true]);
  expect(fs.vm.hits).toBeGreaterThan(100);
  expect(fs.disk.requests.length).toBeLessThan(20);
  finish();
});

it("what VM has forgotten, or refuses, is read from the disk", () => {
  const { fs, big, copy, finish } = scene(20);
  fs.vm.refuseEvery = 3;
  for (let round = 0; round < 3; round++) {
    expect([isRight(fs, big), isRight(fs, copy)]).toEqual([true, true]);
    fs.write(copy, round * 3000, content.subarray(round * 3000, round * 3000 + 100));
  }
  expect(fs.vm.refused).toBeGreaterThan(10);
  finish();
});

it("what is changed on disk behind VM's back does not come from VM", () => {
  const { fs, big, copy, finish } = scene(1000);
  fs.call("truncate", { inode: copy, start: 1000, startHigh: 0, end: 0, endHigh: 0 });
  isRight(fs, big); // takes the place of what is left
  for (let at = 0; at < BYTES; at += STEP) fs.write(copy, at, content.subarray(at, at + STEP));
  fs.call("sync", {});
  isRight(fs, big);
  expect(isRight(fs, copy)).toBe(true);
  finish();
});
