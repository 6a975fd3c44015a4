import { expect, it } from "vitest";
import { procyon } from "./support/cli.ts";
import { programPath } from "./support/programs.ts";

const flags = ["-fno-stack-protector", "-fno-pic", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls"];
const hex = "0x[0-9a-f]+";

it("says where a program crashed, with the names of its functions from the innermost out", async () => {
  const names = ["innermost", "middle", "outer", "main"];
  const { stdout, stderr, status } = await procyon(["run", programPath("crash", flags)]);
  expect({ stdout, status }).toEqual({ stdout: "", status: 139 });
  expect(stderr).toMatch(new RegExp(`^crash-\\d +\\d+ ${names.map((name) => `${hex} \\(${name}\\+${hex}\\) `).join("")}`));
});

it("gives plain addresses where the file has no symbols", async () => {
  const { stderr, status } = await procyon(["run", programPath("crash", [...flags, "-s"])]);
  expect(status).toBe(139);
  expect(stderr).toMatch(new RegExp(`^crash-\\d +\\d+ (${hex} ){6}\n$`));
});
