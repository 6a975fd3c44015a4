import { CPF_MAP, CPF_READ, CPF_WRITE, safecopyElement } from "@procyon-os/contract-kernel";
import { SELF } from "@procyon-os/message";
import { expect, it } from "vitest";
import { commandMessage, CMD } from "../memory/memory-machine.mjs";
import { AT, memoryOf, PAGE, scene, type Agent } from "./scene.ts";

const PAGES = 24;
const ALL = PAGES * PAGE;

/** Deterministic chance. */
const chance = (seed: number) => (limit: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * limit);
};

/** The same random copies, writes and maps among three processes; every byte that they end with. */
function randomCopies(seed: number, cowcopy: string, cpus: number): { bytes: string; shared: number } {
  let bytes = "";
  const machine = scene(3, { seed, cpus, race: cpus > 1, parameters: { cowcopy } }, function* (agents, machine) {
    const random = chance(seed);
    for (const [i, agent] of agents.entries()) {
      yield* agent.mmap(PAGES);
      yield* agent.write(AT, ALL, i * 50);
      for (const [slot, other] of agents.entries()) if (other !== agent) yield* agent.direct(slot, other, AT, ALL, CPF_READ | CPF_WRITE | CPF_MAP);
    }
    for (let step = 0; step < 60; step++) {
      const one = random(3);
      const [from, to] = [agents[one] as Agent, agents[(one + 1 + random(2)) % 3] as Agent];
      const grant = agents.indexOf(to);
      switch (random(8)) {
        case 0: {
          const page = random(PAGES - 2);
          yield* to.map(from, grant, AT + page * PAGE, 2 * PAGE, true, random(PAGES - 2) * PAGE);
          break;
        }
        case 1: yield* from.call("saferevmap", { byGrant: true, what: grant }); break;
        case 2: case 3: yield* from.tell(commandMessage(CMD.WRITE, AT + random(ALL / 2), random(ALL / 2), random(256), 1 + random(900))); break;
        default: {
          const place = random(ALL / 3);
          const other = random(3) === 0 ? random(ALL / 3) : (place % PAGE) + random(8) * PAGE;
          const result: number = yield* to.copy(random(2) === 0 ? "safecopyfrom" : "safecopyto", from, grant, place, AT + other, 1 + random(ALL / 2));
          bytes += `${result} `;
        }
      }
    }
    for (const agent of agents) bytes += Buffer.from(memoryOf(machine, agent, AT, ALL)).toString("latin1");
  });
  return { bytes, shared: machine.kernel.counters.bytesShared };
}

it.each([1, 2, 3, 4, 5, 6])("[K24] [V14] E42: leaves the bytes that a plain copy leaves, among maps and copies that are shared already (seed %i)", (seed) => {
  const plain = randomCopies(seed, "off", 1);
  expect(plain.shared).toBe(0);
  for (const cpus of [1, 2]) {
    const cow = randomCopies(seed, "4096", cpus);
    expect(cow.bytes === plain.bytes).toBe(true);
    expect(cow.shared).toBeGreaterThan(20 * PAGE);
  }
});

it("[K24] copies head and tail and shares the pages between, once each, also in a vector whose calls are restarted", () => {
  for (const restartCalls of [false, true]) {
    const machine = scene(2, { restartCalls, parameters: { cowcopy: "8192" } }, function* ([one, two], machine): Generator<any, any, any> {
      yield* one.mmap(PAGES);
      yield* two.mmap(PAGES);
      yield* one.write(AT, ALL, 9);
      yield* one.direct(0, two, AT, ALL, CPF_READ);
      yield* two.write(AT, PAGE, 1); // vector lies here
      const element = (offset: number, bytes: number) => new Int32Array(safecopyElement.encode({
        from: one.endpoint, to: SELF, grant: 0 as never, offset, address: AT + PAGE + offset, bytes,
      } as never).buffer);
      const words = [...element(100, 5 * PAGE), ...element(8 * PAGE + 7, 3 * PAGE), ...element(16 * PAGE, 4 * PAGE)];
      for (let i = 0; i < words.length; i += 5) yield* two.tell(commandMessage(CMD.POKE, AT + i * 4, 0, ...words.slice(i, i + 5)));
      expect(yield* two.call("vsafecopy", { vector: AT, elements: 3 })).toBe(0);
      const source = memoryOf(machine, one, AT, ALL);
      for (const [offset, bytes] of [[100, 5 * PAGE], [8 * PAGE + 7, 3 * PAGE], [16 * PAGE, 4 * PAGE]] as const) {
        expect(memoryOf(machine, two, AT + PAGE + offset, bytes)).toEqual(source.subarray(offset, offset + bytes));
      }
      yield* one.write(AT + 17 * PAGE, 1, 77);
      expect(yield* two.peek(AT + 18 * PAGE)).toBe(source[17 * PAGE]);
    });
    expect(machine.kernel.counters.bytesShared).toBe((4 + 2 + 4) * PAGE);
  }
});

it("[K24] never shares memory whose place in physical memory was told", () => {
  const machine = scene(2, { parameters: { cowcopy: "4096" } }, function* ([one, two]): Generator<any, any, any> {
    for (const agent of [one, two]) {
      yield* agent.mmap(4);
      yield* agent.write(AT, 4 * PAGE, 3);
    }
    yield* one.direct(0, two, AT, 4 * PAGE, CPF_READ);
    yield* two.call("umap", { process: SELF, segment: 0x1001, address: AT, bytes: PAGE });
    expect(yield* two.copy("safecopyfrom", one, 0, 0, AT, 4 * PAGE)).toBe(0);
  });
  expect(machine.kernel.counters.bytesShared).toBe(0);
});
