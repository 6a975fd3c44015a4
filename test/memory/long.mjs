// node test/memory/long.mjs [--seed 1] [--seeds 1] [--operations 5000000] [--cpus 1,2,4] [--memory 64] [--processes 200]
// The random work of `workload.mjs` at length, on the built packages (`pnpm build`), one line of figures a run, and one for every
// `--progress` checks on the way.
import { parseArgs } from "node:util";
import { MemoryMachine } from "./memory-machine.mjs";
import { Workload } from "./workload.mjs";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" }, seeds: { type: "string", default: "1" }, operations: { type: "string", default: "5000000" },
    cpus: { type: "string", default: "1,2,4" }, memory: { type: "string", default: "64" }, processes: { type: "string", default: "200" },
    mistake: { type: "string", default: "none" }, progress: { type: "string", default: "500" },
  },
});
const number = (name) => Number(values[name]);
let failed = 0;
for (let seed = number("seed"); seed < number("seed") + number("seeds"); seed++) {
  for (const cpus of values.cpus.split(",").map(Number)) {
    const start = performance.now();
    const begun = process.cpuUsage();
    let work = null;
    let most = 0;
    let result = "equal";
    const options = { memoryMb: number("memory"), cpus, seed, race: cpus === 1 || seed % 2 === 0, parameters: { vm_mistake: values.mistake, cowcopy: "4096" } }; // long copies are few: short ones share pages too
    const machine = new MemoryMachine(options, function* (conductor, first) {
      work = new Workload(machine, conductor, {
        seed, operations: number("operations"), processes: number("processes"), together: 6,
        onCheck: (one) => {
          most = Math.max(most, one.list.length);
          if (one.checks % number("progress") === 0) process.stdout.write(`seed ${seed} cpus ${cpus}: equal so far, ${one.done} operations\n`);
        },
      });
      yield* work.run(first);
    });
    try {
      machine.run();
    } catch (error) {
      result = `DIFFERENT: ${error.message}`;
      failed++;
    }
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(begun);
    const cpuSeconds = (user + system) / 1e6; // of the host
    const { faults, copies, forgotten } = machine.state.counters;
    process.stdout.write(
      `seed ${seed} cpus ${cpus}: ${result}; ${work.done} operations, ${work.checks} checks, at most ${most} processes, ${faults} faults, ` +
        `${copies} copies, ${work.refused} refused, ${work.deaths} killed, ${forgotten} blocks forgotten; ${seconds.toFixed(1)} s, ` +
        `${Math.round(work.done / seconds)} operations/s (${Math.round(work.done / cpuSeconds)} a second of the host's CPU) ${JSON.stringify(work.counts)}\n`,
    );
  }
}
process.exitCode = failed > 0 ? 1 : 0;
