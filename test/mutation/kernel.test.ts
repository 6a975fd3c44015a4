import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { mutations } from "./kernel.mjs";

const root = join(import.meta.dirname, "../..");

it("has a mutation for every line of the kernel's checklist", () => {
  const ids = new Set(mutations.map(({ id }) => id));
  expect(Array.from({ length: 34 }, (_, index) => `K${String(index + 1).padStart(2, "0")}`).filter((id) => !ids.has(id))).toEqual([]);
});

it("finds the text of each mutation exactly once, so that it can be made", () => {
  const wrong = mutations.filter(({ file, from, to }) => from === to || readFileSync(join(root, file), "utf8").split(from).length !== 2);
  expect(wrong).toEqual([]);
});
