// Random IPC against a model: node test/kernel/random-ipc.mjs [operations in all] [first seed] [seeds] [check]. 64 processes, guests
// and hosted, make random calls at once; a seed runs on 1, 2 or 4 CPUs, in turn. With `check` every table of the kernel is walked after
// every trap. Needs `pnpm run build`. A difference ends it with the seed and the call.
import { RandomIpc } from "../../packages/kernel/dist/testing/random-ipc.js";

const [operations = 2_000_000, first = 1, seeds = 20] = process.argv.slice(2, 5).map(Number);
const debug = { checkAlways: process.argv[5] === "check", vmassert: true, msgcheck: true, norec: true };
const total = {};
for (let seed = first; seed < first + seeds; seed++) {
  const cpus = [1, 2, 4][seed % 3];
  const started = Date.now();
  const run = new RandomIpc({ seed, cpus, operations: Math.ceil(operations / seeds), debug });
  run.go();
  for (const [name, count] of Object.entries(run.counts)) total[name] = (total[name] ?? 0) + count;
  console.log(`seed ${seed}, ${cpus} CPUs: ${Date.now() - started} ms, ${JSON.stringify(run.counts)}`);
}
console.log(`no difference in ${operations} operations: ${JSON.stringify(total)}`);
