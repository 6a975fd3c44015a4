import { endpointSlot, errorCode, type Endpoint } from "@procyon-os/message";
import { vm } from "@procyon-os/vm";
import { describe, expect, it } from "vitest";
import { crashAtEveryTrap, scenarios } from "./crash-points.mjs";
import { crashWorkload } from "./crash-workload.mjs";
import { RecoveringMachine } from "./recovering.mjs";

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

it.each([[6, 1, 1], [7, 2, 4], [8, 4, 2]])("[V15] a new version of VM reads the page tables ahead, and the old one goes on changing them (seed %i, %i CPUs)", (seed, cpus, ahead) => {
  const { updates, outcomes } = crashWorkload({ seed, cpus, operations: 1500, traps: 0, updates: 15, ahead });
  expect(updates).toBeGreaterThan(4);
  expect(outcomes.every((one) => one === 0)).toBe(true);
});

it("[V15] a new version that finds a page table which is not as the old one has left it does not begin", () => {
  const outcomes: number[] = [];
  const machine: any = new RecoveringMachine({ memoryMb: 16, cpus: 1, seed: 1, versions: { "vm@same": vm } }, function* (conductor: any, first: number) {
    outcomes.push(yield* conductor.update("vm@same"));
    const { space } = machine.state.processes[endpointSlot(first as Endpoint)];
    const [table] = [...space.tables.values()];
    const hole = table.entries.indexOf(0);
    machine.board.memory.words[table.frame * 1024 + hole] = 0x5007; // a page where no region is
    outcomes.push(yield* conductor.update("vm@same"));
    machine.board.memory.words[table.frame * 1024 + hole] = 0;
    outcomes.push(yield* conductor.update("vm@same"));
  });
  machine.run();
  expect(outcomes).toEqual([0, errorCode("ERESTART"), 0]);
  expect(machine.printed).toContain("VM: the page tables do not agree with the state of the old version");
});

it("[R10][V15] VM dies and is updated in turn, with 16 MB", () => {
  const { crashes, updates } = crashWorkload({ seed: 5, cpus: 1, memoryMb: 16, operations: 1500, updates: 60 });
  expect(Math.min(crashes, updates)).toBeGreaterThan(2);
});
