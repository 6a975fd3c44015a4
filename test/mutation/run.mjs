// Does a test of a line of the checklist fail when its line is broken? node test/mutation/run.mjs [table, such as kernel] [ids or
// id#number, such as K01 K03#2 ...]. Each mutation is made in a copy of the tree in the temporary directory, never here; of the test
// files that name the line only the tests with its id run, file by file, those first that found a mutation of the line before, then
// the quick ones. At the end the tests that found something run once more on the tree as it is, where they have to pass. Ends with 1
// where a mutation survives or a test fails that should not.
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";

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

const copy = copyTree();
process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
const texts = new Map([...testFiles(copy)].map((path) => [relative(copy, path), readFileSync(path, "utf8")]));

const ENDLESS = 3; // what `tests.mjs` exits with for tests that do not end

/** One process that runs tests, for as long as they end; after one that does not, another takes its place. */
let runner = null;
function startRunner() {
  const child = spawn(process.execPath, [join(import.meta.dirname, "tests.mjs"), copy], { cwd: copy, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  runner = { child, waiting: null };
  const mine = runner;
  const answer = (value) => {
    const { waiting } = mine;
    mine.waiting = null;
    waiting?.(value);
  };
  lines.on("line", (line) => line.startsWith("{") && answer(JSON.parse(line)));
  child.on("exit", (code) => {
    if (runner === mine) runner = null;
    answer(code === ENDLESS ? { passed: 0, failed: 1, seconds: 60, note: "does not end" } : null);
  });
}

/** Runs the tests with an id in a file: how many passed and failed, up to the first that failed, and the seconds of CPU time. */
async function runTests(file, id, changed) {
  for (let times = 0; times < 3; times++) {
    if (runner === null) startRunner();
    const result = await new Promise((resolve) => {
      runner.waiting = resolve;
      runner.child.stdin.write(`${JSON.stringify({ file, id, changed })}\n`);
    });
    if (result !== null) return result;
    console.log(`once more, since the runner got stuck: ${id} in ${file}`);
  }
  throw new Error(`${id} in ${file}: the runner gets stuck`);
}

const found = new Map(); // by id: how many mutations each file has found
const seconds = new Map(); // what the tests with an id in a file took at last, by both
/** A first guess at what a file costs: tests of several packages boot whole systems. */
const guess = (file) => (/^test\/|random-ipc/.test(file) ? 100 : file.includes("kconform") ? 10 : (texts.get(file) ?? "").length / 1e5);
function filesOf(id) {
  const cost = (file) => seconds.get(`${file} ${id}`) ?? guess(file);
  const finds = (file) => found.get(id)?.get(file) ?? 0;
  return [...texts].filter(([, text]) => text.includes(`[${id}]`)).map(([file]) => file).toSorted((a, b) => finds(b) - finds(a) || cost(a) - cost(b));
}

async function tryTests(id, changed) {
  let passed = 0;
  for (const file of filesOf(id)) {
    const result = await runTests(file, id, changed);
    seconds.set(`${file} ${id}`, result.seconds);
    passed += result.passed;
    if (result.failed === 0) continue;
    const finds = found.get(id) ?? new Map();
    found.set(id, finds.set(file, (finds.get(file) ?? 0) + 1));
    return { killed: true, run: passed + result.failed, by: `${file}${result.note === undefined ? "" : `, ${result.note}`}` };
  }
  return { killed: false, run: passed, by: "" };
}

const counts = new Map();
const survivors = [];
let tried = 0;
const started = Date.now();
for (const { id, file, from, to } of mutations) {
  const number = (counts.get(id) ?? 0) + 1;
  counts.set(id, number);
  if (only.length > 0 && !only.includes(id) && !only.includes(`${id}#${number}`)) continue;
  tried++;
  const path = join(copy, file);
  const text = readFileSync(path, "utf8");
  if (text.split(from).length !== 2) throw new Error(`${id}#${number}: the text is not once in ${file}: ${from}`);
  writeFileSync(path, text.replace(from, () => to));
  const { killed, run, by } = await tryTests(id, path);
  writeFileSync(path, text);
  if (!killed) survivors.push(`${id}#${number}`);
  console.log(`${id}#${number} ${killed ? "killed  " : "SURVIVES"} ${killed ? 1 : 0}/${run}  ${file}: ${from.split("\n")[0].slice(0, 80)}${by === "" ? "" : `  (${by})`}`);
}

// A test that fails by itself has found nothing.
const wrong = [];
for (const [id, files] of found) {
  for (const file of files.keys()) {
    const { passed, failed } = await runTests(file, id, null);
    if (failed > 0 || passed === 0) wrong.push(`${id} ${file}`);
  }
}
runner?.child.kill();
console.log(`${tried - survivors.length} of ${tried} mutations are found by a test of their line${survivors.length === 0 ? "" : `; not: ${survivors.join(" ")}`}`);
const pairs = [...found.values()].reduce((sum, files) => sum + files.size, 0);
console.log(wrong.length === 0 ? `without a mutation the tests that found them pass (${pairs} times a file and an id)` : `fail without a mutation: ${wrong.join(", ")}`);
console.log(`${Math.round((Date.now() - started) / 1000)} s`);
process.exitCode = survivors.length === 0 && wrong.length === 0 ? 0 : 1;
