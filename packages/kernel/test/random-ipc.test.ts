import { expect, it } from "vitest";
import { RandomIpc } from "../src/testing/random-ipc.ts";

it.each([{ cpus: 1, seed: 1 }, { cpus: 2, seed: 2 }, { cpus: 4, seed: 3 }])("[K01][K02][K03][K04] gives what a plain model of IPC says, for processes that make random calls all at once, are killed, updated and inhibited (seed $seed, $cpus CPUs)", ({ cpus, seed }) => {
  const run = new RandomIpc({ seed, cpus, operations: 4000, debug: { checkAlways: true, vmassert: true, msgcheck: true, norec: true } });
  run.go();
  const { counts } = run;
  expect(counts.calls).toBeGreaterThanOrEqual(4000);
  for (const count of [counts.kills, counts.updates, counts.inhibits, counts.errors]) expect(count).toBeGreaterThan(5);
  expect(counts.mostWaiting).toBeGreaterThan(16); // calls in flight at once
});

it("finds a kernel that forgets what it has passed over, or delivers from memory that is changing", () => {
  for (const plant of ["forgetAsync", "inhibited"] as const) {
    expect(() => new RandomIpc({ seed: 4, cpus: 2, operations: 60_000, debug: { plant } }).go()).toThrow(/the model says/);
  }
});
