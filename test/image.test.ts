import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { procyon } from "./support/cli.ts";
import { noise } from "./support/noise.ts";
import { scratchFolder } from "./support/programs.ts";

let image: string;
let file: string;
const content = noise(300_000, 3);

beforeAll(() => {
  image = join(scratchFolder(), "disk.img");
  file = join(scratchFolder(), "content");
  writeFileSync(file, content);
});

it("makes an image that the judges find clean", async () => {
  expect((await procyon(["image", "create", image, "--size", "8"])).status).toBe(0);
  execFileSync("fsck.minix", ["-f", image]);
  expect((await procyon(["image", "check", image])).status).toBe(0);
  const again = await procyon(["image", "create", image]);
  expect(again.status).toBe(2);
  expect(again.stderr).toContain("--force");
  expect((await procyon(["image", "create", image, "--size", "9", "--force"])).status).toBe(0);
  expect(readFileSync(image)).toHaveLength(9 << 20);
});

it("puts, lists, prints, gets and removes files", async () => {
  expect((await procyon(["image", "mkdir", image, "/some"])).status).toBe(0);
  expect((await procyon(["image", "put", image, file, "/some/file"])).status).toBe(0);
  const { stdout } = await procyon(["image", "ls", image, "/some"]);
  expect(stdout).toMatch(/^-rw-r--r-- .* 300000 file$/m);
  expect((await procyon(["image", "ls", image])).stdout).toMatch(/^drwxr-xr-x .* some$/m);
  expect((await procyon(["image", "cat", image, "/some/file"])).stdout).toBe(Buffer.from(content).toString("latin1"));
  const back = join(scratchFolder(), "back");
  expect((await procyon(["image", "get", image, "/some/file", back])).status).toBe(0);
  expect(readFileSync(back).equals(content)).toBe(true);
  execFileSync("fsck.minix", ["-f", image]);
  const full = await procyon(["image", "rm", image, "/some"]);
  expect(full.status).not.toBe(0);
  expect(full.stderr.split("\n")).toHaveLength(2);
  expect((await procyon(["image", "rm", "-r", image, "/some"])).status).toBe(0);
  expect((await procyon(["image", "ls", image])).stdout).not.toContain("some");
  execFileSync("fsck.minix", ["-f", image]);
});

it("says in one line what is wrong", async () => {
  const none = join(scratchFolder(), "none.img");
  writeFileSync(join(scratchFolder(), "noise.img"), noise(1 << 20));
  for (const args of [
    ["ls", none], ["ls", join(scratchFolder(), "noise.img")], ["cat", image, "/missing"], ["put", image, none, "/x"], ["get", image, "/missing", file],
    ["mkdir", image, "/a/b/c"], ["rm", image, "/missing"], ["ls", image, "/missing"], ["create", join(scratchFolder(), "new.img"), "--size", "huge"],
  ]) {
    const { stdout, stderr, status } = await procyon(["image", ...args]);
    expect({ args, stdout, lines: stderr.split("\n").length, failed: status !== 0 }).toEqual({ args, stdout: "", lines: 2, failed: true });
    expect(stderr).toMatch(/^procyon: /);
  }
  expect(existsSync(none)).toBe(false);
  expect(readFileSync(file).equals(content)).toBe(true);
});

it("reports an image that is damaged", async () => {
  const damaged = join(scratchFolder(), "damaged.img");
  const bytes = readFileSync(image);
  const blockSize = bytes.readUInt16LE(1024 + 28);
  const zoneMap = (2 + bytes.readUInt16LE(1024 + 6)) * blockSize; // behind the boot block, the superblock and the inode map
  bytes.fill(0, zoneMap, zoneMap + blockSize);
  writeFileSync(damaged, bytes);
  const { stdout, status } = await procyon(["image", "check", damaged]);
  expect(status).toBe(1);
  expect(stdout).not.toBe("");
});

it("copies the built-in system", async () => {
  const system = join(scratchFolder(), "system.img");
  expect((await procyon(["image", "create", "--system", system])).status).toBe(0);
  expect((await procyon(["image", "cat", system, "/etc/passwd"])).stdout).toContain("root:");
  execFileSync("fsck.minix", ["-f", system]);
});
