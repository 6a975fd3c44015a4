import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, expect, it } from "vitest";
import { procyon } from "../support/cli.ts";
import { root, temporary } from "./pack.ts";

let folder: string;

/** A package in a folder of its own; gives its path. */
function write(name: string, source: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "package.json"), JSON.stringify({ name, version: "2.0.0", type: "module", exports: "./index.js" }));
  writeFileSync(join(path, "index.js"), source);
  return path;
}

beforeAll(() => {
  folder = temporary("bad-packages");
  symlinkSync(join(root, "apps/emulator/node_modules"), join(folder, "node_modules"), "dir");
});
const SECONDS = 10; // for imports that never end; the others may take their time on a busy host


it.each([
  ["has a syntax error", "export const image = {;", /it cannot be loaded: Unexpected token ';' \(.*index\.js:1\)/],
  ["throws when it is imported", 'throw new Error("no luck today");', "it cannot be loaded: no luck today"],
  ["needs a package that is not there", 'import "nowhere";', "Cannot find package 'nowhere'"],
  ["waits for ever when it is imported", "await new Promise(() => {});", "its import never ends: it waits at its top level"],
  ["loops when it is imported", "for (;;);", `its import has not ended after ${SECONDS} s; does it loop?`],
  ["ends the process", "process.exit(0);", "its import ends the process (status 0)"],
  ["exports half a service", 'export const image = { name: "x" };', "it exports no service: an export image with name, version, dataBytes, stackBytes and main is wanted"],
  ["wants more memory than there is", 'import { image as log } from "@procyon-os/log"; export const image = { ...log, dataBytes: 1e12 };', "no memory for the boot module log"],
])("[E04] says in a line what is wrong with a package that %s, and starts nothing", async (what, source, text) => {
  process.env["PROCYON_IMPORT_SECONDS"] = `${SECONDS}`;
  const outcome = await procyon(["boot", "--service", `log=${write(what.replaceAll(" ", "-"), source)}`, "--exec", "echo started"]);
  expect(outcome.stderr).toMatch(text);
  expect(outcome.stderr.trim().split("\n")).toHaveLength(1);
  expect(outcome).toMatchObject({ status: 2, stdout: "" });
});

const service = (main: string): string => `import { image as log } from "@procyon-os/log"; export const image = { ...log, main: ${main} };`;

it.each([
  ["never traps", service("function* () { for (;;); }"), `cannot be loaded: its main has not come to its first call after ${SECONDS} s; does it loop?`],
  ["has promises without end", service("function () { (async () => { for (;;) await null; })(); }"), `its main has not come to its first call after ${SECONDS} s; does it loop?`],
  ["is async", service("async function* () { for (;;) await null; }"), "its main is async, and nobody would await it: a service is a generator of traps (function*)"],
  ["ends the process", service("function* () { process.exit(3); }"), "cannot be loaded: its main ends the process (status 3)"],
])("[E04] refuses a package whose main %s, before it is anywhere near the machine", async (what, source, text) => {
  process.env["PROCYON_IMPORT_SECONDS"] = `${SECONDS}`;
  const outcome = await procyon(["boot", "--package", write(`main-${what.replaceAll(" ", "-")}`, source), "--exec", "echo started"]);
  expect(outcome.stderr).toContain(text);
  expect(outcome).toMatchObject({ status: 2, stdout: "" });
});

beforeEach(() => void delete process.env["PROCYON_IMPORT_SECONDS"]);

it.each([
  ["log", "returns at once", "function* () {}", /log died before the system was up: signal \d+/],
  ["ds", "yields what is no trap", "function* () { for (;;) yield 7; }", /ds died before the system was up: signal \d+/],
  ["vm", "returns at once", "function* () {}", /vm died before the system was up: signal \d+/],
  ["tty", "never says that it is up", "function* () { for (;;) yield* receive(CLOCK); }", /not up after 20 seconds: tty\b/],
  ["vm", "never says that it is up", "function* () { for (;;) yield* receive(CLOCK); }", /not up after 20 seconds: .*\bvm\b/],
])("[E04] a boot of a %s that %s ends with what is wrong", async (label, what, main, text) => {
  const source = `import * as all from "@procyon-os/${label}"; import { CLOCK } from "@procyon-os/message"; import { receive } from "@procyon-os/syslib";
    export const image = { ...Object.values(all).find((one) => one?.main !== undefined), main: ${main} };`;
  const outcome = await procyon(["boot", "--service", `${label}=${write(`boot-${label}-${what.replaceAll(" ", "-")}`, source)}`, "--exec", "echo started"]);
  expect(outcome.stderr).toMatch(text);
  expect(outcome).toMatchObject({ status: 70, stdout: "" });
});

/** What a main may do that is no use, and what is said of it. */
const nonsense = {
  nothing: ["function () {}", "its main gives undefined where a generator of traps is wanted"],
  list: ["() => [1, 2]", "its main gives an object where a generator of traps is wanted"],
  undefined: ["function* () { for (;;) yield; }", "it yields undefined where a trap is wanted"],
  number: ["function* () { for (;;) yield 7; }", "it yields 7 where a trap is wanted"],
  promise: ["function* () { for (;;) yield Promise.resolve(); }", "it yields a promise where a trap is wanted"],
  word: ["function* () { yield { vector: 33, eax: 2n, ebx: 0, ecx: 1, message: null, bytes: null }; }", "its registers are not numbers"],
  text: ['function* () { yield { vector: 33, eax: 2, ebx: 0, ecx: 1, message: "hello", bytes: null }; }', "its message is not an Int32Array of 9 words"],
  short: ["function* () { for (;;) yield { vector: 32, eax: 0, ebx: 0, ecx: 0, message: new Int32Array(2), bytes: null }; }", "its message is not an Int32Array of 9 words"],
  bytes: ["function* () { for (;;) yield { vector: -2, eax: 4096, ebx: 0, ecx: 0, message: null, bytes: { length: 4 } }; }", "its bytes are not a Uint8Array"],
  getter: ["function* () { yield { get vector() { throw null; } }; }", "it throws null"],
  frozen: ["function* () { yield Object.freeze({ vector: -3, eax: 0, ebx: 0, ecx: 0, message: null, bytes: null }); yield 8; }", "it yields 8 where a trap is wanted"],
  vector: ["function* () { yield { vector: 77.5, eax: 0, ebx: 0, ecx: 0, message: null, bytes: null }; }", "trap 77 of a hosted program"],
  symbol: ["function* () { throw Symbol('odd'); }", "it throws Symbol(odd)"],
  bare: ["function* () { throw Object.create(null); }", "it throws an object"],
  stack: ["function* () { throw Object.assign(new Error('x'), { stack: 5 }); }", "it throws an error that has no text"],
  returns: ["function* () {}", "has returned"],
  reject: ["function* () { Promise.reject(new Error('left alone')); yield 9; }", "it yields 9 where a trap is wanted"],
  timer: ["function* () { setTimeout(() => { throw new Error('too late'); }, 0); yield 10; }", "it yields 10 where a trap is wanted"],
} as const;

it("[E04][R08] a package whose main is nonsense crashes, with the reason, and nothing else in the machine notices", async () => {
  const packages = Object.entries(nonsense).flatMap(([name, [main]]) => ["--package", write(`main-${name}`, service(main))]);
  const script = Object.keys(nonsense).map((name) => `service update log --package main-${name}@2.0.0 2>/dev/null; echo ${name} $?`);
  // Long enough for what is left of promises and timers to come.
  const outcome = await procyon(["boot", ...packages], `${script.join("\n")}\ni=0; while [ $i -lt 60 ]; do i=$((i+1)); sort /etc/passwd >/dev/null; done\nservice update log --package main-number@2.0.0 2>/dev/null; echo through | cat\n`);
  expect(outcome.stdout.trim().split("\n")).toEqual([...Object.keys(nonsense).map((name) => `${name} 41`), "through"]);
  for (const [, text] of Object.values(nonsense)) expect(outcome.stderr).toContain(text);
  expect(outcome.stderr).toContain("outside of the machine, a package's promise or timer has failed: left alone");
  expect(outcome.stderr).toContain("outside of the machine, a package's promise or timer has failed: too late");
  expect(outcome.status).toBe(0);
}, 400_000);

const servers = [
  ["ds", "ds", "ds"], ["pm", "pm", "pm"], ["sched", "sched", "sched"], ["vfs", "vfs", "image"], ["memory", "memory", "image"], ["log", "log", "image"],
  ["tty", "tty", "image"], ["fs_imgrd", "mfs", "mfs"], ["vm", "vm", "vm"], ["pfs", "pfs", "image"], ["at_wini_0", "at-wini", "image"], ["rs", "rs", "image"],
] as const;

it("[E04] puts a package in the place of every server and driver from the guest, and refuses what does not fit, whatever it is", async () => {
  const packages = servers.flatMap(([, name, image]) => ["--package", write(`my-${name}`, `import { ${image} as it } from "@procyon-os/${name}"; export const image = { ...it };`)]);
  const script = [
    ...servers.map(([label, name]) => `service update ${label} --package my-${name}@2.0.0 2>/dev/null; echo ${label} $?`),
    "service update ds --package my-tty@2.0.0 2>/dev/null; echo other contract $?",
    "service update pfs --package my-mfs@2.0.0 2>/dev/null; echo other server $?",
    "service update log --package my-memory@2.0.0 2>/dev/null; echo other driver $?",
    "service update ds --package nobody@1.0.0 2>/dev/null; echo nobody $?",
    "service update ds --package my-ds@9.9.9 2>/dev/null; echo no version $?",
    "service update nobody --package my-ds@2.0.0 2>/dev/null; echo no label $?",
    "echo through | cat",
  ];
  const outcome = await procyon(["boot", ...packages], `${script.join("\n")}\n`);
  expect(outcome.stdout.trim().split("\n")).toEqual([
    ...servers.map(([label]) => `${label} 0`), "other contract 76", "other server 76", "other driver 76", "nobody 2", "no version 2", "no label 3", "through",
  ]);
  expect(outcome.stderr).toContain("my-tty@2.0.0 cannot replace my-ds@2.0.0: ds: it is the contract tty, not ds");
  expect(outcome.stderr).toContain('my-mfs@2.0.0 cannot replace my-pfs@2.0.0: it keeps the state "mfs", and there is that of "pfs"');
  expect(outcome.stderr).not.toContain("crashed"); // refused before anything was touched
});
