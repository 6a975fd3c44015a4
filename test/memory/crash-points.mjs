// node test/memory/crash-points.mjs [--only name,…] [--cpus 1,2,4] [--how throw,kill]
// VM dies before each trap that it makes while it handles a request, one request after another: what the request does, and all that
// anybody sees, must be as if nothing had happened. On the built packages (`pnpm build`); the tests run some of it.
import { kernel as kernelStubs } from "@procyon-os/syslib";
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import { Agent, contextOf, scenarios } from "./crash-scenarios.mjs";
import { CMD, commandMessage } from "./memory-machine.mjs";
import { RecoveringMachine } from "./recovering.mjs";

export { scenarios };

/** VM dies before each trap of a scenario; the number of traps at which it died. Throws where anything differs. */
export function crashAtEveryTrap(name, { cpus = 1, how = "throw", seed = 1, every = 1 } = {}) {
  const scenario = scenarios[name];
  const plan = { left: -1, fired: false };
  let points = 0;
  const watcher = ({ machine }) => {
    if (plan.left < 0 || machine === null || !machine.conductor.ready || plan.left-- > 0) return null;
    plan.fired = true;
    if (how === "throw") throw new Error("killed by the test");
    return kernelStubs.kill({ process: 8, signal: 9 });
  };
  const machine = new RecoveringMachine({ cpus, seed, race: cpus > 1, parameters: { vm_sanity: "1" } }, function* (rs, first) {
    yield* rs.exit(yield* rs.fork(first));
    const a = new Agent(rs, yield* rs.fork(first, true));
    yield* a.tell(commandMessage(CMD.PLACES));
    let before = null;
    for (let point = 0; ; point += every) {
      yield* rs.maintain();
      const use = machine.check();
      if (point > 0) before ??= use.free + use.own; // the first VM was loaded at boot, and has less
      if (before !== null && Math.abs(before - use.free - use.own) > 4) throw new Error(`at trap ${point}: ${before} frames were free before, ${use.free + use.own} are now`);
      const c = contextOf(machine, rs, a);
      yield* scenario.before?.(c) ?? [];
      plan.left = point;
      plan.fired = false;
      try {
        yield* scenario.act(c);
        plan.left = -1;
        c.fired = plan.fired;
        yield* rs.settle();
        yield* rs.maintain();
        machine.check();
        yield* scenario.after(c);
        yield* scenario.undo?.(c) ?? [];
      } catch (error) {
        throw new Error(`${name}: VM died before trap ${point}: ${error.message}`, { cause: error });
      }
      if (!plan.fired) return;
      points++;
    }
  }, watcher);
  machine.run();
  return points;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { values } = parseArgs({ options: { only: { type: "string", default: Object.keys(scenarios).join() }, cpus: { type: "string", default: "1" }, how: { type: "string", default: "throw" } } });
  for (const name of Object.keys(scenarios)) {
    if (!values.only.split(",").some((one) => name.includes(one))) continue;
    for (const cpus of values.cpus.split(",").map(Number)) for (const how of values.how.split(",")) {
      try {
        console.log(`${name}, ${cpus} CPUs, ${how}: equal at ${crashAtEveryTrap(name, { cpus, how })} traps`);
      } catch (error) {
        process.exitCode = 1;
        console.log(`${name}, ${cpus} CPUs, ${how}: ${process.env.VERBOSE ? error.stack + "\n" + (error.cause?.stack ?? "") : error.message.slice(0, 700)}`);
      }
    }
  }
}
