// Million guest instructions a second on integer loops, best of some rounds.
// Usage: node bench/cpu-bench.mjs [rounds]; needs gcc -m32 and the built package.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BareMachine } from "../dist/cpu/bare-machine.js";

const NAMES = ["mix", "sieve", "memory", "fib", "bytecode", "wide", "text"];
const rounds = Number(process.argv[2] ?? 3);
const only = process.argv[3];
const folder = mkdtempSync(join(tmpdir(), "cpu-bench-"));
const source = join(import.meta.dirname, "programs.c");
const flags = "-m32 -march=i386 -O2 -ffreestanding -nostdlib -static -fno-pie -no-pie -fno-stack-protector".split(" ");

let product = 1;
let counted = 0;
for (const [number, name] of NAMES.entries()) {
  if (only !== undefined && only !== name) continue;
  const binary = join(folder, name);
  execFileSync("gcc", [...flags, `-DPROGRAM=${number}`, source, "-o", binary]);
  const native = expectedStatus(binary);
  let best = Infinity;
  let instructions = 0;
  for (let round = 0; round < rounds; round++) {
    const machine = new BareMachine();
    machine.loadElf(readFileSync(binary));
    const start = process.hrtime.bigint();
    const status = machine.runToExit();
    best = Math.min(best, Number(process.hrtime.bigint() - start));
    if (status !== native) throw new Error(`${name}: ${status}, natively ${native}`);
    instructions = machine.instructions;
  }
  const mips = instructions / (best / 1e3);
  product *= mips;
  counted++;
  console.log(`${name.padEnd(10)} ${mips.toFixed(1).padStart(7)} MIPS  ${(instructions / 1e6).toFixed(1)} million instructions`);
}
console.log(`mean       ${(product ** (1 / counted)).toFixed(1).padStart(7)} MIPS (geometric)`);
rmSync(folder, { recursive: true });

function expectedStatus(binary) {
  try {
    execFileSync(binary);
    return 0;
  } catch (error) {
    return error.status;
  }
}
