import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { procyon } from "./support/cli.ts";
import { noise } from "./support/noise.ts";
import { programPath, scratchFolder } from "./support/programs.ts";

const args = (): string => programPath("args");

it("[E01] keeps standard input, output and error apart and exits with the program's status", async () => {
  const outcome = await procyon(["run", args(), "5", "two words"], "some text\nwithout an end");
  expect(outcome).toEqual({
    stdout: "arg /tmp/args\narg 5\narg two words\nHOME=/root\nSOME TEXT\nWITHOUT AN END", stderr: "to standard error\n", status: 5,
  });
});

it("exits with 128 + n where signal n ended the program", async () => {
  expect((await procyon(["run", args(), "-15"])).status).toBe(143);
  expect((await procyon(["run", args(), "-9"])).status).toBe(137);
});

it("exits with 139 where the program crashed", async () => {
  expect((await procyon(["run", programPath("hostile-faults"), "write_null"])).status).toBe(139);
});

it("passes options that follow the file to the program", async () => {
  expect((await procyon(["run", args(), "0", "--memory", "--help"])).stdout).toContain("arg 0\narg --memory\narg --help\n");
});

it("copies every byte of the input, and the last one too", async () => {
  const input = noise(20_000, 5).map((byte) => (byte >= 97 && byte <= 122 ? byte - 32 : byte));
  const { stdout, status } = await procyon(["run", args(), "0"], input);
  const text = Buffer.from(input).toString("latin1");
  expect(stdout.slice(-text.length) === text).toBe(true);
  expect(status).toBe(0);
});

it("puts files of the host into the guest", async () => {
  const file = join(scratchFolder(), "put-me");
  writeFileSync(file, "from the host\n");
  const { stdout, status } = await procyon(["run", "--put", `${file}:/data/deep/file`, args(), "0", "cat", "/data/deep/file"]);
  expect(stdout.endsWith("from the host\n")).toBe(true);
  expect(status).toBe(0);
  expect((await procyon(["run", "--put", "nonsense", args()])).status).toBe(2);
});

it("says in one line why a file cannot run: 126; that it is missing: 127", async () => {
  const folder = scratchFolder();
  writeFileSync(join(folder, "text"), "#!/bin/sh\n");
  writeFileSync(join(folder, "cut"), new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]));
  writeFileSync(join(folder, "empty"), "");
  mkdirSync(join(folder, "folder"));
  for (const name of ["text", "cut", "empty", "folder"]) {
    const { stdout, stderr, status } = await procyon(["run", join(folder, name)]);
    expect({ stdout, status, lines: stderr.split("\n").length }).toEqual({ stdout: "", status: 126, lines: 2 });
    expect(stderr).toContain(name);
  }
  expect((await procyon(["run", process.execPath])).status).toBe(126); // an ELF file, but not for the i386
  const missing = await procyon(["run", join(folder, "missing")]);
  expect(missing.status).toBe(127);
  expect(missing.stderr.split("\n")).toHaveLength(2);
});

it("refuses a damaged ELF file without harm to the machine", async () => {
  const { readFileSync } = await import("node:fs");
  const good = readFileSync(args());
  const outcomes: (number | null)[] = [];
  for (const [name, size, at, value] of [["short", 5000, 0, 0x7f], ["entry", good.length, 27, 0x7f], ["headers", good.length, 44, 200]] as const) {
    const bad = Buffer.from(good.subarray(0, size));
    bad[at] = value;
    const path = join(scratchFolder(), name);
    writeFileSync(path, bad);
    const { status, stdout } = await procyon(["run", path]);
    expect(stdout).toBe("");
    outcomes.push(status);
  }
  expect(outcomes).toEqual([126, 126, 126]);
});
