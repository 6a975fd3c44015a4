import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
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
  process.env["PROCYON_IMPORT_SECONDS"] = "5";
});

it.each([
  ["has a syntax error", "export const image = {;", /it cannot be loaded: Unexpected token ';' \(.*index\.js:1\)/],
  ["throws when it is imported", 'throw new Error("no luck today");', "it cannot be loaded: no luck today"],
  ["needs a package that is not there", 'import "nowhere";', "Cannot find package 'nowhere'"],
  ["waits for ever when it is imported", "await new Promise(() => {});", "its import never ends: it waits at its top level"],
  ["loops when it is imported", "for (;;);", "its import has not ended after 5 s; does it loop?"],
  ["ends the process", "process.exit(0);", "its import ends the process (status 0)"],
  ["exports half a service", 'export const image = { name: "x" };', "it exports no service: an export image with name, version, dataBytes, stackBytes and main is wanted"],
  ["wants more memory than there is", 'import { image as log } from "@procyon-os/log"; export const image = { ...log, dataBytes: 1e12 };', "no memory for the boot module log"],
])("[E04] says in a line what is wrong with a package that %s, and starts nothing", async (what, source, text) => {
  const outcome = await procyon(["boot", "--service", `log=${write(what.replaceAll(" ", "-"), source)}`, "--exec", "echo started"]);
  expect(outcome.stderr).toMatch(text);
  expect(outcome.stderr.trim().split("\n")).toHaveLength(1);
  expect(outcome).toMatchObject({ status: 2, stdout: "" });
});

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
    "service update ds --package nobody@1.0.0 2>/dev/null; echo nobody $?",
    "service update ds --package my-ds@9.9.9 2>/dev/null; echo no version $?",
    "service update nobody --package my-ds@2.0.0 2>/dev/null; echo no label $?",
    "echo through | cat",
  ];
  const outcome = await procyon(["boot", ...packages], `${script.join("\n")}\n`);
  expect(outcome.stdout.trim().split("\n")).toEqual([
    ...servers.map(([label]) => `${label} 0`), "other contract 76", "other server 41", "nobody 2", "no version 2", "no label 3", "through",
  ]);
  expect(outcome.stderr).toContain("my-tty@2.0.0 cannot replace my-ds@2.0.0: ds: it is the contract char, not ds");
});
