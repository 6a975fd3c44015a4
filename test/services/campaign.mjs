// node test/services/campaign.mjs [--service ds,tty,…|all] [--seeds 20] [--from 1] [--deaths 12] [--cpus 1] [--messages]
// Kills a service again and again while a mixed load runs, each time at another moment, and compares what is left with a round
// without a death: what the job printed, the files on both disks (and whether those are consistent), what clients of DS and of a
// counter saw, the processes. One line a round that differs, one line a service. On the built packages (`pnpm build`).
//
// A seed is a moment: an even one makes the service crash before one of its own traps, an odd one has it killed before a trap of
// any service. A round has room for several deaths: each waits until the one before is repaired whole, and RS's policy is to replace
// at once. With `--deaths 1` RS is as it comes, with its back-off. Where a round goes wrong, each of its seeds is tried alone.
// One machine takes many rounds; after one that went wrong there is a new one. `--from 17 --seeds 1` replays a seed alone.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import { Rounds } from "./rounds.mjs";

/** Everything that can die: label, and how it is started where it is not there by itself. */
export const victims = ["ds", "sched", "tty", "log", "memory", "at_wini_0", "pfs", "fs_imgrd", "vfs", "pm", "vm", "rs", "is", "counter"];

export function random(seed) {
  let state = (seed * 2654435761) >>> 0;
  return (limit) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) % limit;
  };
}

/** What a program may be told when a server died under what it asked for. */
const defined = /Input\/output error|I\/O error|Dead endpoint|EDEADSRCDST|ERESTART|\bEIO\b|EINTR|Interrupted|[Bb]roken pipe/;

/** Deaths in a round where nothing else is said. */
export const DEATHS = 12;

/** A machine, a round without a death for comparison, and how many traps each of the victims makes in it. */
export function prepare(labels, { deaths = 1, cpus = 1 } = {}) {
  const rounds = new Rounds({ atOnce: deaths > 1, options: { cpus } });
  const first = rounds.round(); // longer than the others: caches are empty
  const endpoints = new Map(labels.map((label) => [label, rounds.endpointOf(label)]));
  for (const [label, endpoint] of endpoints) if (endpoint === null) throw new Error(`there is no service ${label}`);
  let clean = first;
  const counts = rounds.bus.countFor([...endpoints.values()], () => (clean = rounds.round()));
  const problems = [first, clean].flatMap(({ ending, problems: found }) => [ending, ...found]).filter((text) => text !== "");
  if (problems.length > 0) throw new Error(`a round without a death goes wrong: ${problems.join("; ")}`);
  return { rounds, clean, deaths, cpus, victims: new Map([...endpoints].map(([label, endpoint]) => [label, { endpoint, own: counts.get(endpoint) }])) };
}

/** A death before one of so many own traps, or before any. */
const howOf = (seed, own) => (seed % 2 === 0 && own > 1 ? "crash" : "kill");
/** How many deaths of one kind have room in a round: a service that does little cannot crash often. */
const roomOf = (how, own, deaths) => (how === "crash" ? Math.min(deaths, Math.max(1, Math.floor(own / 10))) : deaths);

/** What a seed means: see above. With several deaths in a round each has its own part of it. */
export function planOf(seed, own, traps, deaths = 1) {
  const pick = random(seed);
  pick(7);
  const how = howOf(seed, own);
  const room = roomOf(how, own, deaths);
  const moment = 1 + Math.floor((((seed >>> 1) % room + pick(1 << 20) / (1 << 20)) / room) * (how === "crash" ? own : traps));
  return { seed, how, moment };
}

/** The seeds that share a round, in the order of their moments. */
export function groupsOf(from, seeds, own, deaths = 1) {
  const groups = new Map();
  for (let seed = from; seed < from + seeds; seed++) {
    const key = `${Math.floor((seed >>> 1) / roomOf(howOf(seed, own), own, deaths))} ${seed % 2}`;
    groups.set(key, [...(groups.get(key) ?? []), seed]);
  }
  return [...groups.values()];
}

/**
 * Whether an output is another one in which pieces of a line at most came twice: what a device has got is not taken back. Both are
 * read from the start; `at` are the places in the output up to which it explains the first so many characters of the other.
 */
export function isRepeated(output, wanted) {
  const repeats = (places) => {
    for (const at of places) {
      for (let length = 1; length <= Math.min(at, 160); length++) {
        const piece = output.slice(at - length, at);
        if (piece.split("\n").length > 2) break;
        if (output.startsWith(piece, at)) places.add(at + length);
      }
    }
    return places;
  };
  let places = new Set([0]);
  for (const character of wanted) places = repeats(new Set([...places].filter((at) => output[at] === character).map((at) => at + 1)));
  return places.has(output.length);
}

const difference = (what, found, wanted) => (JSON.stringify(found) === JSON.stringify(wanted) ? [] : [`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`]);

/** What is wrong after a round, and which errors were given that the contracts name. */
export function judge(round, clean) {
  if (round.ending !== "") return { wrong: [round.ending], errors: [] };
  const wrong = [...round.problems, ...difference("processes", round.processes, clean.processes)];
  const errors = [];
  for (const [name, { done, wrong: bad, errors: told }] of Object.entries(round.clients)) {
    if (!(done > 0)) wrong.push(`${name} did nothing`);
    if (bad > 0) wrong.push(`${name}: ${told.join(", ")}`);
    else errors.push(...told.map((text) => `${name}: ${text}`));
  }
  if (round.output !== clean.output && isRepeated(round.output, clean.output)) {
    errors.push("console output that came twice");
    round.output = clean.output;
  }
  const outputs = [...difference("output", round.output, clean.output), ...difference("files", round.files, clean.files)];
  if (outputs.length > 0 && round.output.split("\n").some((line) => defined.test(line))) {
    errors.push(...round.output.split("\n").filter((line) => defined.test(line)));
  } else wrong.push(...outputs);
  return { wrong, errors };
}

/** Some seeds in one round: what came of it, and which deaths there were. After errors a round without a death must be as always. */
export function trySeeds({ rounds, clean, deaths, victims: known }, label, seeds) {
  const { endpoint, own } = known.get(label);
  const round = rounds.round(endpoint, seeds.map((seed) => planOf(seed, own, clean.traps, deaths)));
  const { wrong, errors } = judge(round, clean);
  if (wrong.length === 0 && errors.some((line) => !/^(adder|ds\w+): /.test(line))) {
    const after = judge(rounds.round(endpoint), clean);
    wrong.push(...after.wrong.map((text) => `in the round after: ${text}`));
  }
  if (wrong.length === 0 && rounds.number % 5 === 0) {
    const now = rounds.endpointOf(label);
    if (now !== endpoint) wrong.push(`endpoint ${now} instead of ${endpoint}`);
  }
  const struck = round.done.map(({ seed }) => seed);
  return { seeds, struck, where: round.struck, wrong, errors, messages: rounds.machine.messages, console: rounds.machine.console };
}

/** What Linux's fsck.minix says of the disks; "" where it finds nothing, or is not there. */
export function fsck({ machine }) {
  const folder = mkdtempSync(join(tmpdir(), "procyon-fsck-"));
  try {
    machine.must("sync");
    return machine.disks.map(({ bytes }, index) => {
      const file = join(folder, `${index}.img`);
      writeFileSync(file, bytes);
      try {
        execFileSync("fsck.minix", ["-f", file], { stdio: "pipe" });
        return "";
      } catch (error) {
        return error.code === "ENOENT" ? "" : `disk ${index}: ${error.stdout}`;
      }
    }).join("");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Kills `label` with seeds from `from` on. */
export function campaign(label, from, seeds, { deaths = 1, cpus = 1, alone = true, report = () => {} } = {}) {
  const outcome = { label, run: 0, survived: 0, never: 0, rounds: 0, errors: new Map(), failures: [] };
  let scene = null;
  /** The seeds of a round that are to be tried alone. */
  const round = (group) => {
    scene ??= prepare([label], { deaths, cpus });
    const one = trySeeds(scene, label, group);
    outcome.rounds++;
    if (one.wrong.length > 0) scene = null;
    // Where an answer was an error, alone each seed has to show that it is its own.
    const shared = group.length > 1;
    if (shared && alone && (one.wrong.length > 0 || one.errors.length > 0)) {
      one.alone = group.filter((seed) => round([seed]));
      if (one.wrong.length === 0 || one.alone.length > 0) return false;
      outcome.survived--; // none alone: it is still one that went wrong
      outcome.failures.push(one);
      report(one);
      return true;
    }
    outcome.run += one.struck.length;
    for (const text of one.errors) outcome.errors.set(text, (outcome.errors.get(text) ?? 0) + 1);
    if (one.wrong.length > 0) {
      outcome.survived += Math.max(0, one.struck.length - 1);
      outcome.failures.push(one);
      report(one);
      return true;
    }
    outcome.survived += one.struck.length;
    const left = group.filter((seed) => !one.struck.includes(seed));
    if (!shared) outcome.never += left.length;
    else for (const seed of left) round([seed]);
    return false;
  };
  scene = prepare([label], { deaths, cpus });
  for (const group of groupsOf(from, seeds, scene.victims.get(label).own, deaths)) round(group);
  const found = scene === null ? "" : fsck(scene.rounds);
  if (found !== "") outcome.failures.push({ seeds: [], struck: [], where: "all", wrong: [found], errors: [], messages: "", console: "" });
  return outcome;
}

const options = {
  service: { type: "string", default: "all" }, seeds: { type: "string", default: "20" }, from: { type: "string", default: "1" },
  deaths: { type: "string", default: String(DEATHS) }, cpus: { type: "string", default: "1" }, messages: { type: "boolean", default: false },
};

function main() {
  const { values } = parseArgs({ options });
  const table = [];
  const report = ({ seeds, alone, where, wrong, messages, console: shown }) => {
    console.log(`  seeds ${seeds.join()}${alone === undefined ? "" : ` (together only)`}: ${where}:\n    ${wrong.join("\n    ").slice(0, 1500)}`);
    if (values.messages) console.log(`${messages.slice(-4000)}\n--- console\n${shown.slice(-1500)}`);
  };
  for (const label of values.service === "all" ? victims : values.service.split(",")) {
    const start = performance.now();
    let outcome;
    try {
      outcome = campaign(label, Number(values.from), Number(values.seeds), { deaths: Number(values.deaths), cpus: Number(values.cpus), report });
    } catch (error) {
      console.log(`${label}: ${String(error.stack).slice(0, 800)}`);
      continue;
    }
    const errors = [...outcome.errors].map(([text, count]) => `${count} x ${text}`);
    table.push(`${label.padEnd(10)} ${String(outcome.survived).padStart(5)} of ${String(outcome.run).padEnd(5)} ${errors.length === 0 ? "no errors" : errors.slice(0, 12).join("; ")}`);
    console.log(`${table.at(-1)} (${outcome.never} never struck, ${outcome.rounds} rounds, ${Math.round((performance.now() - start) / 1000)} s)`);
  }
  console.log(`\nservice    survived      errors that were given\n${table.join("\n")}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
