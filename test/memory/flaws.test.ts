import { join, relative } from "node:path";
import { expect, it } from "vitest";
import { compile, packageRoot } from "../../packages/userland/build/compile.mjs";
import { rootImage } from "../support/image.ts";
import { Session } from "../support/session.ts";

const source = (name: string): string[] => [relative(packageRoot, join(import.meta.dirname, `${name}.c`))];

it.each([1, 2])("[V01][V02][V07] a program of a user finds none of the faults and flaws of MINIX 3.2.0's VM that it could see (%i CPUs)", async (cpus) => {
  const programs: Map<string, Uint8Array> = await compile([
    { name: "flaws", sources: source("flaws") }, { name: "huge", sources: source("huge") },
  ]);
  const root = rootImage([], (image) => {
    for (const [name, file] of programs) image.writeFile(`/bin/${name}`, file, { mode: 0o755, uid: 0, gid: 0, mtime: 0 });
  });
  const session = new Session([root], { memoryMb: 64, cpus });
  const { output, status } = session.run("/bin/flaws /bin/huge");
  const ids = ["D2", "D3", "D4", "F8", "F25", "F28", "F31", "D5", "D38", "D6", "F13", "D27", "D28", "D22", "D23", "F7", "F12", "F20", "F38"];
  expect(output.trim().split(/\r?\n/)).toEqual([...ids.map((id) => `${id} ok`), "0 failed"]);
  expect(status).toBe(0);
  expect(session.run("memstat --check").output).toContain("check: every page has exactly one use");
});
