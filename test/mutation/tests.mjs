// Runs tests of a copy of the tree for `run.mjs`: a line of standard input asks, a line of standard output answers. One process for all,
// since starting the test runner takes longer than most tests. Each file of tests has a worker of its own, so nothing is left of the last.
import { createInterface } from "node:readline";
import { join } from "node:path";
import { createVitest } from "vitest/node";

const [root = "."] = process.argv.slice(2);
/** CPU time after which tests count as never ending; a clock would take a busy host for a hanging kernel. */
const MOST_SECONDS = 150;
const options = { watch: false, reporters: [{}], bail: 1, pool: "threads", fileParallelism: false, testTimeout: 3_600_000, hookTimeout: 3_600_000 };
const vitest = await createVitest("test", { root, ...options });

const cpuSeconds = (since) => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

async function run({ file, id, changed }) {
  const before = process.cpuUsage();
  const watch = setInterval(() => cpuSeconds(before) > MOST_SECONDS && process.exit(1), 1000);
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
