// Random kernel calls and IPC traps: node test/kernel/fuzz.mjs [traps in all] [first seed] [seeds]. Needs `pnpm run build`.
// A guest and a hosted process make them at once, with paging on, on one or two CPUs; by seed with every privilege (half of the
// seeds), with those of any service, or with none. Nothing may panic or hang, and no byte of anybody else's memory may change.
import { runFuzz } from "../../packages/kernel/dist/testing/fuzz.js";

const [traps = 1_000_000, first = 1, seeds = 20] = process.argv.slice(2).map(Number);
const total = {};
for (let seed = first; seed < first + seeds; seed++) {
  const privileges = ["all", "basic", "all", "none"][seed % 4];
  const started = Date.now();
  const { problem, ...counts } = runFuzz({ seed, traps: Math.ceil(traps / seeds), privileges, cpus: 1 + ((seed >> 1) % 2) });
  for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  console.log(`seed ${seed}, privileges ${privileges}: ${Date.now() - started} ms, ${JSON.stringify(counts)}`);
  if (problem === null) continue;
  console.error(problem);
  process.exit(1);
}
console.log(`nothing wrong: ${JSON.stringify(total)}`);
