// node test/suites/kills.mjs [--seeds N] [--first SEED] [--cpus N]: grantor or requestor of a suite in the guest is killed at a moment that
// follows from the seed, every other time while something is mapped.
// Afterwards nothing is mapped, every page of memory has exactly one use, both services are gone, and the suites pass.
import { causeSignal } from "@procyon-os/kernel";
import { suites } from "@procyon-os/suites";
import { loadRootImage } from "@procyon-os/userland";
import { Machine } from "../services/machine.mjs";

const SIGKILL = 9;
const NAMES = ["safemap", "dstest", "safecopy"]; // the last maps nothing
const LENGTHS = { safemap: 13_000_000, safecopy: 13_000_000, dstest: 4_000_000 }; // of a whole run, in cycles, from when both are there
const KINDS = ["c", "hosted"];
const SECOND = 100_000_000; // cycles, about
const PROMPT = /=\d+=\r\n# /; // more may follow: what RS's recovery script has to say

/** Deterministic chance. */
function chance(seed) {
  let state = (Math.imul(seed, 2654435761) ^ 0x9e3779b9) >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

export class Kills {
  constructor(cpus = 1, parameters = {}) {
    this.machine = new Machine([loadRootImage()], { packages: [suites], cpus, parameters });
  }
  get freeKb() {
    return Number(/free\s+(\d+)/.exec(this.machine.must("memstat"))[1]);
  }

  get now() {
    return this.machine.system.kernel.cpus[0].time;
  }
  processes(name) {
    return this.machine.system.kernel.processes.slots.filter((process) => !process.isFree && process.name === name.slice(0, 7)).map(({ endpoint }) => endpoint);
  }
  /** Runs a slice; idle time is skipped, as far as `end`. */
  slice(cycles) {
    const { system } = this.machine;
    const result = system.run(cycles);
    if (result.kind === "idle") system.kernel.skipTo(result.wakesAt);
    else if (result.kind !== "running") throw new Error(`the machine is ${result.kind}\n${this.machine.tail()}`);
  }
  /** Starts a suite: the endpoints of its grantor and its requestor. */
  start(name, grantor, requestor) {
    this.from = this.machine.console.length;
    this.machine.type(`/usr/tests/run ${name} ${grantor} ${requestor} >/tmp/out 2>&1; echo =$?=\n`);
    const seen = [];
    while (seen.length < 2) {
      this.slice(20_000);
      for (const endpoint of this.processes(name)) if (!seen.includes(endpoint)) seen.push(endpoint);
      if (this.isOver()) throw new Error(`the suite did not start\n${this.machine.run("cat /tmp/out").output}\n${this.machine.tail()}`);
    }
    return seen;
  }
  isOver() {
    return PROMPT.test(this.machine.console.slice(this.from));
  }
  /** Runs until the shell is back. Where one waits for ever for another that is dead, it is killed too. */
  finish(name) {
    for (let end = this.now + 5 * SECOND; !this.isOver(); end += SECOND) {
      while (!this.isOver() && this.now < end) this.slice(1_000_000);
      if (!this.isOver()) for (const endpoint of this.processes(name)) this.kill(endpoint);
      if (this.now > this.started + 60 * SECOND) throw new Error(`${name} does not end\n${this.machine.tail()}`);
    }
  }
  kill(endpoint) {
    const process = this.machine.system.kernel.processes.find(endpoint);
    if (process !== null) causeSignal(this.machine.system.kernel, process, SIGKILL);
  }
  /** A whole run, which must pass. */
  pass(name, grantor, requestor) {
    this.start(name, grantor, requestor);
    this.started = this.now;
    this.finish(name);
    const { output } = this.machine.run("cat /tmp/out");
    if (!/ 0 failed/.test(output) || /FAILED/.test(output)) throw new Error(output);
  }
  /** One run with a kill; what was killed and when. */
  round(seed) {
    const random = chance(seed);
    const [name, grantor, requestor] = [NAMES[random(seed % 2 === 1 ? 2 : 3)], KINDS[random(2)], KINDS[random(2)]];
    const roles = this.start(name, grantor, requestor);
    this.started = this.now;
    const moment = this.started + random(LENGTHS[name]);
    while (this.now < moment && !this.isOver()) this.slice(Math.max(1, Math.min(200_000, moment - this.now)));
    // Every other time, when something is mapped, or is about to be: VM has been asked for it.
    const { safemaps } = this.machine.system.kernel;
    const step = 1 + random(3000);
    while (seed % 2 === 1 && safemaps.all.length === 0 && !this.isOver()) this.slice(step);
    const maps = safemaps.all.length;
    const struck = this.now - this.started;
    const victim = random(2);
    this.kill(roles[victim]);
    this.finish(name);
    this.check(name);
    return `${name} ${grantor} ${requestor}: ${["grantor", "requestor"][victim]} after ${struck} cycles, ${maps} mapped`;
  }
  check(what) {
    const { machine } = this;
    const { kernel } = machine.system;
    machine.pass(2); // RS's recovery script says what it has to say
    if (kernel.safemaps.all.length > 0) throw new Error(`${what}: maps are left`);
    if (!machine.must("memstat --check").includes("every page has exactly one use")) throw new Error(`${what}: memory`);
    const left = machine.must("service list").match(/grantor|requestor/);
    if (left !== null) throw new Error(`${what}: ${left[0]} is left`);
    kernel.check();
  }
}

const option = (name, otherwise) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
if (process.argv[1] === import.meta.filename) {
  const kills = new Kills(option("--cpus", 1), { vm_sanity: "1" });
  const first = option("--first", 1);
  for (let seed = first; seed < first + option("--seeds", 100); seed++) console.log(seed, kills.round(seed));
  for (const name of NAMES) kills.pass(name, "hosted", "c");
}
