import { afterEach, expect, it, vi } from "vitest";
import { importProblem } from "./trial.ts";

afterEach(() => vi.unstubAllEnvs());

it.each(["soon", "0", "-1", "Infinity"])("refuses %s as the time that an import may take", (given) => {
  vi.stubEnv("PROCYON_IMPORT_SECONDS", given);
  expect(() => importProblem("nowhere.js")).toThrow(`PROCYON_IMPORT_SECONDS is "${given}": give it a number of seconds, such as 30`);
});
