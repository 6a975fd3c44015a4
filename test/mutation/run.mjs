// Does a test of a line of the checklist fail when its line is broken? node test/mutation/run.mjs [table, such as kernel] [ids or
// id#number, such as K01 K03#2 ...]. Each mutation is made in a copy of the tree in the temporary directory, never here; of the test
// files that name the line only the tests with its id run. Ends with 1 where a mutation survives.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

const root = join(import.meta.dirname, "../..");
const [table = "kernel", ...only] = process.argv.slice(2);
const { mutations } = await import(`./${table}.mjs`);

/** A copy of the tree; what comes from the registry is linked. */
function copyTree() {
  const copy = mkdtempSync(join(tmpdir(), "mutation-"));
  const left = new Set([".git", ".turbo", "coverage"]);
  cpSync(root, copy, { recursive: true, verbatimSymlinks: true, filter: (path) => relative(root, path) !== "node_modules" && !left.has(path.split("/").at(-1)) });
  mkdirSync(join(copy, "node_modules"));
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (name !== ".vite") symlinkSync(join(root, "node_modules", name), join(copy, "node_modules", name));
  }
  return copy;
}

function* testFiles(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (["node_modules", "dist", ".git"].includes(entry.name)) continue;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* testFiles(path);
    else if (entry.name.endsWith(".test.ts")) yield path;
  }
}

/** How many tests with this id ran in the copy up to the first that failed, and whether one did: a run that does not end has. */
function tryTests(copy, files, id) {
  const report = join(copy, "report.json");
  rmSync(report, { force: true });
  const options = ["run", "-t", `\\[${id}\\]`, "--reporter=json", `--outputFile=${report}`, "--testTimeout=60000", "--bail=1"];
  const { signal } = spawnSync(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), ...options, ...files], { cwd: copy, timeout: 240_000, killSignal: "SIGKILL", encoding: "utf8" });
  if (signal !== null) return ["?", "does not end"];
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8"));
  return [numPassedTests + numFailedTests, numFailedTests];
}

const copy = copyTree();
process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
const texts = new Map([...testFiles(copy)].map((path) => [path, readFileSync(path, "utf8")]));
const filesOf = (id) => [...texts].filter(([, text]) => text.includes(`[${id}]`)).map(([path]) => relative(copy, path));
const counts = new Map();
const survivors = [];
let tried = 0;
for (const { id, file, from, to } of mutations) {
  const number = (counts.get(id) ?? 0) + 1;
  counts.set(id, number);
  if (only.length > 0 && !only.includes(id) && !only.includes(`${id}#${number}`)) continue;
  tried++;
  const path = join(copy, file);
  const text = readFileSync(path, "utf8");
  if (text.split(from).length !== 2) throw new Error(`${id}#${number}: the text is not once in ${file}: ${from}`);
  writeFileSync(path, text.replace(from, () => to));
  const [run, failed] = tryTests(copy, filesOf(id), id);
  writeFileSync(path, text);
  const killed = failed !== 0;
  if (!killed) survivors.push(`${id}#${number}`);
  console.log(`${id}#${number} ${killed ? "killed  " : "SURVIVES"} ${failed}/${run}  ${file}: ${from.split("\n")[0].slice(0, 80)}`);
}
console.log(`${tried - survivors.length} of ${tried} mutations are found by a test of their line${survivors.length === 0 ? "" : `; not: ${survivors.join(" ")}`}`);
process.exitCode = survivors.length === 0 ? 0 : 1;
