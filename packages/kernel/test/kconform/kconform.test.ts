import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ANY, PM, RECEIVE, RS, VFS } from "@procyon-os/message";
import { afterAll, expect, it } from "vitest";
import { guestModule, hostedModule, ipc, machine, sys, testRs } from "../../src/testing/machine.ts";
import type { Kernel } from "../../src/kernel.ts";
import type { BootModule, DebugOptions } from "../../src/options.ts";
import { PROCESS_START, WRITABLE } from "../../src/testing/fake-vm.ts";
import { paged } from "../../src/testing/paged.ts";
import { expected, lines } from "./checks.ts";
import { conform, runScript, server } from "./hosted.ts";
import { STEP_WORDS, script, scriptWords } from "./steps.ts";

type Results = readonly (readonly [check: number, value: number])[];
const folder = mkdtempSync(join(tmpdir(), "kconform-"));
afterAll(() => rmSync(folder, { recursive: true }));
const binary = join(folder, "kconform");
const flags = ["-m32", "-march=i386", "-Os", "-ffreestanding", "-nostdlib", "-static", "-no-pie", "-fno-pie", "-fno-stack-protector", "-Wl,-Ttext-segment=0x1000", "-Wl,-N", "-Wl,--section-start=.results=0x8000", "-Wl,--section-start=.work=0x9000", "-Wl,--section-start=.script=0xc000"];
writeFileSync(join(folder, "script.h"), `#define STEP_WORDS ${STEP_WORDS}\nstatic const int script[] __attribute__((section(".script"))) = {${scriptWords().join()}, 0};\n`);
const built = spawnSync("gcc", [...flags, `-I${folder}`, join(import.meta.dirname, "kconform.c"), "-o", binary]).status === 0;
const RESULTS = 0x8000;

function run(client: BootModule, cpuCount: number, debug: DebugOptions = { checkAlways: true }, trace = false): Kernel {
  const partner = hostedModule(VFS, "server", server);
  const rs = testRs([partner, client], function* () {
    for (const [index, process] of [VFS, PM].entries()) yield* sys("schedctl", { flags: 1, process, quantumMs: 200, priority: 8, cpu: index % cpuCount });
    for (;;) yield* ipc(RECEIVE, ANY);
  });
  const { kernel, run, printed } = machine([rs, partner, client], { cpuCount, debug, trace });
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

/** What the steps of the script noted, by line of the checklist: number of the step and values. */
function notedByLine(noted: readonly number[]): { [line: string]: string[] } {
  const result: { [line: string]: string[] } = {};
  let at = 0;
  for (const [index, { line, expected, op, a }] of script.entries()) {
    const values = noted.slice(at, (at += expected.length));
    if (expected.length > 0) (result[line] ??= []).push(`${index} ${op} ${a}: ${values.join()}`);
  }
  return result;
}
const wanted = notedByLine(script.flatMap(({ expected }) => expected));
const scriptIds = "[K01][K02][K03][K04][K05][K06][K07][K09][K10][K11][K16][K22][K23][K25][K26][K27][K28][K29][K30][K31][K32]";

let noted: number[] = [];
const hostedClient = (): BootModule => hostedModule(PM, "client", function* () {
  noted = yield* runScript();
  for (;;) yield* ipc(RECEIVE, RS);
});
const hostedScript = (cpuCount: number, debug?: DebugOptions): { [line: string]: string[] } => {
  run(hostedClient(), cpuCount, debug);
  return notedByLine(noted);
};
/** What the guest has noted, which lies at this physical address. */
function guestNotes({ memory }: Kernel, at: number): { [line: string]: string[] } {
  return notedByLine(Array.from({ length: memory.read32(at + 256 * 4) }, (_, index) => memory.read32(at + (257 + index) * 4) | 0));
}

/** With paging on, and pages of both absent that they use: calls are suspended, messages and programs wait for pages, nothing is different. */
function pagedScript(client: BootModule, cpuCount: number): ReturnType<typeof paged> {
  return paged([hostedModule(VFS, "server", server), client], function* (vm) {
    yield* vm.move(PM, (page) => (page >= 9 && page < 12 ? 0 : WRITABLE));
    yield* vm.move(VFS, (page) => (page % 2 === 1 ? 0 : WRITABLE));
  }, function* () {
    for (const [index, process] of [VFS, PM].entries()) yield* sys("schedctl", { flags: 1, process, quantumMs: 200, priority: 8, cpu: index % cpuCount });
  }, { cpuCount });
}

it.each([1, 2, 4])(`${scriptIds} kconform's script: a hosted service gets what is expected of every line (%i CPUs)`, (cpuCount) => {
  expect(hostedScript(cpuCount)).toEqual(wanted);
  expect(Object.keys(wanted)).toHaveLength(21);
});

it.each([1, 4])("[K08][K09] kconform's script: nothing changes where every kernel call is suspended and runs again (%i CPUs)", (cpuCount) => {
  expect(hostedScript(cpuCount, { restartCalls: true })).toEqual(wanted);
});

it.each([1, 2, 4])("[K08][K10][K11][K21] kconform's script: nothing changes where paging is on and pages are missing (%i CPUs, hosted)", (cpuCount) => {
  const { vm, test } = pagedScript(hostedClient(), cpuCount);
  expect(notedByLine(noted)).toEqual(wanted);
  expect([vm.faults.length > 2, vm.requests.length > 1, test.kernel.counters.suspendedCalls > 1]).toEqual([true, true, true]);
});

it.skipIf(!built).each([1, 2, 4])(`${scriptIds} kconform's script: a guest ELF service gets the same (%i CPUs)`, (cpuCount) => {
  const kernel = run(guestModule(PM, "client", readFileSync(binary)), cpuCount);
  const { map } = kernel.processes.at(PM);
  expect(guestNotes(kernel, ((map[4] as number) - (map[3] as number)) * 4096 + RESULTS)).toEqual(wanted);
});

it.skipIf(!built).each([1, 2, 4])("[K08][K10][K11][K21] kconform's script: nothing changes where paging is on and pages are missing (%i CPUs, guest)", (cpuCount) => {
  const { vm, test } = pagedScript(guestModule(PM, "client", readFileSync(binary)), cpuCount);
  expect(guestNotes(test.kernel, (vm.entry(PM, PROCESS_START + RESULTS) & ~0xfff) >>> 0)).toEqual(wanted);
  expect([vm.faults.length > 1, vm.requests.length > 1, test.kernel.counters.suspendedCalls > 1]).toEqual([true, true, true]);
});

it.skipIf(!built)("[K34] kconform's script leaves the same trace every time", () => {
  const hash = (): string => run(guestModule(PM, "client", readFileSync(binary)), 2, {}, true).traceHash();
  expect(hash()).toBe(hash());
});
