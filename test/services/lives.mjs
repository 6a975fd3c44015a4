// node test/services/lives.mjs [--service pm,sched,pm+sched] [--seeds 20] [--from 1] [--messages]
// Programs that check themselves (forks, waits, signals, timers, execs: test/programs) run while services that make and schedule
// processes die, each time at another moment; nothing of it may be seen. Beside them the table of processes and VM's free pages
// are counted: nothing may stay behind. On the built packages (`pnpm build`), with gcc.
//
// A seed is a program and a moment: even, the service crashes before one of its own traps; odd, it is killed before a trap of any
// service. Several services (`pm+sched`): all of them are killed at that moment; `sched*` are SCHED and the replicas that stand by. `sched!` is
// SCHED, and the instance that takes over from it, when that has made a few traps.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { causeSignal } from "@procyon-os/kernel";
import { random } from "./campaign.mjs";
import { FaultBus } from "./fault-bus.mjs";
import { Machine, rootImage } from "./machine.mjs";

/** With none of the exact times that a death of a service makes longer. */
export const lives = ["processes", "signals", "exec", "pipes"];
const SIGKILL = 9;
const flags = ["-m32", "-O2", "-march=i386", "-ffreestanding", "-nostdlib", "-static", "-fno-stack-protector", "-fno-pic", "-w"];

function compile(name) {
  const folder = mkdtempSync(join(tmpdir(), "procyon-lives-"));
  try {
    execFileSync("gcc", [...flags, fileURLToPath(new URL(`../programs/${name}.c`, import.meta.url)), "-o", join(folder, name)]);
    return new Uint8Array(readFileSync(join(folder, name)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A machine on which lives are led. */
export class Lives {
  bus = new FaultBus();
  constructor(options = {}) {
    const files = Object.fromEntries([...lives, "count"].map((name) => [`/test/${name}`, compile(name)]));
    this.machine = new Machine([rootImage(files)], { bus: this.bus, ...options });
    this.bus.kernel = this.machine.system.kernel;
    this.lengths = new Map();
    for (const name of lives) this.measure(name);
    this.counted = this.count();
  }

  /** Free pages, and processes. */
  count() {
    const [, pages, processes] = /pages (\d+) processes (\d+)/.exec(this.machine.must("/test/count"));
    return { pages: Number(pages), processes: Number(processes) };
  }

  endpointOf(label) {
    return this.machine.service(label)?.endpoint ?? null;
  }

  /** The endpoints that a choice of victims means. */
  endpointsOf(label) {
    const plain = label.replace(/[*!]$/, "");
    const own = this.endpointOf(plain);
    if (!label.endsWith("*")) return [own];
    const { slots } = this.machine.system.kernel.processes;
    return [own, ...slots.filter(({ isFree, name, endpoint }) => !isFree && name === plain && endpoint !== own).map(({ endpoint }) => endpoint)];
  }

  /** Runs a program: what it says of itself that is wrong. */
  run(name, victims, plan, again = 0) {
    const { machine, bus } = this;
    const [first, ...others] = victims;
    bus.watch(first ?? 0, plan);
    let traps = 0;
    if (again > 0) {
      bus.onTrap = (_image, port) => {
        const process = bus.kernel.processes.find(first);
        if (bus.struck === null || process?.hosted?.port !== port || ++traps !== again) return;
        bus.onTrap = null;
        causeSignal(bus.kernel, process, SIGKILL);
      };
    }
    if (others.length > 0) {
      bus.onTrap = () => {
        if (bus.struck === null) return;
        bus.onTrap = null;
        for (const endpoint of others) causeSignal(bus.kernel, bus.kernel.processes.find(endpoint), SIGKILL);
      };
    }
    const wrong = [];
    try {
      const { output, status } = machine.run(`/test/${name}`);
      wrong.push(...output.split("\n").filter((line) => line !== "" && !line.startsWith("ok ")));
      if (status !== 0) wrong.push(`status ${status}`);
    } catch (error) {
      wrong.push(machine.system.ending?.report ?? /panic: .*/.exec(machine.messages.slice(-4000))?.[0] ?? String(error).split("\n")[0]);
    }
    const seen = { wrong, traps: bus.traps, own: bus.own, struck: bus.struck };
    bus.stop();
    bus.onTrap = null;
    return seen;
  }

  measure(name) {
    const { wrong, traps } = this.run(name, [], null);
    if (wrong.length > 0) throw new Error(`${name} alone goes wrong: ${wrong.join("; ")}`);
    this.lengths.set(name, { traps, own: new Map() });
  }

  /** How many traps a service makes while a program runs. */
  ownTraps(name, label) {
    const known = this.lengths.get(name).own;
    if (!known.has(label)) known.set(label, this.run(name, [this.endpointOf(label)], null).own);
    return known.get(label);
  }

  /** One seed: what was wrong, and where the death came. */
  one(labels, seed) {
    try {
      return this.live(labels, seed);
    } catch (error) {
      return { name: "?", wrong: [String(error).split("\n").slice(0, 2).join(" | ")], struck: this.bus.struck };
    }
  }

  live(labels, seed) {
    const pick = random(seed);
    const name = lives[pick(lives.length)];
    const crash = seed % 2 === 0 && labels.length === 1 && !/[*!]$/.test(labels[0]);
    const moment = 1 + pick(crash ? this.ownTraps(name, labels[0]) : this.lengths.get(name).traps);
    const again = labels[0].endsWith("!") ? 2 + pick(60) : 0; // the trap before is that of the instance that dies
    const { wrong, struck } = this.run(name, labels.flatMap((label) => this.endpointsOf(label)), { how: crash ? "crash" : "kill", moment }, again);
    if (wrong.length > 0) return { name, wrong, struck };
    this.machine.pass(2.5); // longer than a service has to wait for its next start
    this.machine.system.kernel.check();
    const { processes } = this.count();
    if (processes !== this.counted.processes) wrong.push(`${processes} processes instead of ${this.counted.processes}`);
    return { name, wrong, struck };
  }
}

function main() {
  const { values } = parseArgs({
    options: { service: { type: "string", default: "pm" }, seeds: { type: "string", default: "20" }, from: { type: "string", default: "1" }, messages: { type: "boolean" } },
  });
  for (const choice of values.service.split(",")) {
    const labels = choice.split("+");
    let scene = null;
    let good = 0;
    let never = 0;
    let first = null;
    for (let seed = Number(values.from); seed < Number(values.from) + Number(values.seeds); seed++) {
      scene ??= new Lives();
      const { name, wrong, struck } = scene.one(labels, seed);
      if (wrong.length > 0) {
        console.log(`${choice} seed ${seed} (${name}, ${struck}): ${wrong.slice(0, 4).join("; ")}`);
        if (values.messages) console.log(scene.machine.messages.slice(-1500), scene.machine.console.slice(-500));
        scene = null;
        continue;
      }
      good++;
      if (struck === null) never++;
      first ??= scene.count().pages;
    }
    const pages = scene === null ? "?" : `${scene.counted.pages} free pages before, ${first} after the first, ${scene.count().pages} after the last`;
    console.log(`${choice.padEnd(12)} ${good} of ${values.seeds} (${never} not struck); ${pages}`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
