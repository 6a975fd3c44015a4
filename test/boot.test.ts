import { describe, expect, it } from "vitest";
import { procyon } from "./support/cli.ts";
import { cksum } from "./support/noise.ts";
import { Session } from "./support/session.ts";

describe("a person at the console", () => {
  const session = new Session();

  it("[E01] [E02] [R02] boots to a prompt", () => {
    session.prompt();
    expect(session.messages).not.toBe("");
    expect(session.system.ending).toBeNull();
  });

  it("[O09] runs pipelines of programs", () => {
    const { output, status } = session.run("ls -l / | sort | head -3");
    expect(output.trimEnd().split("\n")).toHaveLength(3);
    expect(status).toBe(0);
    expect(session.run("cat /etc/passwd | grep root").output).toMatch(/^root:/);
  });

  it("shows the processes", () => {
    const { output } = session.run("ps");
    for (const name of ["pm", "vfs", "rs", "ds", "tty", "mfs", "vm", "pfs", "sched", "init", "at_wini", "sh"]) expect(output).toMatch(new RegExp(`\\b${name}\\b`));
  });

  it("runs loops, scripts and conditions", () => {
    expect(session.run("for i in a b c; do echo \"<$i>\"; done").output).toBe("<a>\n<b>\n<c>\n");
    session.run("printf 'if [ \"$1\" = yes ]\\nthen echo it is $#; exit 3\\nfi\\n' >/tmp/script; chmod 755 /tmp/script");
    expect(session.run("sh /tmp/script yes no")).toEqual({ output: "it is 2\n", status: 3 });
    expect(session.run("i=0; while test $i != 4; do i=$((i+1)); done; echo $i").output).toBe("4\n");
    expect(session.run("true && echo and; false || echo or; cat </etc/passwd >/tmp/copy; cmp /etc/passwd /tmp/copy && echo same").output).toBe("and\nor\nsame\n");
    expect(session.run("echo \"$HOME\" '$HOME' /et?/pass*").output).toBe("/root $HOME /etc/passwd\n");
  });

  it("[O02] runs a script by its first line", () => {
    session.run("echo '#!/bin/sh' >/tmp/first; echo 'echo $0 $1' >>/tmp/first; chmod +x /tmp/first");
    expect(session.run("/tmp/first one").output).toBe("/tmp/first one\n");
  });

  it("lets more processes sleep than MINIX lets wait in select", () => {
    expect(session.run("for i in 1 2 3 4 5 6; do for j in 1 2 3 4 5; do sleep 1 || echo $i$j is awake & done; done; wait; echo all").output).toMatch(/^(\[\d+\] .*\n)*all\n/);
  });

  it("kills a sleeping background job", () => {
    const { output } = session.run("sleep 20 & kill $!; wait $!; echo status $?");
    expect(output).toContain("status 143");
  });

  it("[O05] interrupts cat with Ctrl-C, and goes on", () => {
    session.expect("cat\n", "cat");
    session.expect("hello\n", "hello\r\nhello");
    session.type("\x03");
    session.prompt();
    expect(session.run("echo still here").output).toBe("still here\n");
  });

  it("edits a line: erases a character, kills a line, ends input", () => {
    expect(session.run("echo abx\x08c").output).toBe("abc\n");
    expect(session.run("echo no\x15echo yes").output).toBe("yes\n");
    session.expect("cat >/tmp/typed\n", "typed");
    session.type("typed in\n");
    session.pass(0.2);
    session.type("\x04");
    session.prompt();
    expect(session.run("cat /tmp/typed").output).toBe("typed in\n");
  });

  it("[O03] writes a megabyte to the disk and sums it up", () => {
    const { output, status } = session.run("dd if=/dev/zero of=/tmp/x bs=4096 count=256 2>/dev/null && cksum /tmp/x");
    expect(output).toBe(`${cksum(new Uint8Array(1 << 20))} /tmp/x\n`);
    expect(status).toBe(0);
    session.run("rm /tmp/x");
  });

  it("finds no program, and says so", () => {
    expect(session.run("no-such-program")).toEqual({ output: expect.stringMatching(/no-such-program.*not found/) as string, status: 127 });
  });

  it("shuts down in order", () => {
    session.type("shutdown\n");
    session.end();
    expect(session.system.ending).toEqual({ kind: "halted", status: 0 });
  });
});

describe("the command `procyon boot`", () => {
  it("reads the console's input from a pipe, prints what programs print, and ends with it", async () => {
    const { stdout, status } = await procyon(["boot"], "echo hello | wc -c\nexit\n");
    expect(stdout).toMatch(/^ *6\n$/);
    expect(status).toBe(0);
  });

  it("shuts down at the end of the input", async () => {
    expect(await procyon(["boot"], "echo one; echo two")).toMatchObject({ stdout: "one\ntwo\n", status: 0 });
  });

  it("runs one command with --exec, prints what it prints and nothing else, and exits with its status", async () => {
    expect(await procyon(["boot", "--exec", "echo out; echo err >&2; exit 7"])).toEqual({ stdout: "out\n", stderr: "err\n", status: 7 });
    expect(await procyon(["boot", "--exec", "kill -9 $$"])).toMatchObject({ stdout: "", status: 137 });
  });

  it("gives --exec its standard input, byte for byte", async () => {
    const bytes = Uint8Array.from({ length: 600 }, (_, index) => index & 0xff);
    expect((await procyon(["boot", "--exec", "cksum"], bytes)).stdout.trim()).toBe(cksum(bytes));
  });

  it("takes memory, CPUs and a seed, and refuses what is no such number", async () => {
    expect(await procyon(["boot", "--memory", "24", "--seed", "7", "--exec", "echo hi"])).toMatchObject({ stdout: "hi\n", status: 0 });
    const refused = await procyon(["boot", "--memory", "lots"]);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain("memory");
  });

  it("explains itself", async () => {
    for (const command of [[], ["boot"], ["run"], ["image"]]) {
      const { stdout, status } = await procyon([...command, "--help"]);
      expect(stdout).toContain("Usage: procyon");
      expect(status).toBe(0);
    }
    expect((await procyon(["fly"])).status).toBe(2);
  });
});
