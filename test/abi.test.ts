import { afterAll, beforeAll, expect, it } from "vitest";
import { rootImage } from "./support/image.ts";
import { program } from "./support/programs.ts";
import { Session } from "./support/session.ts";

const programs = ["processes", "pipes", "signals", "memory", "files", "directories", "exec", "waiting", "text-only", "count"];
/** The same programs as other compilers and linkers would lay them out. */
const layouts = {
  "gcc-default": { source: "exec", flags: [] },
  "two-segments": { source: "exec", flags: ["-Wl,-z,noseparate-code"] },
  "elsewhere": { source: "memory", flags: ["-fno-pic", "-Wl,-Ttext-segment=0x1000000"] },
  "unoptimized": { source: "signals", flags: ["-O0", "-fno-omit-frame-pointer"] },
} as const;
let image: Uint8Array;
let session: Session | null = null;

beforeAll(() => {
  image = rootImage(programs, (root) => {
    for (const [name, { source, flags }] of Object.entries(layouts)) {
      root.writeFile(`/test/${name}`, program(source, flags), { mode: 0o755, uid: 0, gid: 0, mtime: 0 });
    }
  });
});

/** One machine for all: after a failure the next test gets a new one. */
function run(command: string): { output: string; status: number } {
  const machine = session ?? new Session([image]);
  session = null;
  const outcome = machine.run(command);
  session = machine;
  return outcome;
}

/** A program that checks itself: a line a part, and the number of failures as its status. */
function checked(name: string): void {
  const { output, status } = run(`/test/${name}`);
  expect(output.split("\n").filter((line) => !line.startsWith("ok ") && line !== "")).toEqual([]);
  expect(output).toContain("ok ");
  expect(status).toBe(0);
}

it("[O01] forks, waits and exits as MINIX 3.2.0 does", () => checked("processes"));
it("[O02] moves data through pipes, both ways, to their limits and beyond their end", () => checked("pipes"));
it("[K31] delivers signals to handlers: nested, masked, from exceptions and timers, with every register as it was", () => checked("signals"));
it("[V02] [V03] gives memory by brk and mmap, takes it back, and shares it copy-on-write after fork", () => checked("memory"));
it("[O03] creates, writes, seeks, reads, links, renames, truncates and removes files", () => checked("files"));
it("makes, lists, moves and removes directories", () => checked("directories"));
it("executes programs and scripts with arguments and an environment", () => checked("exec"));
it("waits in select, sleep, and FIFOs", () => checked("waiting"));
it("runs a program that has nothing but text", () => expect(run("/test/text-only").status).toBe(77));

it.each(Object.keys(layouts))("runs a program of the layout %s", (name) => checked(name));

it("[V19] gives back every page and every slot of all these programs", () => {
  const before = run("/test/count").output;
  for (const name of ["processes", "pipes", "memory", "exec"]) checked(name);
  expect(run("/test/count").output).toBe(before);
});

it.each(["signals", "processes", "pipes", "memory"])("runs %s on three processors too", (name) => {
  const machine = new Session([image], { cpus: 3 });
  expect(machine.run(`/test/${name}`)).toMatchObject({ output: expect.not.stringContaining("FAIL") as string, status: 0 });
  machine.system.kernel.check();
});

afterAll(() => session?.system.kernel.check());
