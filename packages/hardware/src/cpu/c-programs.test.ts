import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BareMachine } from "./bare-machine.ts";

const SOURCE = join(import.meta.dirname, "c-programs.c");
const COMMON = ["-ffreestanding", "-nostdlib", "-static", "-no-pie", "-fno-pie", "-fno-stack-protector", "-w"];
const folder = mkdtempSync(join(tmpdir(), "c-programs-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Builds the program. */
function build(flags: readonly string[]): string {
  const binary = join(folder, flags.join(""));
  const { status, stderr } = spawnSync("gcc", [...COMMON, ...flags, SOURCE, "-o", binary], { encoding: "utf8" });
  if (status !== 0) throw new Error(`gcc ${flags.join(" ")}: ${stderr}`);
  return binary;
}

/** What the host prints, by a program for its own processor: not every one runs i386 code. */
let expected: string;
beforeAll(() => void (expected = execFileSync(build(["-m64", "-O1"])).toString()));

const variants = ["-march=i386", "-march=i486", "-march=i586", "-march=i686"].flatMap((march) =>
  ["-O0", "-O1", "-O2", "-O3", "-Os"].map((optimize) => ({ march, optimize })),
);

it.each(variants)(
  "gcc $march $optimize gives a program that prints the same here and on the host",
  ({ march, optimize }) => {
    const binary = build(["-m32", march, optimize]);
    const machine = new BareMachine();
    machine.loadElf(readFileSync(binary));
    machine.runToExit(100_000_000);
    expect(Buffer.concat(machine.output).toString()).toBe(expected);
  },
);
