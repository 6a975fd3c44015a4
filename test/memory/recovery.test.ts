import { errorCode } from "@procyon-os/message";
import { describe, expect, it } from "vitest";
import { crashAtEveryTrap, scenarios } from "./crash-points.mjs";
import { crashWorkload } from "./crash-workload.mjs";

describe("VM dies before each trap of a request, and another instance goes on: nobody sees a difference, no frame is lost", () => {
  it.each(Object.keys(scenarios))("[R10] %s", (name) => {
    const every = ["brk up and down", "devices, exits and masks", "pinned memory, and a signal's stack"].includes(name) ? 3 : 1;
    expect(crashAtEveryTrap(name, { every })).toBeGreaterThan(2);
  });

  it.each(["page fault, copy on write", "munmap in the middle", "fork", "safemap, and its end", "exchange of two instances"])("[R10] %s, on 2 CPUs", (name) => {
    expect(crashAtEveryTrap(name, { cpus: 2, every: 2 })).toBeGreaterThan(2);
  });

  it.each(["fork", "exec"])("[R10] %s, killed by a signal, on 4 CPUs", (name) => {
    expect(crashAtEveryTrap(name, { cpus: 4, how: "kill", every: 3 })).toBeGreaterThan(2);
  });
});

it.each([[1, 1], [2, 2], [3, 4]])("[R10][V12] VM dies at random moments under random work: every byte is right, every frame has one use (seed %i, %i CPUs)", (seed, cpus) => {
  const { done, crashes, refused, deaths } = crashWorkload({ seed, cpus, operations: 1500 });
  expect(done).toBeGreaterThanOrEqual(1500);
  expect(crashes).toBeGreaterThan(10);
  expect([refused, deaths]).toEqual([0, 0]);
});

it("[V15] VM is updated under the same work, to a version that saves otherwise and back; where the new one fails the old one goes on", () => {
  const { updates, outcomes } = crashWorkload({ seed: 4, cpus: 2, operations: 2000, traps: 0, updates: 30 });
  expect(updates).toBeGreaterThan(4);
  expect(outcomes.slice(0, 4)).toEqual([0, errorCode("ERESTART"), 0, errorCode("ERESTART")]);
});

it("[R10][V15] VM dies and is updated in turn, with 16 MB", () => {
  const { crashes, updates } = crashWorkload({ seed: 5, cpus: 1, memoryMb: 16, operations: 1500, updates: 60 });
  expect(Math.min(crashes, updates)).toBeGreaterThan(2);
});
