import { expect, it } from "vitest";
import { RandomIpc } from "../src/testing/random-ipc.ts";

it.each([{ cpus: 1, seed: 1 }, { cpus: 2, seed: 2 }, { cpus: 4, seed: 3 }])("[K01][K02][K03][K04] gives what a plain model of IPC says, for random calls, kills, updates and inhibits (seed $seed, $cpus CPUs)", ({ cpus, seed }) => {
  const run = new RandomIpc({ seed, cpus, operations: 4000, checkEvery: 1, debug: { vmassert: true, msgcheck: true, norec: true } });
  run.go();
  expect(run.counts.calls).toBeGreaterThan(2000);
  for (const count of [run.counts.kills, run.counts.updates, run.counts.inhibits, run.counts.errors]) expect(count).toBeGreaterThan(5);
});

it("finds a kernel that forgets what it has passed over, or delivers from memory that is changing", () => {
  for (const plant of ["forgetAsync", "inhibited"] as const) {
    expect(() => new RandomIpc({ seed: 4, cpus: 2, operations: 30_000, debug: { plant } }).go()).toThrow(/the model says|has (not )?ended/);
  }
});
