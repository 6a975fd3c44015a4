import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { Stranger } from "./stranger.ts";

let stranger: Stranger;
beforeAll(() => {
  stranger = new Stranger(["@procyon-os/conformance", "@procyon-os/rs"]);
});

it("[E04] lets a data store of a stranger, on a library of others, pass the conformance tests outside the workspace", async () => {
  const folder = stranger.copy("examples/ds-journal", "ds-journal");
  const outcome = await stranger.run("npx vitest run --testTimeout 120000", folder);
  expect(outcome.output).toMatch(/Tests {2}\d+ passed/);
  expect(outcome.status).toBe(0);
  const console = await stranger.run("npx procyon boot --service ds=./ds-journal --exec 'service lookup ds'");
  expect(console).toMatchObject({ status: 0, output: "6\n" });
});

it("[E04] lets RS with another restart policy pass, and the policy is what happens", async () => {
  const folder = stranger.copy("examples/rs-policy", "rs-policy");
  const outcome = await stranger.run("npx vitest run --testTimeout 120000", folder);
  expect(outcome.output).toMatch(/Tests {2}\d+ passed/);
  expect(outcome.status).toBe(0);
});

it.each([
  ["forgets its labels", "if (inUse) journal.put", "if (false) journal.put", "knows the boot services from its start"],
  ["lets everybody delete", 'entry.owner !== labelOf(journal, caller)) return fail("EPERM")', 'false) return fail("EPERM")', "keeps a number until its owner deletes it"],
  ["answers an error that is not in the contract", "", "", "answers .snapshot"],
  ["does not keep its state", "saved: true", "saved: false", "keeps what was published over an update and over a crash"],
])("says so where a data store %s", async (what, from, to, title) => {
  const folder = stranger.copy("examples/ds-journal", `bad-${what.replaceAll(" ", "-")}`);
  let changed = false;
  for (const file of ["src/index.js", "src/handlers.js"]) {
    const text = readFileSync(join(folder, file), "utf8");
    const source = title.includes("snapshot") ? text.replace('fail("ENOSYS") : key', 'fail("ENOTDIR") : fail("ENOTDIR")') : text.replace(from, to);
    changed ||= source !== text;
    writeFileSync(join(folder, file), source);
  }
  expect(changed).toBe(true);
  const outcome = await stranger.run(`npx vitest run --testTimeout 120000 -t "${title}"`, folder);
  expect(outcome.status).not.toBe(0);
  expect(outcome.output).toMatch(new RegExp(`FAIL.*${title}`));
});
