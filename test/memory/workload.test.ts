import { expect, it } from "vitest";
import { cowRace } from "./cow-race.mjs";
import { MemoryMachine } from "./memory-machine.mjs";
import { Workload } from "./workload.mjs";

interface Options {
  readonly seed: number;
  readonly cpus: number;
  readonly memoryMb?: number;
  readonly operations?: number;
  readonly processes?: number;
  readonly weights?: [string, number][];
  readonly parameters?: Record<string, string>;
}

/** Random work; throws where a byte differs from the model, a frame has not exactly one use, or not all is free again at the end. */
function work({ seed, cpus, memoryMb = 64, operations = 4000, parameters = {}, ...more }: Options) {
  let result: any = null;
  const machine: any = new MemoryMachine({ memoryMb, cpus, seed, race: cpus === 1, parameters }, function* (conductor: any, first: any): Generator<any, any, any> {
    result = new Workload(machine, conductor, { seed, operations, together: 6, checkEvery: 500, ...more });
    yield* result.run(first);
  });
  machine.run();
  return { ...result, shared: machine.kernel.counters.bytesShared, counters: machine.state.counters, largest: largestRun(machine), free: machine.state.free.pages };
}

function largestRun(machine: any): number {
  let largest = 0;
  const walk = (node: any): void => {
    if (node === null || node === undefined) return;
    largest = Math.max(largest, node.value.count);
    walk(node.left);
    walk(node.right);
  };
  walk(machine.state.free.runs.root);
  return largest;
}

it.each([[1, 1], [2, 2], [3, 4]])(
  "[V03][V07][V12] up to 200 processes see every byte that they should, and every frame has one use (seed %i, %i CPUs)", (seed, cpus) => {
    const { done, checks, counters, refused, deaths } = work({ seed, cpus });
    expect(done).toBeGreaterThanOrEqual(4000);
    expect(checks).toBeGreaterThanOrEqual(8);
    expect(counters.copies).toBeGreaterThan(500);
    expect([refused, deaths, counters.forgotten]).toEqual([0, 0, 0]);
  });

it.each([[1, 1], [2, 2], [3, 4]])("[K24][K26][V12][V14] maps of memory that is itself mapped, revoked, unmapped, whose holders die, and copies that share pages of all that, at random (seed %i, %i CPUs)", (seed, cpus) => {
  const weights: [string, number][] = [["write", 20], ["safemap", 30], ["revoke", 4], ["unmap", 2], ["fork", 8], ["exit", 5], ["mmap", 4], ["munmap", 1], ["safecopy", 20]];
  const { counts, checks, shared } = work({ seed, cpus, operations: 4000, processes: 20, weights, parameters: { cowcopy: "4096" } });
  expect(shared).toBeGreaterThan(10 * 4096);
  expect(counts.safemap).toBeGreaterThan(1000);
  expect(checks).toBeGreaterThanOrEqual(8);
});

it("[V11] the same with records that are read-only outside use()", () => {
  expect(work({ seed: 4, cpus: 2, operations: 3000, parameters: { vm_sanity: "1" } }).done).toBeGreaterThanOrEqual(3000);
});

it("[V19] with 16 MB requests are refused, and nothing is lost or left behind; yielded blocks go first", () => {
  const { counters, refused } = work({ seed: 5, cpus: 2, memoryMb: 16, operations: 12000 });
  expect(refused).toBeGreaterThan(0);
  expect(counters.forgotten).toBeGreaterThan(0);
});

it("[V10] free memory is hardly fragmented when all that work is over", () => {
  const { largest, free } = work({ seed: 6, cpus: 1, operations: 6000 });
  expect(largest / free).toBeGreaterThan(0.9);
});

it.each([[1, false], [2, false], [2, true], [4, true]])("[V04] parent and children write their pages at once and never see each other's bytes (%i CPUs, random order %s)", (cpus, race) => {
  expect(cowRace({ rounds: 40, cpus, race })).toEqual({ wrong: 0, copies: 40 * 50 });
});

it("[V04] the same work finds the mistake of giving write access back before the copy is made", () => {
  expect(cowRace({ rounds: 100, cpus: 1, race: true, mistake: "give-back" }).wrong).toBeGreaterThan(0);
});
