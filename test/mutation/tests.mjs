// Runs tests of a copy of the tree for `run.mjs`: a line of standard input asks, a line of standard output answers. One process for all,
// since starting the test runner takes longer than most tests. Each file of tests has a worker of its own, so nothing is left of the last.
import { createInterface } from "node:readline";
import { join } from "node:path";
import { createVitest } from "vitest/node";

const [root = "."] = process.argv.slice(2);
/** CPU time after which tests count as never ending; a clock would take a busy host for a hanging kernel. */
const MOST_SECONDS = 60;
/** A runner that has done nothing at all for so long waits for something that does not come: its tests are to be tried again. */
const IDLE_LOOKS = 45;
const ENDLESS = 3;
const STUCK = 4;
const options = { watch: false, reporters: [{}], bail: 1, pool: "threads", fileParallelism: false, testTimeout: 3_600_000, hookTimeout: 3_600_000 };
const vitest = await createVitest("test", { root, ...options });

const cpuSeconds = (since) => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

async function run({ file, id, changed }) {
  const before = process.cpuUsage();
  let [last, idle] = [0, 0];
  const watch = setInterval(() => {
    const used = cpuSeconds(before);
    if (used > MOST_SECONDS) process.exit(ENDLESS);
    idle = used - last < 0.005 ? idle + 1 : 0; // a look costs less
    last = used;
    if (idle > IDLE_LOOKS) process.exit(STUCK);
  }, 1000);
  vitest.invalidateFile(changed ?? "");
  vitest.setGlobalTestNamePattern(new RegExp(`\\[${id}\\]`));
  vitest.state.filesMap.clear(); // what has failed before must not end this run
  const specifications = await vitest.getRelevantTestSpecifications([join(root, file)]);
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications, false);
  const results = { passed: 0, failed: unhandledErrors.length };
  for (const module of testModules) {
    results.failed += module.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === "passed" || state === "failed") results[state]++;
    }
  }
  if (changed !== null) vitest.invalidateFile(changed);
  clearInterval(watch);
  return { ...results, seconds: cpuSeconds(before) };
}

for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(await run(JSON.parse(line))));
await vitest.close();
