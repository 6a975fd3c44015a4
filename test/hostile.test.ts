import { afterEach, beforeAll, expect, it } from "vitest";
import { rootImage } from "./support/image.ts";
import { Session } from "./support/session.ts";

const programs = ["hostile-faults", "hostile-memory", "hostile-fork", "hostile-random", "count"];
let session: Session;

beforeAll(() => {
  session = new Session([rootImage(programs)], { memoryMb: 32 });
});

/**
 * Runs a program twice; the first time fills caches. The second time has to give back every page and every slot, and leave the
 * tables of the kernel sound.
 */
function survives(command: string): void {
  for (const time of ["first", "second"]) {
    const before = session.run("/test/count");
    const { output, status } = session.run(command);
    expect(output.split("\n").filter((line) => line.includes("FAIL"))).toEqual([]);
    expect(output).toContain("ok ");
    expect(status).toBe(0);
    if (time === "second") expect(session.run("/test/count")).toEqual(before);
  }
}

afterEach(() => {
  session.system.kernel.check();
  expect(session.run("echo the shell goes on").output).toBe("the shell goes on\n");
});

it("[K16] [K31] ends illegal and privileged instructions, jumps and addresses that are not the program's, by the right signal", () => {
  survives("/test/hostile-faults");
});

it("[V19] gives ENOMEM to who takes all memory, hurts nobody else, and gets every page back", () => survives("/test/hostile-memory"));

it("survives a fork bomb, in which root can still fork and kill", () => survives("/test/hostile-fork"));

it("[K01] answers 10,000 random system calls with random arguments, and goes on as before", () => {
  survives("/test/hostile-random 1 5000");
  const { output, status } = session.run("/test/hostile-random 20260101 10000");
  expect(output).toContain("ok random-calls");
  expect(status).toBe(0);
});

it.each([
  ["ud2", 4, "Illegal instruction"], ["read_null", 11, "Segmentation fault"], ["divide", 8, "Floating point exception"], ["recursion", 11, "Segmentation fault"],
])("tells the shell how %s ended", (name, signal, words) => {
  expect(session.run(`cd /tmp; /test/hostile-faults ${name}; cd /`).output.toLowerCase()).toContain(words.toLowerCase());
  expect(session.run(`/test/hostile-faults ${name}`).status).toBe(128 + signal);
});
