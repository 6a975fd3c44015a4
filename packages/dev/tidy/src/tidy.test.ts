import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, it } from "vitest";
import { exceptions } from "./exceptions.ts";
import { layerProblems, mayDependOn } from "./layers.ts";
import { packageProblems, sourceProblems } from "./rules.ts";
import { findPackages, findSources, type SourceFile } from "./workspace.ts";

const root = join(import.meta.dirname, "../../../..");
const packages = findPackages(root);
const sources = findSources(root, packages);
const accepted = (problem: string): boolean => exceptions[problem] !== undefined;

it("finds no dependency that points the wrong way", () => {
  expect(packages.length).toBeGreaterThan(25);
  expect(layerProblems(packages, sources).filter((problem) => !accepted(problem))).toEqual([]);
});

it("finds no file that breaks a rule of the house", () => {
  expect(sourceProblems(sources).filter((problem) => !accepted(problem))).toEqual([]);
});

it("finds every package complete", () => {
  expect(packageProblems(packages, (path) => existsSync(join(root, path)))).toEqual([]);
});

it("finds in each tsconfig the references that the manifest calls for", () => {
  const directories = new Map(packages.map(({ name, directory }) => [name, directory]));
  const wrong = packages.filter(({ directory, dependencies }) => {
    const config = JSON.parse(readFileSync(join(root, directory, "tsconfig.json"), "utf8")) as { references?: { path: string }[] };
    const have = (config.references ?? []).map(({ path }) => path).sort();
    const want = dependencies.map((name) => relative(directory, directories.get(name) ?? name)).sort();
    return have.join() !== want.join();
  });
  expect(wrong.map(({ name }) => name)).toEqual([]);
});

it("accepts no exception that is no longer needed", () => {
  const problems = new Set([...layerProblems(packages, sources), ...sourceProblems(sources)]);
  expect(Object.keys(exceptions).filter((problem) => !problems.has(problem))).toEqual([]);
});

it("knows which way dependencies point", () => {
  expect(mayDependOn("ds", "contract-vm")).toBe(true);
  expect(mayDependOn("ds", "vm")).toBe(false);
  expect(mayDependOn("ds", "kernel")).toBe(false);
  expect(mayDependOn("kernel", "syslib")).toBe(false);
  expect(mayDependOn("hardware", "message")).toBe(false);
});

it("sees what would make a run depend on the host, and not what only talks of it", () => {
  const owner = packages.find(({ name }) => name === "kernel") as SourceFile["owner"];
  const file = (text: string): SourceFile => ({ path: "x.ts", text, owner, isTest: false });
  expect(sourceProblems([file("const now = Date.now();")])).toEqual(["x.ts: uses the host's time (Date)"]);
  expect(sourceProblems([file('/** Not Date. */ const text = "Math.random"; // setTimeout')])).toEqual([]);
  expect(sourceProblems([file("const x = Math.random();")])).toEqual(["x.ts: uses the host's randomness (Math.random)"]);
});
