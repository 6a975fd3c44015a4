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
