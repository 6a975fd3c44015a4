import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ANY, PM, RECEIVE, RS, VFS } from "@procyon-os/message";
import { afterAll, expect, it } from "vitest";
import { guestModule, hostedModule, ipc, machine, sys, testRs } from "../../src/testing/machine.ts";
import type { BootModule, DebugOptions } from "../../src/options.ts";
import { expected, lines } from "./checks.ts";
import { conform, server } from "./hosted.ts";

type Results = readonly (readonly [check: number, value: number])[];
const folder = mkdtempSync(join(tmpdir(), "kconform-"));
afterAll(() => rmSync(folder, { recursive: true }));
const binary = join(folder, "kconform");
const flags = ["-m32", "-march=i386", "-Os", "-ffreestanding", "-nostdlib", "-static", "-no-pie", "-fno-pie", "-fno-stack-protector", "-Wl,-Ttext-segment=0x1000", "-Wl,-N", "-Wl,--section-start=.results=0x8000"];
const built = spawnSync("gcc", [...flags, join(import.meta.dirname, "kconform.c"), "-o", binary]).status === 0;
const RESULTS = 0x8000;

function run(client: BootModule, cpuCount: number, debug: DebugOptions = { checkAlways: true }): ReturnType<typeof machine>["kernel"] {
  const partner = hostedModule(VFS, "server", server);
  const rs = testRs([partner, client], function* () {
    for (const [index, process] of [VFS, PM].entries()) yield* sys("schedctl", { flags: 1, process, quantumMs: 200, priority: 8, cpu: index % cpuCount });
    for (;;) yield* ipc(RECEIVE, ANY);
  });
  const { kernel, run, printed } = machine([rs, partner, client], { cpuCount, debug });
  expect(run(3e7), printed.join("")).toMatchObject({ kind: "idle" });
  kernel.check();
  return kernel;
}

/** By line of the checklist, so that a difference says what is wrong. */
const byLine = (results: Results): { [line: string]: Results } =>
  Object.fromEntries([...new Set(Object.values(lines))].map((line) => [line, results.filter(([check]) => lines[Math.floor(check / 10)] === line)]));

it.each([1, 2, 4])("[K01][K02][K03][K06][K23][K30][K31] kconform: a hosted service gets what is expected (%i CPUs)", (cpuCount) => {
  const results: [number, number][] = [];
  run(hostedModule(PM, "client", function* () {
    yield* conform((check, value) => results.push([check, value]));
    for (;;) yield* ipc(RECEIVE, RS);
  }), cpuCount);
  expect(byLine(results)).toEqual(byLine(expected));
});

it.each([1, 4])("[K08][K09] kconform: nothing changes where every kernel call is suspended and runs again (%i CPUs)", (cpuCount) => {
  const results: [number, number][] = [];
  const kernel = run(hostedModule(PM, "client", function* () {
    yield* conform((check, value) => results.push([check, value]));
    for (;;) yield* ipc(RECEIVE, RS);
  }), cpuCount, { restartCalls: true });
  expect(kernel.restartCalls && kernel.counters.kernelCalls > 10).toBe(true);
  expect(byLine(results)).toEqual(byLine(expected));
});

it.skipIf(!built).each([1, 2, 4])("[K01][K02][K03][K06][K23][K30][K31] kconform: a guest ELF service gets the same (%i CPUs)", (cpuCount) => {
  const kernel = run(guestModule(PM, "client", readFileSync(binary)), cpuCount);
  const { map } = kernel.processes.at(PM);
  const at = ((map[4] as number) - (map[3] as number)) * 4096 + RESULTS;
  const count = kernel.memory.read32(at + 255 * 4);
  const results = Array.from({ length: count / 2 }, (_, index) => [kernel.memory.read32(at + index * 8) | 0, kernel.memory.read32(at + index * 8 + 4) | 0] as const);
  expect(byLine(results)).toEqual(byLine(expected));
});
