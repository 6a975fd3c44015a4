import fc from "fast-check";
import { expect, it } from "vitest";
import { run } from "../test/run-program.ts";
import { allocate, free, heapInUse, setMoreMemory, tryAllocate } from "./heap.ts";

it("gives memory that overlaps no other, aligned as asked, and has all of it again at the end", () => {
  const step = fc.record({ bytes: fc.integer({ min: 1, max: 3000 }), align: fc.constantFrom(16, 64, 4096), release: fc.nat() });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    run(function* () {
      const live: { at: number; bytes: number }[] = [];
      for (const { bytes, align, release } of steps) {
        const at = yield* tryAllocate(bytes, align);
        const overlaps = live.some((other) => at !== null && at + bytes > other.at && other.at + other.bytes > at);
        expect([overlaps, (at ?? 0) % align]).toEqual([false, 0]);
        if (at !== null) live.push({ at, bytes });
        if (release % 3 === 0 && live.length > 0) free((live.splice(release % live.length, 1)[0] as { at: number }).at);
      }
      for (const { at } of live) free(at);
      expect(heapInUse()).toBe(0);
      expect(yield* tryAllocate(64 * 1024)).not.toBeNull(); // in one piece
    });
  }), { numRuns: 60 });
});

it("asks for more when the data segment is full, and says null where there is no more", () => {
  run(function* () {
    expect(yield* tryAllocate(65 * 1024)).toBeNull();
    const asked: number[] = [];
    setMoreMemory(function* (bytes) {
      asked.push(bytes);
      return asked.length > 1 ? null : { address: 0x100000, length: 0x20000 };
    });
    expect(yield* allocate(65 * 1024)).toBe(0x100000);
    expect(yield* tryAllocate(0x40000)).toBeNull();
    expect(asked).toHaveLength(2);
  });
});

it("stops a program that frees what it does not have, or cannot do without more", () => {
  expect(() => run(function* () {
    const at = yield* allocate(10);
    free(at);
    free(at);
  })).toThrow("not allocated");
  expect(() => run(function* () {
    yield* allocate(1 << 20);
  })).toThrow("out of memory: 1048576 bytes");
});
