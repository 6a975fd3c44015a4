// node test/services/rollback.mjs [--service ds,…] [--crashes N] [--hangs N] [--kills N]
// Updates that fail, at each step, under load: the new version is refused, breaks a call, cannot read the state, crashes or hangs
// before any of the traps that it makes until RS has its answer, is killed from outside while it stands beside the old one or
// initializes; the old one is killed; RS dies over it. The old version goes on, the load sees nothing, and there are as many
// processes, privilege structures, grants and free pages as before. On the built packages (`pnpm build`).
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import { RS_INIT } from "@procyon-os/contract-rs";
import { causeSignal } from "@procyon-os/kernel";
import { HARDWARE, IPC_VECTOR } from "@procyon-os/message";
import { withStateSpec } from "@procyon-os/sef";
import { receive } from "@procyon-os/syslib";
import { judge } from "./campaign.mjs";
import { counter } from "./clients.mjs";
import { countsOf } from "./counts.mjs";
import { Rounds } from "./rounds.mjs";
import { badVersions, imageOf } from "./versions.mjs";

export const updated = ["ds", "sched", "tty", "log", "memory", "at_wini_0", "pfs", "fs_imgrd", "vfs", "pm", "vm", "is", "counter"];
const SIGKILL = 9;
const SIGSEGV = 11;
const RS = 2;
/** Updates that are tried beside one run of the job. */
const BATCH = 5;
/** Free pages that running services may come to need meanwhile; an instance that is left behind has more. */
const PAGES = 32;
/** A file server's pool grows with the work, a chunk with a grant at a time, up to its limit. */
const CHUNKS = 2;

const programOf = (label) => (label === "counter" ? counter(1) : imageOf(label));

/** The service's own program as a new version, which ends or hangs before its nth trap; it tells how many it made until its answer. */
function plantedVersion(label) {
  const image = programOf(label);
  const control = { at: Infinity, how: "crash", last: 0 };
  function* main(args) {
    const program = image.main(args);
    let step = program.next();
    for (let trap = 1; step.done !== true; trap++) {
      const { vector, message } = step.value;
      if (vector === IPC_VECTOR && message?.[1] === RS_INIT && control.last === 0) control.last = trap;
      if (trap === control.at) {
        control.at = Infinity;
        if (control.how === "crash") throw new Error("planted");
        for (;;) yield* receive(HARDWARE);
      }
      step = program.next(yield step.value);
    }
  }
  return { control, image: { ...image, version: "8.7.0", main } };
}

/** Every way in which a version is wrong by itself. */
function wrongVersions(label) {
  const image = programOf(label);
  const { "knows no way from the state": unknown, ...bad } = badVersions(label, image);
  delete bad["never answers"]; // a hang before its first trap
  const throws = withStateSpec(image, (spec) => ({ ...spec, version: spec.version + 1, migrations: { [spec.version]: () => { throw new Error("planted"); } } }));
  return { ...bad, "knows no way from the state": unknown, "cannot bring the state up": { ...throws, version: "8.8.0" } };
}

/** A machine on which updates of some services fail. */
export class Rollback {
  constructor(labels = updated) {
    this.versions = new Map(labels.map((label) => [label, { planted: plantedVersion(label), wrong: wrongVersions(label), back: { ...programOf(label), version: "8.9.0" } }]));
    const packages = [...this.versions.values()].flatMap(({ planted, wrong, back }) => [planted.image, back, ...Object.values(wrong)]);
    this.rounds = new Rounds({ packages, atOnce: true });
    this.rounds.round();
    this.clean = this.rounds.round();
    if (judge(this.clean, this.clean).wrong.length > 0) throw new Error(`a round without an update goes wrong: ${judge(this.clean, this.clean).wrong}`);
  }

  update(label, { name, version }, more = "") {
    return this.rounds.machine.run(`service update ${label} --package ${name}@${version}${more}`).status;
  }

  /** Does things beside the job; gives what was wrong with the job. */
  beside(acts) {
    const { machine } = this.rounds;
    machine.must("sh /test/job.sh 0 >/tmp/out 2>&1 &");
    for (const act of acts) act();
    machine.must("wait");
    machine.must("grep -v '^0$' /tmp/journal >/tmp/j; cp /tmp/j /tmp/journal; grep -v '^0$' /mnt/journal >/tmp/j; cp /tmp/j /mnt/journal; rm /tmp/j");
    const output = machine.must("cat /tmp/out; rm /tmp/out");
    return output === this.clean.output ? [] : [`output ${JSON.stringify(output)}`];
  }

  /** How many traps the new version makes until its answer, and how many all make while it is there. */
  measure(label) {
    const { planted, back } = this.versions.get(label);
    let beside = 0;
    planted.control.last = 0;
    this.rounds.bus.onTrap = () => void (planted.control.last === 0 && this.isThere(label) && beside++);
    const there = this.update(label, planted.image);
    this.rounds.bus.onTrap = null;
    const again = this.update(label, back);
    if (there !== 0 || again !== 0) throw new Error(`${label}: an update that has to succeed gives ${there}, ${again}`);
    return { own: planted.control.last, beside };
  }

  /** The instance of the planted version, where there is one. */
  isThere(label) {
    const { image } = this.versions.get(label).planted;
    const reference = `${image.name}@${image.version}`;
    return this.rounds.machine.system.kernel.processes.slots.find(({ isFree, hosted }) => !isFree && hosted !== null && hosted.reference.includes(reference)) ?? null;
  }

  /** An update during which a process dies, some traps after the new version came to be. */
  updateWithDeath(label, whose, moment) {
    const { bus, machine } = this.rounds;
    const { kernel } = machine.system;
    const { planted, back } = this.versions.get(label);
    const old = kernel.processes.find(machine.service(label).endpoint).hosted.port;
    let traps = 0;
    let struck = false;
    bus.onTrap = () => {
      const version = struck ? null : this.isThere(label);
      if (version === null || ++traps < moment) return;
      struck = true;
      const victim = whose === "new" ? version : whose === "rs" ? kernel.processes.find(RS) : kernel.processes.slots.find(({ isFree, hosted }) => !isFree && hosted?.port === old);
      if (victim !== undefined) causeSignal(kernel, victim, victim.endpoint === RS ? SIGSEGV : SIGKILL);
    };
    const status = this.update(label, planted.image);
    bus.onTrap = null;
    machine.pass(0.5);
    // Where it came too late the new version has the place.
    if (status === 0 && this.update(label, back) !== 0) return "the way back fails";
    return "";
  }

  /** All that can go wrong with an update of a service: name of the failure, and what does it (it gives what is wrong). */
  failures(label, { crashes = Infinity, hangs = 4, kills = 8, late = 3 } = {}) {
    const { planted, wrong, back } = this.versions.get(label);
    const { own, beside } = this.measure(label);
    const must = (status) => (status === 0 ? "the new version got in" : "");
    const some = (count, most) => [...new Set(Array.from({ length: Math.min(count, most) }, (_, i) => 1 + Math.floor((i * (most - 1)) / Math.max(1, Math.min(count, most) - 1))))];
    const plant = (how) => (at) => ({
      kind: how, step: `before trap ${at} of ${own}`,
      act: () => {
        const { control } = planted;
        Object.assign(control, { at, how, last: 0 });
        const status = this.update(label, planted.image);
        control.at = Infinity;
        if (status !== 0 || control.last >= at) return must(status);
        return this.update(label, back) === 0 ? "" : "the way back fails"; // this time the new version had its answer with fewer traps
      },
    });
    const die = (whose) => (at) => ({ kind: `${whose} killed`, step: `${at} traps of ${beside} after it was made`, act: () => this.updateWithDeath(label, whose, at) });
    return [
      ...Object.entries(wrong).map(([kind, image]) => ({ kind, step: "", act: () => must(this.update(label, image)) })),
      { kind: "the old one refuses", step: "", act: () => must(this.update(label, planted.image, " -state 77")) },
      ...some(crashes, own).map(plant("crash")), ...some(hangs, Math.max(1, own - 3)).map(plant("hang")),
      // (Its last traps may come after its answer, as some versions need fewer: who hangs then is not noticed, as at any other time.)
      // When the new version has the place, and RS has not yet seen to everything: it is replaced like any other that dies.
      ...[2, 1, 5].slice(0, late).map((more) => ({ ...plant("crash")(own + more), kind: "late crash" })),
      ...["new", "old", "rs"].flatMap((whose) => some(kills, beside).map(die(whose))),
    ];
  }

  /** Tries failures beside the job, a few at a time; gives what went wrong, and the counts before and after. */
  tryAll(label, failures, report = () => {}) {
    const { machine } = this.rounds;
    const wrong = [];
    const place = JSON.stringify(machine.service(label));
    let before = null;
    let last = null;
    const deadly = ({ kind }) => kind.endsWith(" killed") || kind === "late crash";
    const some = (list) => Array.from({ length: Math.ceil(list.length / BATCH) }, (_, n) => list.slice(n * BATCH, (n + 1) * BATCH));
    for (const batch of [...some(failures.filter((one) => !deadly(one))), ...some(failures.filter(deadly))]) {
      const problem = (text) => {
        wrong.push(`${label}, ${text}`);
        report(wrong.at(-1));
      };
      const load = this.beside(batch.map(({ kind, step, act }) => () => {
        const text = act();
        if (text !== "") problem(`${kind} ${step}: ${text}`);
      }));
      const names = batch.map(({ kind, step }) => `${kind} ${step}`).join("; ");
      for (const text of load) problem(`with ${names}: ${text}`);
      this.rounds.machine.pass(1);
      const now = JSON.stringify(machine.service(label));
      if (now !== place) problem(`with ${names}: ${now} instead of ${place}`);
      before ??= countsOf(machine); // after the first: what a service needs for the first time stays with it
      const after = countsOf(machine);
      // A file server keeps the grants of its largest transfer for the next one; a new instance of it has not made that yet.
      const leaks = ["processes", "privileges", "grants"].filter((what) => (what === "grants" ? after.grants > before.grants + (label.startsWith("fs_") ? CHUNKS : 0) : after[what] !== before[what]));
      // As long as the same instance runs on, it touches little that is new.
      if (!batch.some(deadly)) last = after;
      if (before.pages - (last ?? after).pages > PAGES) problem(`with ${names}: ${last.pages} free pages instead of ${before.pages}`);
      for (const what of leaks) problem(`with ${names}: ${after[what]} ${what} instead of ${before[what]} (${after.byName}, before ${before.byName})`);
    }
    const round = judge(this.rounds.round(), this.clean);
    for (const text of [...round.wrong, ...round.errors]) wrong.push(`${label}, afterwards: ${text}`);
    return { wrong, before, last, after: countsOf(machine) };
  }
}

function main() {
  const { values } = parseArgs({
    options: { service: { type: "string" }, crashes: { type: "string", default: "1000" }, hangs: { type: "string", default: "4" }, kills: { type: "string", default: "8" } },
  });
  const amounts = { crashes: Number(values.crashes), hangs: Number(values.hangs), kills: Number(values.kills) };
  for (const label of values.service?.split(",") ?? updated) {
    try {
      const scene = new Rollback([label]);
      scene.rounds.machine.patience = 600_000;
      const failures = scene.failures(label, amounts);
      const { wrong, before, last, after } = scene.tryAll(label, failures, (line) => console.log(`  ${line.slice(0, 1000)}`));
      const kinds = new Map();
      for (const { kind } of failures) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      console.log(`${label}: ${failures.length} failures, ${wrong.length} wrong; ${[...kinds].map(([kind, count]) => `${count} ${kind}`).join(", ")}`);
      const show = ({ processes, privileges, grants, pages }) => `${processes} processes, ${privileges} privileges, ${grants} grants, ${pages} free pages`;
      console.log(`  before ${show(before)}\n  then   ${show(last)}\n  after  ${show(after)}${wrong.length > 0 ? `\n  ${wrong.join("\n  ").slice(0, 2000)}` : ""}`);
    } catch (error) {
      console.log(`${label}: ${String(error.stack).slice(0, 3000)}`);
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
