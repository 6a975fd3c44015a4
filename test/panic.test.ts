import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { procyon } from "./support/cli.ts";
import { programPath } from "./support/programs.ts";

/** A package in place of RS: RS as it is, until it has made so many traps and gives up. */
function rsThatGivesUp(traps: number): string {
  const folder = mkdtempSync(join(tmpdir(), "procyon-panic-"));
  const rs = pathToFileURL(join(import.meta.dirname, "../packages/servers/rs/dist/index.js")).href;
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "rs-that-gives-up", version: "1.0.0", type: "module", main: "main.js" }));
  writeFileSync(join(folder, "main.js"), `
    import { image as rs } from ${JSON.stringify(rs)};
    export const image = { ...rs, *main(args) {
      const program = rs.main(args);
      let step = program.next();
      for (let traps = 0; traps < ${traps}; traps++) step = program.next(yield step.value);
      throw new Error("out of ideas");
    } };
  `);
  return folder;
}

const WHY = "deadly signal 6 for rs(2), which manages its own signals";

it.each([
  ["a command", ["boot", "--exec", "echo never"]],
  ["a program", ["run", programPath("args")]],
  ["a console", ["boot"]],
])("[K32] ends the command with 70 where the kernel panics, and says once who, why and what led there: %s", async (how, [command = "", ...more]) => {
  // Early enough: its replica does not stand by yet, so nobody is left who could take its place.
  const { stdout, stderr, status } = await procyon([command, "--cpus", "2", "--service", `rs=${rsThatGivesUp(420)}`, ...more], "echo never\n");
  expect({ stdout, status }).toEqual({ stdout: "", status: 70 });
  const at = stderr.indexOf("kernel panic:");
  expect(stderr.lastIndexOf("kernel panic:")).toBe(at);
  if (how === "a console") expect(stderr.slice(0, at)).toMatch(/rs\(2\) \S+ crashed: Error: out of ideas/);
  const lines = stderr.slice(at).trimEnd().split("\n");
  expect(lines.slice(0, 2)).toEqual([`kernel panic: ${WHY}`, `kernel on CPU 0: Error: ${WHY}`]);
  expect(lines[2]).toMatch(/^ {4}at \w+ \(file:.*\/kernel\/dist\/signals\/cause-signal\.js:\d+:\d+\)$/);
  // Each CPU: who was on it, where, its calls and its registers.
  const cpus = lines.filter((line) => /^CPU \d: /.test(line));
  expect(cpus).toEqual([expect.stringMatching(/^CPU 0: 2: rs 2 .* pc 0x[0-9a-f]+ sp 0x[0-9a-f]+$/), expect.stringMatching(/^CPU 1: (idle|\d+: \w+ \d+ .* pc 0x[0-9a-f]+ sp 0x[0-9a-f]+)$/)]);
  expect(lines[lines.indexOf(cpus[0] as string) + 1]).toMatch(/^ {2}rs +2 /);
  expect(lines.slice(lines.indexOf("last messages:") + 1, lines.indexOf("processes:"))).toContainEqual(expect.stringMatching(/rs\(2\) \S+ crashed: Error: out of ideas/));
  // Everybody else, and the last 100 traps: at the end RS's, before which it gave up.
  const processes = lines.slice(lines.indexOf("processes:") + 1, lines.indexOf("last traps (endpoint/vector/cycle):"));
  for (const name of ["pm 0", "vfs 1", "vm 8", "init 11"]) expect(processes.filter((line) => line.includes(`: ${name} `))).toHaveLength(1);
  const traps = (lines.at(-1) as string).trim().split(" ");
  expect(traps).toHaveLength(100);
  expect(traps.filter((trap) => !/^-?\d+\/-?\d+\/\d+$/.test(trap))).toEqual([]);
  expect(traps.slice(-5)).toContainEqual(expect.stringMatching(/^2\//)); // the other CPU may have trapped since
});
