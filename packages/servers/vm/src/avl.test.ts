import { expect, it } from "vitest";
import { atOrAbove, atOrBelow, insert, newTree, remove, treeFault, values } from "./avl.ts";

/** A small generator of numbers: the same seed, the same test. */
function random(seed: number): (limit: number) => number {
  let x = seed;
  return (limit) => {
    x = (Math.imul(x, 1103515245) + 12345) & 0x7fffffff;
    return (x >>> 8) % limit;
  };
}

it.each([1, 2, 3])("stays sorted and balanced under insertion and removal (seed %i)", (seed) => {
  const next = random(seed);
  const tree = newTree<number>();
  const model = new Set<number>();
  for (let step = 0; step < 3000; step++) {
    const key = next(400);
    if (model.has(key)) remove(tree, key);
    else insert(tree, key, key);
    if (!model.delete(key)) model.add(key);
    expect(treeFault(tree)).toBeNull();
  }
  const sorted = [...model].sort((a, b) => a - b);
  expect(values(tree)).toEqual(sorted);
  for (let key = -1; key <= 401; key++) {
    expect(atOrBelow(tree, key)).toBe(sorted.findLast((one) => one <= key) ?? null);
    expect(atOrAbove(tree, key)).toBe(sorted.find((one) => one >= key) ?? null);
  }
});

it("refuses a key twice, and the removal of a key that is not there", () => {
  const tree = newTree<string>();
  insert(tree, 5, "five");
  expect(() => insert(tree, 5, "again")).toThrow("in the tree already");
  expect(() => remove(tree, 6)).toThrow("not in the tree");
});
