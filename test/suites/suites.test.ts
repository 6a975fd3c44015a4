import { suites } from "@procyon-os/suites";
import { describe, expect, it } from "vitest";
import { Machine } from "../services/machine.mjs";
import { loadRootImage } from "@procyon-os/userland";

const kinds = ["c", "hosted"] as const;
const pairings = kinds.flatMap((grantor) => kinds.map((requestor) => [grantor, requestor] as const));

/** One machine for all pairings of a suite, so that each also finds what the one before left. */
let shared: any = null;
const machine = (): any => (shared ??= new Machine([loadRootImage()], { packages: [suites] } as never));

/** Runs a suite as a person would; the lines that it printed, without the times. */
function run(command: string): string[] {
  const { output, status } = machine().run(`/usr/tests/run ${command}`);
  if (status !== 0) throw new Error(`${command}: status ${status}\n${output}\n${machine().tail()}`);
  return output.split("\n").filter((line: string) => !/ cycles |^\/usr/.test(line) && line !== "").sort();
}

const passed = (suite: string, steps: readonly string[], grantor: readonly string[]): string[] =>
  [...steps.map((step) => `${suite}: ${step} succeeded`), `${suite}: ${steps.length} steps, 0 failed`, ...grantor].sort();
const grantorsLines = (suite: string): string[] => [`${suite}: the grantor's last grant succeeded`, `${suite}: 1 steps, 0 failed`];

describe.each(pairings)("with a %s grantor and a %s requestor", (grantor, requestor) => {
  it("[O10] [K23] [K24] [K27] the safecopy suite passes in the guest", () => {
    const steps = ["SIZES", "BYTES", "COW", "MEMSET", "BOUNDS", "ACCESS", "VECTOR", "INDIRECT", "REVOKE"];
    expect(run(`safecopy ${grantor} ${requestor}`)).toEqual(passed("safecopy", steps, grantorsLines("safecopy")));
  });

  it("[O10] [K25] [K26] [V14] the safemap suite passes in the guest", () => {
    const steps = ["MAP", "UNMAP", "REVOKE", "SMAP_COW", "COW_SMAP", "COW_SMAP2", "ALIGNMENT", "PAGES", "INDIRECT", "READONLY", "FORK", "MUNMAP"];
    expect(run(`safemap ${grantor} ${requestor}`)).toEqual(passed("safemap", steps, grantorsLines("safemap")));
  });

  it("[O10] [D01] [D02] [D03] [D04] the ds suite passes in the guest: the first subscribes, the second publishes", () => {
    expect(run(`dstest ${grantor} ${requestor}`)).toEqual(passed("dstest", ["U32", "STR", "MEM", "MAP", "LABEL", "SUBSCRIBE"], ["dstest: 0 steps, 0 failed"]));
  });

  it("[O10] the safeperf suite passes in the guest with MINIX's arguments", () => {
    const options = `pages=${grantor === "c" ? 30 : 5} map=${requestor === "c" ? 0 : 1} write=1`;
    const lines = run(`safeperf ${grantor} ${requestor} ${options}`);
    expect(lines.filter((line) => !line.includes("us a page"))).toEqual(passed("safeperf", ["PAGES"], grantorsLines("safeperf")));
    expect(lines.join("\n")).toMatch(new RegExp(`${options.replaceAll("=", " ")}: \\d+\\.\\d\\d us a page`));
  });
});

it.each(kinds.flatMap((a) => kinds.flatMap((b) => kinds.map((c) => [a, b, c] as const))))(
  "[O10] [K26] three processes in the guest: a %s grantor, a %s requestor and a %s one in the middle, which passes on, revokes, and dies of a write to what it may read", (grantor, requestor, middle) => {
    const steps = ["PASSED_ON", "MIDDLE_REVOKES", "VIEW_OF_VIEW", "MIDDLE_DIES"];
    expect(run(`chain ${grantor} ${requestor} ${middle}`)).toEqual(passed("chain", steps, grantorsLines("chain")));
  });

it.each(kinds)("[O10] [K24] safeperf (%s) prints the time of copies of 1 B to 4 MB: sharing pages wins from 32 KB on, and loses nowhere", (kind) => {
  const lines = run(`safeperf ${kind} ${kind}`);
  const rows = lines.map((line) => line.replace("safeperf:", "").trim().split(/\s+/).map(Number)).filter((row) => row.length === 5 && row.every(Number.isFinite));
  expect(rows.map(([bytes]) => bytes).sort((a, b) => (a as number) - (b as number))).toEqual(Array.from({ length: 23 }, (_, i) => 2 ** i));
  for (const [bytes, copied, shared] of rows as [number, number, number][]) {
    if (bytes < 32768) expect(shared).toBeLessThanOrEqual(copied * 1.1);
    else expect(shared).toBeLessThan(copied * 0.6);
  }
  expect(lines).toContain("safeperf: sharing takes less time from 32768 bytes on; elsewhere it takes at most 0 % more");
});

it.each(kinds)("[L02] [K28] grants (%s): create, set, revoke, look up, grow; alignment of grants to map; physical memory that the kernel allows", (kind) => {
  expect(run(`grants ${kind}`)).toEqual(passed("grants", ["GROW", "LOOKUP", "SET", "ALIGN", "REVOKE", "PHYS"], []));
});

it("a suite that fails says so, and the machine is as it was", () => {
  const one = machine();
  expect(one.run("/usr/tests/run nonsense").status).toBe(2);
  expect(one.run("/usr/tests/run safeperf c c pages=99").status).not.toBe(0);
  expect(one.must("memstat --check")).toContain("check: every page has exactly one use");
  expect(one.must("service list")).not.toMatch(/grantor|requestor|middle/);
  expect(one.system.kernel.safemaps.all).toEqual([]);
});
