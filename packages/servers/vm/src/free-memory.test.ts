import { expect, it } from "vitest";
import { values } from "./avl.ts";
import { ANYWHERE, freeRun, longestRun, newFreeMemory, takeFrame, takePiece, takeRun } from "./free-memory.ts";

function memory(...runs: readonly (readonly [number, number])[]) {
  const free = newFreeMemory();
  for (const [start, count] of runs) freeRun(free, start, count);
  return free;
}

it("[V10] takes from the high end, where it also begins to look, so that low memory stays whole", () => {
  const free = memory([16, 100], [200, 8]);
  expect(takeRun(free, 10, ANYWHERE)).toBe(106);
  expect(takeFrame(free)).toBe(207);
  expect(takePiece(free, 100)).toEqual({ start: 200, count: 7 });
  expect(values(free.runs)).toEqual([{ start: 16, count: 90 }]);
});

it("joins a run that comes back with both neighbors", () => {
  const free = memory([10, 5], [20, 5]);
  freeRun(free, 15, 5);
  expect(values(free.runs)).toEqual([{ start: 10, count: 15 }]);
  expect(() => freeRun(free, 12, 1)).toThrow("free already");
});

it("keeps memory below a limit whole: from the low end, no part above the limit", () => {
  const free = memory([250, 20]);
  expect(takeRun(free, 4, { below: 256, align: 1 })).toBe(250);
  expect(takeRun(free, 4, { below: 256, align: 1 })).toBe(-1);
  expect(takeRun(free, 2, { below: 256, align: 1 })).toBe(254);
});

it("aligns, and loses nothing of what lies beside", () => {
  const free = memory([10, 50]);
  expect(takeRun(free, 8, { below: 0, align: 16 })).toBe(48);
  expect(free.pages).toBe(42);
  expect(takeRun(free, 17, { below: 0, align: 16 })).toBe(16);
  freeRun(free, 48, 8);
  freeRun(free, 16, 17);
  expect(values(free.runs)).toEqual([{ start: 10, count: 50 }]);
});

it("[V10] bounds fragmentation under churn", () => {
  const free = memory([0x100, 4000]);
  let x = 7;
  const next = (limit: number): number => (x = (Math.imul(x, 1103515245) + 12345) & 0x7fffffff) % limit;
  const held: [number, number][] = [];
  let worst = Infinity;
  for (let step = 0; step < 20_000; step++) {
    const count = 1 + (next(1 << 20) >> 8) % 16;
    if (held.length < 120) {
      const start = takeRun(free, count, ANYWHERE);
      if (start >= 0) held.push([start, count]);
    } else {
      const [start, size] = held.splice((next(1 << 20) >> 8) % held.length, 1)[0] as [number, number];
      freeRun(free, start, size);
    }
    worst = Math.min(worst, longestRun(free) / free.pages);
  }
  expect(worst).toBeGreaterThan(0.75); // the longest run is most of what is free
});

/** Churn of pieces of 1 to 32 frames at a level of use: the shortest that the longest run ever was, and the most runs. */
function churn(used: number, seed: number): { longest: number; runs: number } {
  const total = 16_384;
  const free = memory([0x100, total]);
  let x = seed;
  const next = (limit: number): number => ((x = (Math.imul(x, 1103515245) + 12345) & 0x7fffffff) >>> 8) % limit;
  const held: [number, number][] = [];
  let longest = total;
  let runs = 0;
  for (let step = 0; step < 60_000; step++) {
    if (free.pages > total * (1 - used)) {
      const count = 1 + next(32);
      const start = takeRun(free, count, ANYWHERE);
      if (start >= 0) held.push([start, count]);
    } else {
      const [start, size] = held.splice(next(held.length), 1)[0] as [number, number];
      freeRun(free, start, size);
    }
    if (step % 50 !== 0 || step < 10_000) continue;
    longest = Math.min(longest, longestRun(free));
    runs = Math.max(runs, free.records.live);
  }
  return { longest, runs };
}

// Measured: 83 % in one run and 213 runs; 56 % and 290; with 90 % in use 21 frames (1.3 %) and 354.
it.each([[0.5, 0.8, 250], [0.75, 0.5, 330], [0.9, 0.009, 400]])(
  "[V10] with %d of 64 MB in use, keeps %d of the free memory in one run, and never more than %i runs", (used, part, most) => {
    for (const seed of [1, 2, 3]) {
      const { longest, runs } = churn(used, seed);
      expect(longest).toBeGreaterThan(16_384 * (1 - used) * part);
      expect(runs).toBeLessThan(most);
    }
  });
