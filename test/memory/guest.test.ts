import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MemoryDisk } from "@procyon-os/hardware";
import type { Image } from "@procyon-os/mfs-format";
import { expect, it } from "vitest";
import { dataImage, rootImage } from "../support/image.ts";
import { cksum, noise } from "../support/noise.ts";
import { Session } from "../support/session.ts";

const flags = ["-m32", "-O2", "-march=i386", "-ffreestanding", "-nostdlib", "-static", "-fno-stack-protector", "-fno-pic", "-w"];
function eat(): Uint8Array {
  const output = join(mkdtempSync(join(tmpdir(), "procyon-eat-")), "eat");
  execFileSync("gcc", [...flags, join(import.meta.dirname, "eat.c"), "-o", output]);
  return new Uint8Array(readFileSync(output));
}
function session(memoryMb: number): Session {
  const program = eat();
  return new Session([rootImage([], (image) => image.writeFile("/bin/eat", program, { mode: 0o755, uid: 0, gid: 0, mtime: 0 }))], { memoryMb });
}
const numberAfter = (output: string, name: string): number => Number(new RegExp(`${name}\\s+(\\d+)`).exec(output)?.[1] ?? NaN);
const freeKb = (one: Session): number => numberAfter(one.run("memstat").output, "free");

it("[V12] the shell shows how memory is used, and can have every frame's use checked", () => {
  const one = session(64);
  const { output, status } = one.run("memstat --check");
  expect(status).toBe(0);
  expect(output).toContain("check: every page has exactly one use");
  const parts = ["free", "processes", "tables", "yielded", "vm"].map((name) => numberAfter(output, name));
  expect(parts.reduce((sum, part) => sum + part, 0)).toBe(numberAfter(output, "total"));
  expect(one.run("memstat what").status).toBe(2);
});

it("shows the regions of a process: pages, sharing, faults", () => {
  const one = session(64);
  const { output, status } = one.run("vmmap $$");
  expect(status).toBe(0);
  expect(output).toMatch(/^\d+ sh\n/);
  expect(output).toMatch(/r-x {2}text +[1-9]/);
  expect(output).toMatch(/rw[-x] {2}data +[1-9]/);
  expect(output).toMatch(/rw[-x] {2}stack +[1-9]/);
  expect(output).toMatch(/\d+ regions, \d+ pages resident/);
  expect(one.run("vmmap 9999").status).toBe(1);
});

it("[V19] with 16 MB the system boots; who eats memory is refused or killed, others go on, and all is free again", () => {
  const one = session(16);
  one.run("ls /bin > /dev/null; eat ask"); // what the servers keep of it, they have now
  const before = freeKb(one);
  const asked = one.run("eat ask");
  expect(asked.output).toMatch(/got [1-9]\d* pieces, then error 12/);
  const touched = one.run("eat touch");
  expect(touched.status).toBe(128 + 11);
  expect(one.run("ls /bin > /dev/null; echo fine").output).toContain("fine");
  const { output, status } = one.run("memstat --check");
  expect(status).toBe(0);
  expect(numberAfter(output, "short of memory")).toBeGreaterThan(0);
  expect(before - freeKb(one)).toBeLessThanOrEqual(16);
});

it("[V13][V19] yielded blocks are forgotten before anybody is refused", () => {
  const one = session(16);
  one.expect("eat yield 500 &\n", "yielded");
  one.type("\n");
  one.prompt();
  expect(numberAfter(one.run("memstat").output, "yielded")).toBe(2000);
  const free = freeKb(one);
  const asked = one.run("eat ask");
  expect(Number(/got (\d+)/.exec(asked.output)?.[1]) * 256).toBeGreaterThan(free - 16 * 1024 / 32 - 512 + 1500); // the reserve is kept
  const { output } = one.run("memstat --check");
  expect(numberAfter(output, "yielded blocks forgotten")).toBeGreaterThan(400);
  expect(output).toContain("check: every page has exactly one use");
});

it("[V13][O03] what the file server's cache cannot hold comes from VM when it is read again; under pressure VM forgets that first", () => {
  const files = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`/f${i}`, noise(256 * 1024, i)]));
  const program = eat();
  const put = (image: Image): void => image.writeFile("/bin/eat", program, { mode: 0o755, uid: 0, gid: 0, mtime: 0 });
  const one = new Session([rootImage([], put), dataImage(6, files)], { memoryMb: 16 });
  const disk = one.disks[1] as MemoryDisk;
  let sectors = 0;
  const read = disk.read.bind(disk);
  disk.read = (sector, count) => {
    sectors += count;
    return read(sector, count);
  };
  one.run("mkdir -p /mnt; mount /dev/c0d1 /mnt");
  const sums = Object.entries(files).map(([path, content]) => `${cksum(content)} /mnt${path}\n`).join("");
  const readAll = (): number => {
    const before = sectors;
    expect(one.run("cksum /mnt/f*").output).toBe(sums);
    return sectors - before;
  };
  const [first, second] = [readAll(), readAll()];
  expect(first).toBeGreaterThanOrEqual(8 * 512);
  expect(second * 10).toBeLessThan(first);
  expect(numberAfter(one.run("memstat").output, "yielded")).toBeGreaterThan(1000);
  const free = freeKb(one);
  // The cache in VM is there for whoever needs it: more can be had than was free.
  expect(Number(/got (\d+)/.exec(one.run("eat ask").output)?.[1]) * 256).toBeGreaterThan(free);
  expect(numberAfter(one.run("memstat").output, "yielded blocks forgotten")).toBeGreaterThan(0);
  expect(one.run("eat touch").status).toBe(128 + 11);
  expect(readAll()).toBeGreaterThan(second); // others go on; what was forgotten is read again
  const { output } = one.run("memstat --check");
  expect(output).toContain("check: every page has exactly one use");
  expect(freeKb(one) + numberAfter(output, "yielded")).toBeGreaterThan(free - 256);
});
