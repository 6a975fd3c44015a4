import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { BareMachine } from "./bare-machine.ts";

const SOURCE = join(import.meta.dirname, "c-programs.c");
const COMMON = ["-m32", "-ffreestanding", "-nostdlib", "-static", "-no-pie", "-fno-pie", "-fno-stack-protector", "-w"];
const folder = mkdtempSync(join(tmpdir(), "c-programs-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Builds the program, or says no where this host cannot. */
function build(flags: readonly string[]): string | null {
  const binary = join(folder, flags.join(""));
  const built = spawnSync("gcc", [...COMMON, ...flags, SOURCE, "-o", binary]);
  return built.status === 0 ? binary : null;
}

const variants = ["-march=i386", "-march=i486", "-march=i586", "-march=i686"].flatMap((march) =>
  ["-O0", "-O1", "-O2", "-O3", "-Os"].map((optimize) => ({ march, optimize })),
);

it.skipIf(build(["-O2"]) === null).each(variants)(
  "gcc $march $optimize gives a program that prints the same here and on the host",
  ({ march, optimize }) => {
    const binary = build([march, optimize])!;
    const machine = new BareMachine();
    machine.loadElf(readFileSync(binary));
    machine.runToExit(100_000_000);
    expect(Buffer.concat(machine.output).toString()).toBe(execFileSync(binary).toString());
  },
);
