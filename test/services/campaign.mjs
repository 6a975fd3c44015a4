// node test/services/campaign.mjs [--service ds,tty,…|all] [--seeds 20] [--from 1] [--messages] [--list]
// Kills a service again and again while a mixed load runs, each time at another moment, and compares what is left with a round
// without a death: what the job printed, the files on both disks (and whether those are consistent), what clients of DS and of a
// counter saw, the processes. One line a round that differs, one line a service. On the built packages (`pnpm build`).
//
// A seed is a moment: an even one makes the service crash before one of its own traps, an odd one has it killed before a trap of
// any service. One machine takes many seeds; after a round that went wrong, the next seed gets a new machine, and the seed is
// tried alone. `--from 17 --seeds 1` replays one.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import { Rounds } from "./rounds.mjs";

/** Everything that can die: label, and how it is started where it is not there by itself. */
export const victims = ["ds", "sched", "tty", "log", "memory", "at_wini_0", "pfs", "fs_imgrd", "vfs", "pm", "vm", "rs", "counter"];

export function random(seed) {
  let state = (seed * 2654435761) >>> 0;
  return (limit) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) % limit;
  };
}

/** What a program may be told when a server died under what it asked for. */
const defined = /Input\/output error|I\/O error|Dead endpoint|EDEADSRCDST|ERESTART|\bEIO\b|EINTR|Interrupted|[Bb]roken pipe/;

/** A machine, a round without a death for comparison, and how many traps each of the victims makes in it. */
export function prepare(labels) {
  const rounds = new Rounds();
  const first = rounds.round(); // longer than the others: caches are empty
  const endpoints = new Map(labels.map((label) => [label, rounds.endpointOf(label)]));
  for (const [label, endpoint] of endpoints) if (endpoint === null) throw new Error(`there is no service ${label}`);
  let clean = first;
  const counts = rounds.bus.countFor([...endpoints.values()], () => (clean = rounds.round()));
  const problems = [first, clean].flatMap(({ ending, problems: found }) => [ending, ...found]).filter((text) => text !== "");
  if (problems.length > 0) throw new Error(`a round without a death goes wrong: ${problems.join("; ")}`);
  return { rounds, clean, victims: new Map([...endpoints].map(([label, endpoint]) => [label, { endpoint, own: counts.get(endpoint) }])) };
}

/** What a seed means: see above. */
export function planOf(seed, own, traps) {
  const pick = random(seed);
  pick(7);
  return seed % 2 === 0 && own > 1 ? { how: "crash", moment: 1 + pick(own) } : { how: "kill", moment: 1 + pick(traps) };
}

const difference = (what, found, wanted) => (JSON.stringify(found) === JSON.stringify(wanted) ? [] : [`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`]);

/** Without lines that follow themselves. */
const once = (text) => text.split("\n").filter((line, index, all) => line !== all[index - 1]).join("\n");

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
  if (round.output !== clean.output && once(round.output) === once(clean.output) && round.output.length > clean.output.length) {
    errors.push("console output that came twice");
    round.output = clean.output; // what a device has got is not taken back
  }
  const outputs = [...difference("output", round.output, clean.output), ...difference("files", round.files, clean.files)];
  if (outputs.length > 0 && round.output.split("\n").some((line) => defined.test(line))) {
    errors.push(...round.output.split("\n").filter((line) => defined.test(line)));
  } else wrong.push(...outputs);
  return { wrong, errors };
}

/** One seed on a machine: what came of it. After errors a round without a death must be as always. */
export function tryOne({ rounds, clean, victims: known }, label, seed) {
  const { endpoint, own } = known.get(label);
  const round = rounds.round(endpoint, planOf(seed, own, clean.traps));
  const { wrong, errors } = judge(round, clean);
  if (wrong.length === 0 && errors.some((line) => !/^(adder|ds\w+): /.test(line))) {
    const after = judge(rounds.round(endpoint), clean);
    wrong.push(...after.wrong.map((text) => `in the round after: ${text}`));
  }
  if (wrong.length === 0 && rounds.number % 5 === 0) {
    const now = rounds.endpointOf(label);
    if (now !== endpoint) wrong.push(`endpoint ${now} instead of ${endpoint}`);
  }
  return { seed, struck: round.struck, wrong, errors, messages: rounds.machine.messages, console: rounds.machine.console };
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
export function campaign(label, from, seeds, { alone = false, report = () => {} } = {}) {
  const outcome = { label, run: 0, survived: 0, never: 0, errors: new Map(), failures: [] };
  let scene = null;
  for (let seed = from; seed < from + seeds; seed++) {
    scene ??= prepare([label]);
    const one = tryOne(scene, label, seed);
    if (one.struck === null && one.wrong.length === 0) {
      outcome.never++;
      continue;
    }
    outcome.run++;
    for (const text of one.errors) outcome.errors.set(text, (outcome.errors.get(text) ?? 0) + 1);
    if (one.wrong.length === 0) {
      outcome.survived++;
      continue;
    }
    if (alone) one.alone = tryOne(prepare([label]), label, seed).wrong.length > 0;
    outcome.failures.push(one);
    report(one);
    scene = null;
  }
  const found = scene === null ? "" : fsck(scene.rounds);
  if (found !== "") outcome.failures.push({ seed: 0, struck: "all", wrong: [found], errors: [], messages: "", console: "" });
  return outcome;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { values } = parseArgs({
    options: { service: { type: "string", default: "all" }, seeds: { type: "string", default: "20" }, from: { type: "string", default: "1" }, messages: { type: "boolean", default: false } },
  });
  const table = [];
  for (const label of values.service === "all" ? victims : values.service.split(",")) {
    const start = performance.now();
    const report = ({ seed, struck, wrong, alone, messages, console: shown }) => {
      console.log(`  ${label} seed ${seed}, ${struck}${alone === false ? " (not alone)" : ""}:\n    ${wrong.join("\n    ").slice(0, 1500)}`);
      if (values.messages) console.log(`${messages.slice(-4000)}\n--- console\n${shown.slice(-1500)}`);
    };
    let outcome;
    try {
      outcome = campaign(label, Number(values.from), Number(values.seeds), { alone: Number(values.seeds) > 1, report });
    } catch (error) {
      console.log(`${label}: ${String(error).slice(0, 500)}`);
      continue;
    }
    const errors = [...outcome.errors].map(([text, count]) => `${count} x ${text}`);
    table.push(`${label.padEnd(10)} ${String(outcome.survived).padStart(5)} of ${String(outcome.run).padEnd(5)} ${errors.length === 0 ? "no errors" : errors.slice(0, 12).join("; ")}`);
    console.log(`${table.at(-1)} (${outcome.never} never struck, ${Math.round((performance.now() - start) / 1000)} s)`);
  }
  console.log(`\nservice    survived      errors that were given\n${table.join("\n")}`);
}
