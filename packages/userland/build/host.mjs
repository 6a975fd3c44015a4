// node build/host.mjs DIR: the programs for a Linux host that runs i386 code, in DIR, for tests.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "./compile.mjs";
import { programs } from "./manifest.mjs";

/** Writes the programs that can run on the host; the result is their folder. */
export async function buildForHost(folder) {
  mkdirSync(folder, { recursive: true });
  const elves = await compile(programs.filter(({ name }) => name !== "init"), { host: true });
  for (const [name, elf] of elves) writeFileSync(join(folder, name), elf, { mode: 0o755 });
  writeFileSync(join(folder, "["), elves.get("test"), { mode: 0o755 });
  return folder;
}

if (process.argv[1] === import.meta.filename) await buildForHost(process.argv[2]);
