import { expect, it } from "vitest";
import type { FuzzPrivileges } from "../testing/fuzz-machine.ts";
import { runFuzz } from "../testing/fuzz.ts";

const TRAPS = 8_000;

it.each<{ privileges: FuzzPrivileges; seed: number; cpus: number }>([
  { privileges: "all", seed: 1, cpus: 1 }, { privileges: "all", seed: 2, cpus: 2 }, { privileges: "basic", seed: 3, cpus: 2 }, { privileges: "none", seed: 4, cpus: 1 },
])("survives random traps of a guest and a hosted process at once, with paging on: privileges $privileges, seed $seed, $cpus CPUs", ({ privileges, seed, cpus }) => {
  const result = runFuzz({ seed, traps: TRAPS, privileges, cpus });
  expect(result.problem).toBeNull();
  expect(result.hosted).toBeGreaterThan(TRAPS / 10);
  expect(result.guest).toBeGreaterThan(TRAPS / 10);
  expect(result.pages).toBeGreaterThan(1000);
});
