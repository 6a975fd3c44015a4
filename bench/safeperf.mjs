// node bench/safeperf.mjs [--svg FILE]: time of a SAFECOPYFROM between two guest processes, 1 B to 4 MB, as a plain copy, with every
// whole page shared copy-on-write, and as the kernel decides. Virtual time, so the figures are the same in every run.
import { CPF_DIRECT, CPF_READ, CPF_USED, CPF_VALID, kernelContract, SEG_D } from "@procyon-os/contract-kernel";
import { MAP_ANON, vmContract } from "@procyon-os/contract-vm";
import { CRYSTAL_HZ, CYCLES_PER_CRYSTAL } from "@procyon-os/hardware";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { callMessage, CMD, commandMessage, MemoryMachine } from "../test/memory/memory-machine.mjs";

const AT = 0x90000000;
const PAGE = 4096;
const ROUNDS = 3;
const US = (CRYSTAL_HZ * CYCLES_PER_CRYSTAL) / 1e6;
const SIZES = Array.from({ length: 23 }, (_, i) => 2 ** i);

/** For each size: [time of a copy, bytes copied by it, time when the receiver then writes every page]. */
function measure(cowcopy) {
  const rows = [];
  const machine = new MemoryMachine({ memoryMb: 64, parameters: { cowcopy } }, function* (rs, first) {
    const from = yield* rs.fork(first, true);
    const to = yield* rs.fork(first, true);
    const { counters } = machine.kernel;
    const now = () => machine.kernel.cpus[0].time;
    const timed = function* (who, message) {
      const start = now();
      const answer = yield* rs.command(who, message);
      if (answer === null || answer[1] !== 0) throw new Error(`${answer?.[1]} instead of 0`);
      return now() - start;
    };
    for (const who of [from, to]) {
      yield* rs.command(who, callMessage(CMD.VM, vmContract, "mmap", { address: AT, length: SIZES.at(-1), protection: 3, flags: MAP_ANON, file: -1, offset: 0 }));
    }
    const table = (yield* rs.command(from, commandMessage(CMD.PLACES)))[2];
    yield* rs.command(from, commandMessage(CMD.POKE, table, 0, CPF_VALID | CPF_USED | CPF_DIRECT | CPF_READ, to, AT, SIZES.at(-1)));
    yield* rs.command(from, callMessage(CMD.KERNEL, kernelContract, "setgrant", { table, entries: 1 }));
    const nothing = commandMessage(CMD.READ, AT, 0);
    for (const bytes of SIZES) {
      const copy = callMessage(CMD.KERNEL, kernelContract, "safecopyfrom", { process: from, segment: SEG_D, grant: 0, offset: 0, address: AT, bytes });
      const touch = commandMessage(CMD.WRITE, AT, bytes, 1, PAGE);
      let [time, written, copied] = [0, 0, 0];
      for (let round = 0; round < ROUNDS; round++) {
        for (const who of [from, to]) yield* rs.command(who, touch); // each has pages of its own before the copy
        yield* rs.command(to, nothing);
        const idle = yield* timed(to, nothing);
        const before = counters.bytesCopied;
        time += (yield* timed(to, copy)) - idle;
        copied += counters.bytesCopied - before;
        written += (yield* timed(to, touch)) - idle;
      }
      rows.push([time / ROUNDS / US, Math.round(copied / ROUNDS), (time + written) / ROUNDS / US]);
    }
  });
  machine.run();
  return rows;
}

const [plain, cow, chosen] = ["off", "4096", undefined].map((one) => measure(...(one === undefined ? ["default"] : [one])));
console.log("| bytes | plain µs | COW µs | kernel's choice µs | bytes copied plain | COW | choice | + a write to each page: plain µs | COW µs |");
console.log("|---|---|---|---|---|---|---|---|---|");
for (const [i, size] of SIZES.entries()) {
  const us = (value) => value.toFixed(2);
  console.log(`| ${[size, us(plain[i][0]), us(cow[i][0]), us(chosen[i][0]), plain[i][1], cow[i][1], chosen[i][1], us(plain[i][2]), us(cow[i][2])].join(" | ")} |`);
}
const wins = (rows, column) => SIZES.find((_, i) => SIZES.every((__, j) => j < i || rows[j][column] < plain[j][column]));
console.log(`\nSharing takes less time than copying from ${wins(cow, 0)} bytes on, and copies fewer bytes from ${wins(cow, 1)} bytes on.`);
console.log(`Most that the kernel's choice loses: ${(100 * Math.max(...SIZES.map((_, i) => chosen[i][0] / plain[i][0] - 1))).toFixed(1)} %.`);

/** Both axes logarithmic. */
function plot() {
  const [W, H, L, T] = [720, 420, 70, 40];
  const all = [plain, cow, chosen].flat().map((row) => row[0]);
  const [low, high] = [Math.floor(Math.log10(Math.min(...all))), Math.ceil(Math.log10(Math.max(...all)))];
  const x = (i) => L + (i / (SIZES.length - 1)) * (W - L - 30);
  const y = (us) => T + (1 - (Math.log10(us) - low) / (high - low)) * (H - T - 60);
  const name = (size) => (size < 1024 ? `${size} B` : size < 2 ** 20 ? `${size / 1024} KB` : `${size / 2 ** 20} MB`);
  const text = (at, up, words, more = "") => `<text x="${at}" y="${up}" ${more}>${words}</text>`;
  const out = [`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${W} ${H}" font-family="sans-serif" font-size="12">`, `<rect width="${W}" height="${H}" fill="white"/>`];
  out.push(text(L, 20, "Time of a safecopy (virtual time), by its length", 'font-size="15"'));
  for (let power = low; power <= high; power++) {
    const at = y(10 ** power);
    out.push(`<line x1="${L}" x2="${W - 30}" y1="${at}" y2="${at}" stroke="#ddd"/>`, text(L - 6, at + 4, `${10 ** power >= 1 ? 10 ** power : (10 ** power).toFixed(-power)} µs`, 'text-anchor="end"'));
  }
  SIZES.forEach((size, i) => i % 2 === 0 && out.push(text(x(i), H - 40, name(size), 'text-anchor="middle" font-size="10"')));
  [[plain, "#c33", "plain copy", ""], [cow, "#36c", "every whole page shared", "4 3"], [chosen, "#2a2", "what the kernel does", "1 4"]].forEach(([rows, color, label, dash], i) => {
    const points = rows.map((row, at) => `${x(at).toFixed(1)},${y(row[0]).toFixed(1)}`).join(" ");
    out.push(`<polyline points="${points}" fill="none" stroke="${color}" stroke-width="${dash === "1 4" ? 4 : 2}" stroke-dasharray="${dash}"/>`);
    out.push(text(L + 10 + i * 190, H - 12, `— ${label}`, `fill="${color}"`));
  });
  return `${out.join("\n")}\n</svg>\n`;
}
const svg = process.argv.indexOf("--svg");
writeFileSync(svg < 0 ? join(import.meta.dirname, "../docs/safeperf.svg") : process.argv[svg + 1], plot());
