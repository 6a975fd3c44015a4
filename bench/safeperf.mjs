// node bench/safeperf.mjs [c|hosted] [c|hosted] [--svg FILE]: the safeperf suite runs in the guest, `/usr/tests/run safeperf GRANTOR REQUESTOR`,
// once as the machine is and once where every whole page is shared (`cowcopy=4096`). Its table is printed, with the bytes that the kernel copied
// beside it, and drawn. Virtual time, so the figures are the same in every run.
import { suites } from "@procyon-os/suites";
import { loadRootImage } from "@procyon-os/userland";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Machine } from "../test/services/machine.mjs";

const [grantor = "c", requestor = "c"] = process.argv.slice(2).filter((word) => word === "c" || word === "hosted");

/**
 * What the kernel copies between two marks of the suite, by length: [placed differently, placed alike]. A mark wakes the console and the log,
 * which fetch all messages since the machine's start, so those are taken off; what is left over for one byte is the same for all.
 */
function countCopies(machine) {
  const counts = new Map();
  let [before, printed, printedBefore] = [0, machine.messages.length, 0];
  machine.system.listen = (text) => {
    const [, what, bytes] = /safeperf: (begin|end) (\d+)/.exec(text) ?? [];
    const { bytesCopied } = machine.system.kernel.counters;
    if (what === "begin") [before, printedBefore] = [bytesCopied, printed];
    if (what === "end") counts.set(Number(bytes), [...(counts.get(Number(bytes)) ?? []), bytesCopied - before - printedBefore - 2 * bytes.length]);
    printed += text.length;
  };
  return counts;
}

/** Rows of the suite's table: bytes, and microseconds and bytes copied of a plain copy and of one that may share. */
function measure(parameters) {
  const machine = new Machine([loadRootImage()], { packages: [suites], parameters });
  const counts = countCopies(machine);
  const { output, status } = machine.run(`/usr/tests/run safeperf ${grantor} ${requestor} marks=1`);
  if (status !== 0 && parameters.cowcopy === undefined) throw new Error(output);
  const own = counts.get(1)[0] - 1;
  return output.split("\n").flatMap((line) => {
    const [bytes, plainUs, sharedUs, plainWrittenUs, sharedWrittenUs, ...rest] = line.replace(/^safeperf: /, "").trim().split(/\s+/).map(Number);
    if (![bytes, plainUs, sharedWrittenUs].every(Number.isFinite) || rest.length > 0) return [];
    const [plainBytes, sharedBytes] = counts.get(bytes).map((count) => count - own);
    return [{ bytes, plainUs, sharedUs, plainWrittenUs, sharedWrittenUs, plainBytes, sharedBytes }];
  });
}

const [chosen, always] = [measure({}), measure({ cowcopy: "4096" })];
const SIZES = chosen.map(({ bytes }) => bytes);
if (SIZES.length !== 23) throw new Error(`${SIZES.length} rows instead of 23`);
console.log(`${grantor} grantor, ${requestor} requestor\n`);
console.log("| bytes | copied µs | as the kernel does µs | every page shared µs | bytes copied | as the kernel does | every page shared | copied, then written µs | as the kernel does µs |");
console.log("|---|---|---|---|---|---|---|---|---|");
chosen.forEach((row, i) => {
  const us = [row.plainUs, row.sharedUs, always[i].sharedUs].map((value) => value.toFixed(2));
  console.log(`| ${[row.bytes, ...us, row.plainBytes, row.sharedBytes, always[i].sharedBytes, row.plainWrittenUs.toFixed(2), row.sharedWrittenUs.toFixed(2)].join(" | ")} |`);
});
const wins = (rows, shared, plain) => SIZES.find((_, i) => rows.every((row, j) => j < i || row[shared] < row[plain]));
const most = (rows) => Math.max(...rows.map(({ sharedUs, plainUs }) => 100 * (sharedUs / plainUs - 1))).toFixed(1);
console.log(`\nSharing takes less time from ${wins(always, "sharedUs", "plainUs")} bytes on, and copies fewer bytes from ${wins(always, "sharedBytes", "plainBytes")} on; the kernel shares from ${wins(chosen, "sharedBytes", "plainBytes")} on.`);
console.log(`Most that a copy as the kernel does it takes longer than a plain one: ${most(chosen)} % (with every page shared: ${most(always)} %).`);

/** Both axes logarithmic. */
function plot() {
  const [W, H, L, T] = [720, 420, 70, 40];
  const lines = [chosen.map(({ plainUs }) => plainUs), always.map(({ sharedUs }) => sharedUs), chosen.map(({ sharedUs }) => sharedUs)];
  const all = lines.flat();
  const [low, high] = [Math.floor(Math.log10(Math.min(...all))), Math.ceil(Math.log10(Math.max(...all)))];
  const x = (i) => L + (i / (SIZES.length - 1)) * (W - L - 30);
  const y = (us) => T + (1 - (Math.log10(us) - low) / (high - low)) * (H - T - 60);
  const name = (size) => (size < 1024 ? `${size} B` : size < 2 ** 20 ? `${size / 1024} KB` : `${size / 2 ** 20} MB`);
  const text = (at, up, words, more = "") => `<text x="${at}" y="${up}" ${more}>${words}</text>`;
  const out = [`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${W} ${H}" font-family="sans-serif" font-size="12">`, `<rect width="${W}" height="${H}" fill="white"/>`];
  out.push(text(L, 20, "Time of a safecopy (virtual time), by its length: the safeperf suite in the guest", 'font-size="15"'));
  for (let power = low; power <= high; power++) {
    const at = y(10 ** power);
    out.push(`<line x1="${L}" x2="${W - 30}" y1="${at}" y2="${at}" stroke="#ddd"/>`, text(L - 6, at + 4, `${10 ** power >= 1 ? 10 ** power : (10 ** power).toFixed(-power)} µs`, 'text-anchor="end"'));
  }
  SIZES.forEach((size, i) => i % 2 === 0 && out.push(text(x(i), H - 40, name(size), 'text-anchor="middle" font-size="10"')));
  [["#c33", "plain copy", ""], ["#36c", "every whole page shared", "4 3"], ["#2a2", "what the kernel does", "1 4"]].forEach(([color, label, dash], i) => {
    const points = lines[i].map((us, at) => `${x(at).toFixed(1)},${y(us).toFixed(1)}`).join(" ");
    out.push(`<polyline points="${points}" fill="none" stroke="${color}" stroke-width="${dash === "1 4" ? 4 : 2}" stroke-dasharray="${dash}"/>`);
    out.push(text(L + 10 + i * 190, H - 12, `— ${label}`, `fill="${color}"`));
  });
  return `${out.join("\n")}\n</svg>\n`;
}
const svg = process.argv.indexOf("--svg");
writeFileSync(svg < 0 ? join(import.meta.dirname, "../docs/safeperf.svg") : process.argv[svg + 1], plot());
