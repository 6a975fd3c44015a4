import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it, vi } from "vitest";
import { procyon } from "../support/cli.ts";
import { root, temporary } from "./pack.ts";

const SECONDS = 5;
let folder: string;
beforeAll(() => {
  vi.stubEnv("PROCYON_STEP_SECONDS", `${SECONDS}`);
  folder = temporary("runaways");
  symlinkSync(join(root, "apps/emulator/node_modules"), join(folder, "node_modules"), "dir");
  return () => vi.unstubAllEnvs();
});

/** A log that does something else after its third trap; gives the path of its package. */
function log(name: string, deed: string, imports = ""): string {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, "package.json"), JSON.stringify({ name, version: "2.0.0", type: "module", exports: "./index.js" }));
  writeFileSync(join(path, "index.js"), `${imports}
    import { image as log } from "@procyon-os/log";
    export const image = { ...log, *main(args) {
      const program = log.main(args);
      for (let traps = 1, answer; ; traps++) {
        answer = yield program.next(answer).value;
        if (traps === 3) { ${deed} }
      }
    } };
  `);
  return path;
}

it.each([
  ["loops between two calls", "for (;;);", `log (loops-between-two-calls@2.0.0) has not come back from a step for ${SECONDS} s: does it loop between two calls?`],
  ["waits for the host", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);", `log (waits-for-the-host@2.0.0) has not come back from a step for ${SECONDS} s`],
  ["has promises without end", "(async () => { for (;;) await null; })();", `the machine has not run for ${SECONDS} s, and not for a step of a package: does a promise or timer of one loop (log (has-promises-without-end@2.0.0))?`],
])("[E04] a package that %s ends the machine with its name, and what to do", async (what, deed, text) => {
  const name = what.replaceAll(" ", "-");
  const script = `service update log --package ${name}@2.0.0; while :; do sort /etc/passwd >/dev/null; done`;
  const outcome = await procyon(["boot", "--package", log(name, deed), "--exec", script]);
  expect(outcome.stderr).toContain(`procyon: ${text}`);
  expect(outcome.stderr).toContain("Leave the package out, or take another version of it");
  expect(outcome.stderr).not.toContain("debugger");
  expect(outcome.status).toBe(70);
});

const exits = {
  exit: ["process.exit(3);", "", "it calls process.exit(3), and this process is not its own to end"],
  kept: ["exit(0);", 'import { exit } from "node:process";', "it calls process.exit(0), and"],
  really: ["process.reallyExit(3);", "", "it calls process.reallyExit(3), and"],
  abort: ["process.abort();", "", "it calls process.abort(), and"],
  kill: ['process.kill(process.pid, "SIGKILL");', "", "it calls process.kill on itself, and"],
  group: ["process.kill(0);", "", "it calls process.kill on itself, and"],
} as const;

it("[E04][R08] a package that ends the process in a step crashes, with the reason, and one whose timer does is said so; the machine goes on", async () => {
  const packages = Object.entries(exits).flatMap(([name, [deed, imports]]) => ["--package", log(name, deed, imports)]);
  const late = log("late", "setTimeout(() => process.exit(4), 0);");
  const script = Object.keys(exits).map((name) => `service update log --package ${name}@2.0.0 2>/dev/null; echo ${name} $?`);
  const outcome = await procyon(["boot", ...packages, "--package", late], [
    ...script, "service update log --package late@2.0.0; echo late $?",
    "i=0; while [ $i -lt 300 ]; do i=$((i+1)); sort /etc/passwd >/dev/null; done; echo through | cat", "", // long enough for the timer to come
  ].join("\n"));
  expect(outcome.stdout.trim().split("\n")).toEqual([...Object.keys(exits).map((name) => `${name} 41`), "late 0", "through"]);
  for (const [name, [, , text]] of Object.entries(exits)) expect(outcome.stderr).toMatch(new RegExp(`${name}@2\\.0\\.0 crashed: Error: ${text.replaceAll(/[.()]/g, "\\$&")}`));
  expect(outcome.stderr).toContain("outside of the machine, a package's promise or timer has failed: it calls process.exit(4)");
  expect(outcome.status).toBe(0);
});
