// node test/memory/crash-workload.mjs [--seed 1] [--seeds 1] [--operations 20000] [--cpus 1,2,4] [--memory 64] [--traps 400] [--updates 0]
// The random work of `workload.mjs` while VM dies at random moments, by a crash or a signal, or is updated to another version and back: every byte
// as in the model, every frame with one use, nothing lost at the end. On the built packages (`pnpm build`).
import { withStateSpec } from "@procyon-os/sef";
import { kernel as kernelStubs } from "@procyon-os/syslib";
import { vm } from "@procyon-os/vm";
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import { RecoveringMachine } from "./recovering.mjs";
import { Workload } from "./workload.mjs";

/** Versions of VM whose saved state has another shape, and one that fails while it takes over. */
const versions = {
  "vm@2": withStateSpec(vm, (spec) => ({
    ...spec, version: 2,
    migrations: { 1: ({ processes, facts }) => ({ processes, facts: new Map([...facts].map(([name, words]) => [name, Int32Array.from(words)])) }) },
  })),
  "vm@1": withStateSpec(vm, (spec) => ({ ...spec, migrations: { 2: (saved) => saved } })),
  "vm@broken": withStateSpec(vm, (spec) => ({
    ...spec, version: 3,
    migrations: Object.fromEntries([1, 2].map((from) => [from, () => { throw new Error("a version that fails"); }])),
  })),
  "vm@stranger": withStateSpec(vm, (spec) => ({ ...spec, version: 9 })),
};

/** Chance of its own, so that the work is the same with and without crashes. */
function random(seed) {
  let state = (seed * 2654435761) >>> 0;
  return (limit) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) % limit;
  };
}

/**
 * @param traps VM dies after at most so many traps of its own, again and again; 0: never
 * @param updates VM is updated before every so many rounds; 0: never
 * @param ahead so many rounds before that its new version begins to stand by, some of the same state and some of another; 0: it does not
 */
export function crashWorkload({ seed = 1, cpus = 1, memoryMb = 64, operations = 4000, traps = 400, updates = 0, ahead = 0, parameters = { vm_sanity: "1" } }) {
  const chance = random(seed);
  const plan = { left: traps === 0 ? Infinity : 1 + chance(traps) };
  let work = null;
  let rounds = 0;
  const watcher = ({ machine }) => {
    if (work === null || machine === null || !machine.conductor.ready || plan.left-- > 0) return null;
    plan.left = 1 + chance(traps);
    if (chance(2) === 0) throw new Error("killed by the test");
    return kernelStubs.kill({ process: 8, signal: 9 });
  };
  const outcomes = [];
  const ready = () => ["vm@1", "vm@2", "vm@1"][outcomes.length % 3];
  const machine = new RecoveringMachine({ memoryMb, cpus, seed, race: cpus > 1 || seed % 2 === 0, parameters, versions }, function* (conductor, first) {
    const running = new Workload(machine, conductor, {
      seed, operations, together: 6, checkEvery: 500,
      *before() {
        if (updates === 0) return;
        if (ahead > 0 && (++rounds + ahead) % updates === 0) return yield* conductor.readyVersion(ready());
        if ((ahead > 0 ? rounds : ++rounds) % updates !== 0) return;
        const name = ahead > 0 ? ready() : ["vm@2", "vm@broken", "vm@1", "vm@stranger"][outcomes.length % 4];
        outcomes.push(yield* conductor.update(name));
      },
    });
    work = running;
    yield* running.run(first);
  }, watcher);
  machine.run();
  return { done: work.done, checks: work.checks, crashes: machine.conductor.crashes, updates: machine.conductor.updates, outcomes, refused: work.refused, deaths: work.deaths };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" }, seeds: { type: "string", default: "1" }, operations: { type: "string", default: "20000" }, cpus: { type: "string", default: "1,2,4" },
      memory: { type: "string", default: "64" }, traps: { type: "string", default: "400" }, updates: { type: "string", default: "0" },
    },
  });
  const number = (name) => Number(values[name]);
  for (let seed = number("seed"); seed < number("seed") + number("seeds"); seed++) {
    for (const cpus of values.cpus.split(",").map(Number)) {
      const start = performance.now();
      try {
        const result = crashWorkload({ seed, cpus, memoryMb: number("memory"), operations: number("operations"), traps: number("traps"), updates: number("updates") });
        console.log(`seed ${seed} cpus ${cpus}: equal; ${JSON.stringify({ ...result, outcomes: undefined })} ${((performance.now() - start) / 1000).toFixed(1)} s`);
      } catch (error) {
        process.exitCode = 1;
        console.log(`seed ${seed} cpus ${cpus}: ${process.env.VERBOSE ? error.stack : error.message.slice(0, 900)}`);
      }
    }
  }
}
