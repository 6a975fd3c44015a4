// Random kernel calls and IPC traps: node test/kernel/fuzz.mjs [traps in all] [first seed] [seeds]. Needs `pnpm run build`.
// Half of the seeds have every privilege, half have none; those may not change a byte of anybody else's memory.
import { runFuzz } from "../../packages/kernel/dist/testing/fuzz.js";

const [traps = 1_000_000, first = 1, seeds = 20] = process.argv.slice(2).map(Number);
for (let seed = first; seed < first + seeds; seed++) {
  const privileged = seed % 2 === 0;
  const started = Date.now();
  const result = runFuzz(seed, Math.ceil(traps / seeds), privileged);
  const bad = result.panic !== null || result.alive < 3 || (!privileged && !result.othersUnchanged);
  console.log(`seed ${seed}, ${privileged ? "every privilege" : "none"}: ${Date.now() - started} ms, ${result.rounds} traps, stopped ${result.stops} times`);
  if (!bad) continue;
  console.error(result.panic ?? "memory of others has changed, or nothing runs any more");
  process.exit(1);
}
