import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { BareMachine } from "./bare-machine.ts";
import { FLAG_EFFECTS } from "./opcode-table.ts";
import { ORACLE_CASES } from "./oracle-cases.ts";
import { oracleInputs, oracleProgram, RECORD_WORDS } from "./oracle-program.ts";

const FLAG_BITS: Readonly<Record<string, number>> = { o: 0x800, s: 0x80, z: 0x40, a: 0x10, p: 4, c: 1 };
const ALL_FLAGS = 0xcd5;

function undefinedFlags(mnemonic: string): number {
  let mask = 0;
  for (const match of (FLAG_EFFECTS[mnemonic] ?? "").matchAll(/-(.)/g)) mask |= FLAG_BITS[match[1]!]!;
  return mask;
}

/** Whether the host can assemble and run 32-bit programs. */
function canRunNatively(folder: string): boolean {
  writeFileSync(join(folder, "try.s"), ".globl _start\n_start: mov $1, %eax\n xor %ebx, %ebx\n int $0x80\n");
  const built = spawnSync("gcc", [...GCC, join(folder, "try.s"), "-o", join(folder, "try")]);
  return built.status === 0 && spawnSync(join(folder, "try")).status === 0;
}

const GCC = ["-m32", "-nostdlib", "-static", "-no-pie"];
const folder = mkdtempSync(join(tmpdir(), "oracle-"));

it.skipIf(!canRunNatively(folder))("computes the results and defined flags of the host's processor for every snippet", () => {
  const inputs = oracleInputs(40);
  const program = join(folder, "oracle");
  writeFileSync(`${program}.s`, oracleProgram(inputs));
  execFileSync("gcc", [...GCC, `${program}.s`, "-o", program]);
  const native = execFileSync(program, { maxBuffer: 1 << 28 });
  const machine = new BareMachine(64 << 20);
  machine.loadElf(readFileSync(program));
  machine.runToExit();
  rmSync(folder, { recursive: true });
  const ours = Buffer.concat(machine.output);
  expect(ours.length).toBe(native.length);

  const wrong: string[] = [];
  ORACLE_CASES.forEach((c, i) => {
    const byOne = /^(ro|rc|sh|sa)[a-z]+ .*, 1$/.test(c.code); // then the overflow flag is defined
    const mask = ALL_FLAGS & ~(undefinedFlags(c.judged) & (byOne ? ~0x800 : -1));
    for (let k = 0; k < inputs.length; k++) {
      const at = (i * inputs.length + k) * RECORD_WORDS * 4;
      for (let w = 0; w < RECORD_WORDS; w++) {
        const limit = w === 6 ? mask : -1;
        const a = native.readInt32LE(at + w * 4) & limit;
        const b = ours.readInt32LE(at + w * 4) & limit;
        if (a === b) continue;
        const given = [...inputs[k]!].map((v) => v.toString(16)).join(" ");
        if (wrong.length < 40) wrong.push(`${c.code.replaceAll("\n", ";")} word ${w}: host ${(a >>> 0).toString(16)}, ours ${(b >>> 0).toString(16)}, given ${given}`);
        return; // one is enough of each snippet
      }
    }
  });
  expect(wrong).toEqual([]);
});
