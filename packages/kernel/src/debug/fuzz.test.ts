import { expect, it } from "vitest";
import { runFuzz } from "../testing/fuzz.ts";

const ROUNDS = 20_000;

it.each([
  { what: "every privilege", privileged: true, seed: 1 }, { what: "every privilege", privileged: true, seed: 2 },
  { what: "none", privileged: false, seed: 3 },
])("survives random traps of a process with $what (seed $seed)", ({ privileged, seed }) => {
  const result = runFuzz(seed, ROUNDS, privileged);
  expect(result.panic).toBeNull();
  expect(result.rounds).toBe(ROUNDS);
  expect(result.alive).toBeGreaterThan(3);
  if (!privileged) expect(result.othersUnchanged).toBe(true);
});
