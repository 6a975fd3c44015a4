import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryStore, openImage } from "@procyon-os/mfs-format";
import { afterAll, describe, expect, it } from "vitest";
import { loadInit, loadRootImage } from "./index.ts";

const packageRoot = join(import.meta.dirname, "..");
const scratch = mkdtempSync(join(tmpdir(), "procyon-userland-"));
afterAll(() => rmSync(scratch, { recursive: true }));

// In CI the image is always rebuilt: without the compiler that is a failure, not a pass.
const canCompile = process.env["CI"] !== undefined || spawnSync("gcc", ["-m32", "-E", "-x", "c", "/dev/null"]).status === 0;
const fsck = ["/sbin/fsck.minix", "/usr/sbin/fsck.minix"].find((path) => existsSync(path));
const image = openImage(new MemoryStore(loadRootImage()));

/** The program headers of an ELF file: type, place in the file and in memory. */
function segments(elf: Uint8Array): { type: number; offset: number; address: number; memory: number; end: number }[] {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  const first = view.getUint32(28, true);
  return Array.from({ length: view.getUint16(44, true) }, (_, index) => {
    const at = first + index * 32;
    const word = (n: number): number => view.getUint32(at + n * 4, true);
    return { type: word(0), offset: word(1), address: word(2), memory: word(5), end: at + 32 };
  });
}

const programs = [loadInit(), ...["/bin", "/sbin"].flatMap((folder) => image.list(folder).map(({ name }) => image.readFile(`${folder}/${name}`)))].filter(
  (bytes) => bytes[0] === 0x7f,
);

describe("the image", () => {
  it.skipIf(!canCompile)("the committed image is what the sources build", () => {
    const result = spawnSync("node", ["build/main.mjs", "--check"], { cwd: packageRoot, encoding: "utf8" });
    expect(result.stderr).toBe("");
    expect(result.status).toBe(0);
  });

  it("every program obeys MINIX's rules for executables", () => {
    expect(programs.length).toBeGreaterThan(60);
    for (const elf of programs) {
      const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
      const [text, data, ...more] = segments(elf);
      const entry = view.getUint32(24, true);
      if (text === undefined || data === undefined) throw new Error("two segments expected");
      expect([view.getUint16(16, true), view.getUint16(18, true), text.type, data.type]).toEqual([2, 3, 1, 1]);
      for (const { type } of more) expect(type).toBe(4); // PT_NOTE: the contract that a service names; no loader loads it
      expect(data.end).toBeLessThanOrEqual(512);
      expect(text.address).toBeGreaterThanOrEqual(0x1000);
      expect(entry >= text.address && entry < text.address + text.memory).toBe(true);
      expect(data.address >= 4096 * Math.ceil((text.address + text.memory) / 4096)).toBe(true);
    }
  });

  it("is consistent, and Linux's fsck.minix agrees", () => {
    expect(image.check()).toEqual([]);
    if (fsck === undefined) return;
    const path = join(scratch, "root.img");
    writeFileSync(path, loadRootImage());
    expect(spawnSync(fsck, ["-f", path], { encoding: "utf8" }).status).toBe(0);
  });

  it("holds the devices, services and programs that booting needs", () => {
    expect(image.stat("/dev/console")).toMatchObject({ device: 0x400, mode: 0o020620 });
    expect(image.stat("/dev/c0d1p3").device).toBe(0x309);
    expect(new TextDecoder().decode(image.readFile("/sbin/at_wini"))).toBe("#!hosted @procyon-os/at-wini\n");
    for (const path of ["/bin/sh", "/bin/[", "/bin/service", "/sbin/shutdown", "/etc/rc", "/etc/system.conf"]) expect(image.exists(path), path).toBe(true);
  });

  it("names the hash of every program in its manifest", () => {
    const manifest = JSON.parse(readFileSync(join(packageRoot, "image/manifest.json"), "utf8")) as { programs: Record<string, { sha256: string }> };
    const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
    expect(manifest.programs["init"]?.sha256).toBe(hash(loadInit()));
    expect(manifest.programs["sh"]?.sha256).toBe(hash(image.readFile("/bin/sh")));
  });

  it("is given as a fresh copy each time", () => {
    loadRootImage().fill(0);
    expect(loadRootImage()[1024 + 24]).toBe(0x5a);
  });
});
