import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

// The shell and the tools, libc included, on a Linux host: src/hosttest answers their messages with Linux's calls.
const packageRoot = join(import.meta.dirname, "..");
const scratch = mkdtempSync(join(tmpdir(), "procyon-host-"));
const bin = join(scratch, "bin");
const built = spawnSync("node", ["build/host.mjs", bin], { cwd: packageRoot });
const runs = built.status === 0 && spawnSync(join(bin, "true")).status === 0;

afterAll(() => rmSync(scratch, { recursive: true }));

function shell(args: string[], input = ""): { status: number | null; stdout: string; stderr: string } {
  const cwd = mkdtempSync(join(scratch, "cwd-"));
  mkdirSync(cwd, { recursive: true });
  const { status, stdout, stderr } = spawnSync(join(bin, "sh"), args, { cwd, input, encoding: "utf8", env: { PATH: bin, HOME: "/root" } });
  return { status, stdout, stderr };
}

describe.skipIf(!runs)("the shell and the tools on a host that runs i386 code", () => {
  it.each(["basic", "more", "tools"])("%s.sh prints what a POSIX shell prints", (name) => {
    const script = join(packageRoot, "src/hosttest/cases", `${name}.sh`);
    expect(shell([script]).stdout).toBe(readFileSync(script.replace(/sh$/, "expected"), "utf8"));
  });

  it("a script from standard input leaves what follows to its commands", () => {
    expect(shell(["-s"], "echo hello | wc -c\ncat\nfor the cat\n")).toEqual({ status: 0, stdout: "6\nfor the cat\n", stderr: "" });
  });

  it.each([
    { command: "nosuch", status: 127, stderr: "sh: nosuch: not found\n" },
    { command: "/", status: 126, stderr: "sh: /: is a directory\n" },
    { command: "if", status: 2, stderr: "sh: syntax error: end of file unexpected, expecting a condition\n" },
    { command: "echo $((1/0))", status: 2, stderr: "sh: arithmetic: division by zero\n" },
    { command: "exit 300", status: 44, stderr: "" },
  ])("`$command` ends with $status and a clear line", ({ command, status, stderr }) => {
    const got = shell(["-c", command]);
    expect({ status: got.status, stderr: got.stderr.replaceAll(/^.*sh: /gm, "sh: ") }).toEqual({ status, stderr });
  });
});
