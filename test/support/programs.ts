import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

const sources = fileURLToPath(new URL("../programs/", import.meta.url));
/** How a person would compile a program that knows nothing of us but the binary interface. */
const flags = ["-m32", "-O2", "-march=i386", "-ffreestanding", "-nostdlib", "-static"];
/** Debian's gcc makes position-independent code if nobody says otherwise; this is what others do. */
const plain = ["-fno-stack-protector", "-fno-pic"];

let folder: string | null = null;
const compiled = new Map<string, string>();

afterAll(() => {
  if (folder !== null) rmSync(folder, { recursive: true, force: true });
});

/** A folder of this test file's own, for whatever it has to write on the host. */
export function scratchFolder(): string {
  folder ??= mkdtempSync(join(tmpdir(), "procyon-test-"));
  return folder;
}

/** Compiles `test/programs/NAME.c` and gives the path of the ELF file. */
export function programPath(name: string, more: readonly string[] = plain): string {
  const key = [name, ...more].join(" ");
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const path = join(scratchFolder(), more !== plain ? `${name}-${compiled.size}` : name);
  execFileSync("gcc", [...flags, ...more, "-w", join(sources, `${name}.c`), "-o", path]);
  compiled.set(key, path);
  return path;
}

/** Compiles `test/programs/NAME.c` and gives the ELF file. */
export function program(name: string, more: readonly string[] = plain): Uint8Array {
  return new Uint8Array(readFileSync(programPath(name, more)));
}
