import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { createImage, MemoryStore, MfsError, openImage, S_IFBLK, S_IFCHR, S_IFIFO, type Image } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "mfs-format-"));
afterAll(() => rmSync(folder, { recursive: true }));

const by = { mode: 0o644, uid: 3, gid: 4, mtime: 1_000_000 };
const searchPath = `${process.env["PATH"]}:/sbin:/usr/sbin`;
const environment = { env: { ...process.env, PATH: searchPath }, encoding: "utf8" } as const;
const hasFsck = spawnSync("fsck.minix", ["--version"], environment).status === 0;
const hasMkfs = spawnSync("mkfs.minix", ["--version"], environment).status === 0;

/** What Debian's fsck.minix says; an empty string is a clean file system. */
function fsck(bytes: Uint8Array): string {
  const file = join(folder, "fsck.img");
  writeFileSync(file, bytes);
  const { status, stdout, stderr } = spawnSync("fsck.minix", ["-f", file], environment);
  const complaints = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("Forcing"));
  return status === 0 ? [...complaints, stderr].join("") : `status ${status}: ${stdout}${stderr}`;
}

/** Bytes that differ from block to block. */
function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Files of every kind, made, changed and removed. */
function exercise(image: Image): void {
  image.mkdir("/usr", { ...by, mode: 0o755 });
  image.mkdir("/usr/bin", { ...by, mode: 0o755 });
  image.writeFile("/usr/bin/double", pattern(900_000, 1), by); // reaches the double indirect block with blocks of 1 KB
  image.writeFile("/usr/bin/single", pattern(100_001, 2), by);
  image.writeFile("/empty", new Uint8Array(0), by);
  for (let i = 0; i < 70; i++) image.writeFile(`/usr/file${i}`, pattern(i * 37, i), by);
  for (let i = 0; i < 70; i += 2) image.remove(`/usr/file${i}`);
  image.mknod("/c0d0", S_IFBLK | 0o600, 0x0300, by);
  image.mknod("/tty", S_IFCHR | 0o666, 0x0500, by);
  image.mknod("/fifo", S_IFIFO | 0o600, 0, by);
  image.symlink("usr/bin", "/bin", by);
  image.link("/usr/bin/single", "/usr/again", 5);
  image.mkdir("/old", { ...by, mode: 0o700 });
  image.mkdir("/old/sub", { ...by, mode: 0o700 });
  image.rename("/old/sub", "/usr/sub", 6);
  image.rename("/usr/file1", "/usr/file3", 7);
  image.remove("/old");
  image.writeFile("/usr/bin/double", pattern(300_000, 3), by); // shorter than before
}

function expectExercised(image: Image): void {
  expect(Buffer.compare(image.readFile("/bin/double"), pattern(300_000, 3))).toBe(0);
  expect(Buffer.compare(image.readFile("/usr/again"), pattern(100_001, 2))).toBe(0);
  expect(image.readFile("/usr/file3")).toEqual(pattern(37, 1));
  expect(image.readFile("/empty")).toHaveLength(0);
  expect(image.stat("/bin")).toMatchObject({ target: "usr/bin", mode: 0o120777 });
  expect(image.stat("/c0d0")).toMatchObject({ device: 0x0300, mode: 0o060600, uid: 3, gid: 4, modificationTime: 1_000_000 });
  expect(image.stat("/usr/again").links).toBe(2);
  expect(image.list("/").map(({ name }) => name)).toEqual(["bin", "c0d0", "empty", "fifo", "tty", "usr"]);
  expect(image.list("/usr")).toHaveLength(2 + 35 - 1 + 1);
  expect(image.check()).toEqual([]);
}

it.each([1024, 4096])("an image with blocks of %i bytes gives back what was put in, also when it is opened anew", (blockSize) => {
  const store = new MemoryStore(8 << 20);
  const image = createImage(store, { blockSize });
  expect(image.clean).toBe(true);
  expect(image.check()).toEqual([]);
  const before = image.usage();
  exercise(image);
  expectExercised(image);
  expectExercised(openImage(store));
  for (const { name } of image.list("/")) image.remove(name, { recursive: true });
  expect(image.usage()).toEqual(before);
  expect(image.check()).toEqual([]);
});

it.skipIf(!hasFsck)("fsck.minix finds our images clean, empty and after many operations", () => {
  const store = new MemoryStore(8 << 20);
  const image = createImage(store);
  expect(fsck(store.bytes)).toBe("");
  exercise(image);
  expect(fsck(store.bytes)).toBe("");
  image.remove("/usr", { recursive: true });
  expect(fsck(store.bytes)).toBe("");
});

it.skipIf(!hasMkfs || !hasFsck)("an image of mkfs.minix -3 can be opened, filled and checked, and is then marked clean", () => {
  const file = join(folder, "mkfs.img");
  writeFileSync(file, "");
  truncateSync(file, 8 << 20);
  execFileSync("mkfs.minix", ["-3", file], environment);
  const store = new MemoryStore(new Uint8Array(readFileSync(file)));
  const image = openImage(store);
  expect(image.clean).toBe(false); // Linux knows no such flag
  expect(image.check()).toEqual([]);
  exercise(image);
  expectExercised(image);
  expect(image.clean).toBe(true);
  expect(fsck(store.bytes)).toBe("");
});

it.skipIf(!hasFsck)("fsck.minix and check agree that damage is damage", () => {
  const store = new MemoryStore(1 << 20);
  createImage(store).writeFile("/file", pattern(5000, 1), by);
  store.bytes[3 * 1024] = 0x07; // the zone bitmap forgets some of the file's five zones
  expect(openImage(store).check()).toEqual([38, 39, 40, 41].map((zone) => `/file: zone ${zone} is marked free`));
  expect(fsck(store.bytes)).not.toBe("");
});

const errorOf = (action: () => void): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof MfsError) return `${error.error} ${error.message}`;
    throw error;
  }
  return "no error";
};

it("names the error, the path and the reason", () => {
  const image = createImage(new MemoryStore(256 << 10));
  image.mkdir("/d", by);
  image.writeFile("/d/f", pattern(10, 1), by);
  image.symlink("loop", "/loop", by);
  expect(errorOf(() => image.readFile("/d/none"))).toMatchInlineSnapshot(`"ENOENT /d/none: no "none""`);
  expect(errorOf(() => image.readFile("/d/f/x"))).toMatchInlineSnapshot(`"ENOTDIR /d/f/x: what holds "x" is no directory"`);
  expect(errorOf(() => image.readFile("/loop"))).toMatchInlineSnapshot(`"ELOOP /loop: more than 16 symbolic links"`);
  expect(errorOf(() => image.readFile("/d"))).toMatchInlineSnapshot(`"EISDIR /d: is a directory"`);
  expect(errorOf(() => image.mkdir("/d", by))).toMatchInlineSnapshot(`"EEXIST /d: exists already"`);
  expect(errorOf(() => image.remove("/d"))).toMatchInlineSnapshot(`"ENOTEMPTY /d: directory is not empty"`);
  expect(errorOf(() => image.rename("/d", "/d/e", 0))).toMatchInlineSnapshot(`"EINVAL /d/e: lies below the directory that moves"`);
  expect(errorOf(() => image.writeFile(`/${"n".repeat(61)}`, pattern(1, 1), by))).toContain("ENAMETOOLONG");
  expect(errorOf(() => openImage(new MemoryStore(1 << 20)))).toMatchInlineSnapshot(`"EINVAL no MFS file system (magic 0x0)"`);
  expect(errorOf(() => createImage(new MemoryStore(4096)))).toContain("EINVAL no file system fits in 4096 bytes");
});

it("leaves no trace of a file that does not fit", () => {
  const image = createImage(new MemoryStore(256 << 10));
  image.writeFile("/kept", pattern(20_000, 1), by);
  const before = image.usage();
  expect(errorOf(() => image.writeFile("/big", pattern(400_000, 2), by))).toContain("ENOSPC /big");
  expect(errorOf(() => image.writeFile("/kept", pattern(400_000, 2), by))).toContain("ENOSPC /kept");
  expect(image.usage()).toEqual(before);
  expect(Buffer.compare(image.readFile("/kept"), pattern(20_000, 1))).toBe(0);
  expect(image.check()).toEqual([]);
});

it("marks a file system clean that was not left in order, once its check finds nothing", () => {
  const store = new MemoryStore(1 << 20);
  createImage(store).writeFile("/file", pattern(5000, 1), by);
  store.bytes[1024 + 14] = 0; // the clean flag
  const image = openImage(store);
  expect(image.clean).toBe(false);
  image.markClean();
  expect(openImage(store).clean).toBe(true);
  store.bytes[3 * 1024] = 0x07;
  expect(errorOf(() => openImage(store).markClean())).toContain("EROFS");
});

it("does not write to a file system that is damaged and was not left in order", () => {
  const store = new MemoryStore(1 << 20);
  createImage(store).writeFile("/file", pattern(5000, 1), by);
  store.bytes[1024 + 14] = 0; // the clean flag
  store.bytes[3 * 1024] = 0x07;
  expect(errorOf(() => openImage(store).mkdir("/d", by))).toMatch(/^EROFS the file system was not left in order and is damaged \(\/file: zone/);
});
