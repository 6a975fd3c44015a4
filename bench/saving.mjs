// node bench/saving.mjs [--runs 15]: what it costs that SEF saves the state of every service, on the built packages (`pnpm build`).
// Two machines in one process, one of them with services that save nothing, do the same by turns; figures are CPU time of the host for
// one operation (lower quartile of the runs, since others may use the host too), their ratio, and the traps of the whole system for one.
import { parseArgs } from "node:util";
import { defaultServices } from "@procyon-os/emulator";
import { withStateSpec } from "@procyon-os/sef";
import { Machine, dataImage, rootImage } from "./machine.mjs";

const { values } = parseArgs({ options: { runs: { type: "string", default: "15" } } });
const RUNS = Number(values.runs);
const FILE_BYTES = 1 << 20;

const silent = Object.fromEntries(Object.entries(defaultServices).map(([name, image]) => [name, withStateSpec(image, (spec) => ({ ...spec, saved: false }))]));
const root = rootImage(["calls"]);
const data = dataImage(RUNS + 2, FILE_BYTES);
const machines = [{}, { services: silent }].map((options) => new Machine([root.slice(), data.slice()], options));
for (const machine of machines) machine.run("mkdir -p /mnt; mount /dev/c0d1 /mnt; mkdir /mnt/d");

const quartile = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 4)];
const cases = [
  ["getpid()", "call", 20000, () => "getpid 20000"],
  ["fork + wait", "pair", 200, () => "fork 200"],
  ["small file created", "file", 100, () => "create /mnt/d 100"],
  ["first read", "64 KiB", FILE_BYTES / 65536, (run) => `read /mnt/${run}`],
  ["read again", "64 KiB", FILE_BYTES / 65536, () => `read /mnt/0`],
  ["write", "64 KiB", 16, () => "write /mnt/new 1024"],
];
console.log(`${"".padEnd(20)} ${"saved".padStart(10)} ${"not saved".padStart(10)}   µs CPU for one   ratio   traps for one: saved, not`);
for (const [name, unit, count, command] of cases) {
  const seen = machines.map(() => ({ cpu: [], traps: 0 }));
  for (let run = 0; run < RUNS + 1; run++) {
    // By turns in who goes first, too.
    for (const index of run % 2 === 0 ? [0, 1] : [1, 0]) {
      const { traps, cpu } = machines[index].measure(`/bench/calls ${command(run)}`);
      if (run > 0) seen[index].cpu.push((cpu * 1e6) / count); // the first warms the host's compiler
      seen[index].traps = traps / count;
    }
  }
  const [on, off] = seen.map((one) => quartile(one.cpu));
  console.log(`${name.padEnd(20)} ${on.toFixed(1).padStart(10)} ${off.toFixed(1).padStart(10)}   ${unit.padEnd(15)} ${(on / off).toFixed(2).padStart(6)}   ${seen.map((one) => one.traps.toFixed(1).padStart(8)).join(" ")}`);
}
