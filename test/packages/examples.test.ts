import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Folder } from "./folder.ts";
import { packOthers } from "./others.ts";
import { closure, pack, root, temporary, workspacePackages } from "./pack.ts";
import { serve, type Registry } from "./registry.ts";

/** Changes a file in a folder, which has to have what is changed. */
function change(folder: string, file: string, from: string, to: string): void {
  const text = readFileSync(join(folder, file), "utf8");
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  writeFileSync(join(folder, file), text.replace(from, to));
}

let registry: Registry;
beforeAll(async () => {
  const folders = workspacePackages();
  const tarballs = temporary("tarballs");
  const journal = join(root, "examples/ds-journal");
  const mistake = (folder: string): void => change(folder, "src/handlers.js", 'entry.owner !== labelOf(journal, caller)) return fail("EPERM")', 'false) return fail("EPERM")');
  registry = await serve([
    ...packOthers(tarballs),
    ...closure(["@procyon-os/conformance", "@procyon-os/rs"]).map((name) => pack(folders.get(name) as string, tarballs)),
    pack(journal, tarballs), pack(journal, tarballs, { version: "1.1.0", edit: mistake }),
  ]);
});
afterAll(() => registry.close());

/** What vitest says of a run in its report. */
interface Report {
  readonly testResults: readonly { readonly name: string; readonly assertionResults: readonly { readonly title: string; readonly status: string }[] }[];
}

/** A project outside the workspace, with the examples beside it: `npm install` has nothing to give it but tarballs of the registry. */
const project = new Folder();
const examples = ["ds-journal", "rs-policy"];
beforeAll(async () => {
  const devDependencies = { "@procyon-os/conformance": "^0.1.0", "good-store": "npm:ds-journal@1.0.0", "forgiving-store": "npm:ds-journal@1.1.0", vitest: "^4.1.0" };
  project.write("package.json", JSON.stringify({ name: "consumer", private: true, type: "module", workspaces: examples, devDependencies }));
  project.write(".npmrc", `registry=${registry.url}\ncache=${temporary("npm-cache")}\naudit=false\nfund=false\nupdate-notifier=false\n`);
  for (const name of examples) project.copy(`examples/${name}`, name);
  for (const name of ["good-store", "forgiving-store"]) {
    project.write(`test/${name}.test.js`, `
      import { describeService } from "@procyon-os/conformance";
      import { image } from "${name}";
      describeService("ds", image, { crashes: 2 });
    `);
  }
  const outcome = await project.run("npm install");
  expect(outcome, outcome.output).toMatchObject({ status: 0 });
});

describe("in a project that has everything from tarballs", () => {
  it("[E04] the conformance tests pass for a package that was published, and of one that lets everybody delete that test fails, and no other", async () => {
    const outcome = await project.run("npx vitest run --dir test --reporter=json --outputFile=report.json");
    const report = JSON.parse(readFileSync(join(project.folder, "report.json"), "utf8")) as Report;
    const failed = (name: string): string[] => {
      const tests = report.testResults.find((file) => file.name.endsWith(`/${name}.test.js`))?.assertionResults ?? [];
      expect(tests.length).toBeGreaterThan(20);
      return tests.filter(({ status }) => status !== "passed").map(({ title }) => title);
    };
    expect(failed("good-store"), outcome.output).toEqual([]);
    expect(failed("forgiving-store")).toEqual(["keeps a number until its owner deletes it"]);
    expect(outcome.status).toBe(1);
  });

  it("[E04] the command boots with that package", async () => {
    const console = await project.run("npx procyon boot --service ds=./node_modules/good-store --exec 'service lookup ds'");
    expect(console).toMatchObject({ status: 0, output: "6\n" });
  });

  it.each(examples)("[E04] the example %s passes its own tests", async (name) => {
    const outcome = await project.run("npm test -- --testTimeout 120000", join(project.folder, name));
    expect(outcome.output).toMatch(/Tests {2}\d+ passed/);
    expect(outcome.status).toBe(0);
  });
});

it.each([
  ["forgets its labels", "src/index.js", "if (inUse) journal.put", "if (false) journal.put", "knows the boot services from its start"],
  ["answers an error that is not in the contract", "src/handlers.js", 'fail("ENOSYS") : key', 'fail("ENOTDIR") : fail("ENOTDIR")', "answers .snapshot"],
  ["does not keep its state", "src/index.js", "saved: true", "saved: false", "keeps what was published over an update and over a crash"],
])("says so where a data store %s", async (what, file, from, to, title) => {
  const folder = project.copy("examples/ds-journal", `bad/${what.replaceAll(" ", "-")}`);
  change(folder, file, from, to);
  const outcome = await project.run(`npx vitest run --testTimeout 120000 -t "${title}"`, folder);
  expect(outcome.status).not.toBe(0);
  expect(outcome.output).toMatch(new RegExp(`FAIL.*${title}`));
});
