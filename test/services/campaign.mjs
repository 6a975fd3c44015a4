// node test/services/campaign.mjs [--services ds,tty,…] [--runs 10] [--seed 1] [--quiet]
// Kills a service at a random moment under a load, and compares what the load did with what it does without: one line a run that
// differs, one line a service. A moment is a trap of any hosted service; the kill is a SIGKILL that comes between two traps, so the
// victim may be running, waiting for an answer, or waiting for work. On the built packages (`pnpm build`).
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import { kernel } from "@procyon-os/syslib";
import { clientFiles, counter, counterClient, dsClient } from "./clients.mjs";
import { noise } from "./load.mjs";
import { dataImage, Machine, rootImage, watched } from "./machine.mjs";

/** Where each service is found, and the services that are watched; those of a kind kill, since they may. */
export const endpoints = { ds: 6, tty: 5, log: 4, memory: 3, sched: 10, pm: 0, vfs: 1, fs_imgrd: 7, pfs: 9, vm: 8, rs: 2, at_wini_0: null, counter: null };
const killers = ["ds", "pm", "sched", "vfs", "mfs", "pfs", "tty", "log", "memory"];

const job = `
cp /mnt/data /tmp/copy; cksum </tmp/copy
seq 1 40 | sort -n | tail -n 1 | tr 0-9 a-j
dd if=/dev/zero bs=512 count=4 2>/dev/null | cksum
for i in 1 2 3 4 5; do echo line $i; done | sort -r | tee /tmp/lines | wc -l
echo to the log >/dev/klog; echo nothing >/dev/null
cp /mnt/data /mnt/copy; cmp /mnt/data /mnt/copy && echo same
mkdir /tmp/d; echo deep >/tmp/d/f; mv /tmp/d/f /tmp/d/g; cat /tmp/d/g; rm -r /tmp/d; ls /tmp/d 2>/dev/null || echo gone
cat /tmp/lines /mnt/data | wc -c
sync
`;

function random(seed) {
  let state = (seed * 2654435761) >>> 0;
  return (limit) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) % limit;
  };
}

/** One run of the load. `victim` is killed before the trap of this number, counted from the start of the load; null for none. */
export function oneRun(victim, moment) {
  const plan = { count: -1, target: null, killed: false };
  const watcher = ({ name }) => {
    if (plan.count < 0) return;
    plan.count++;
    if (plan.target === null || plan.killed || plan.count < moment || !killers.includes(name)) return;
    plan.killed = true;
    return kernel.kill({ process: plan.target, signal: 9 });
  };
  const machine = new Machine(
    [rootImage({ ...clientFiles, "/test/job.sh": job }), dataImage(12, { "/data": noise(20_000) })],
    { packages: [counter(1), dsClient, counterClient], services: watched(["ds", "pm", "sched", "vfs", "mfs", "pfs", "tty", "log", "memory", "vm", "at_wini"], watcher) },
  );
  machine.must("mkdir -p /mnt; mount /dev/c0d1 /mnt");
  for (const name of ["counter", "dsclient", "adder"]) machine.must(`service up /test/${name} -config /test/test.conf -label ${name}`);
  plan.target = victim === null ? null : (endpoints[victim] ?? machine.service(victim).endpoint);
  const result = { output: "", clients: {}, disk: "", traps: 0, ending: "", killed: false };
  try {
    // What is typed while tty dies may be lost; so the moments lie between the echo of the command and the prompt.
    const from = machine.console.length;
    machine.type("sh /test/job.sh 2>&1\n");
    machine.until(() => machine.console.slice(from).includes("2>&1\r\n"), "echo");
    plan.count = 0;
    machine.until(() => machine.console.endsWith("\n# "), "end of the job");
    result.traps = plan.count;
    result.killed = plan.killed;
    plan.count = -1;
    result.output = machine.console.slice(from).replaceAll("\r", "").replace(/^.*\n|# $/g, "");
    // Pipes die with PFS, and who uses them hears EIO: what counts is that the next ones work.
    if (victim === "pfs" && plan.killed) result.output = machine.run("rm /tmp/copy /tmp/lines /mnt/copy; sh /test/job.sh 2>&1").output;
    machine.pass(3);
    for (const name of ["dsclient", "adder"]) {
      machine.must(`service down ${name}`);
      const [, done, wrong, lost, first] = new RegExp(`^${name}: done (\\d+) wrong (\\d+) lost (\\d+) (.*)$`, "m").exec(machine.messages) ?? [];
      result.clients[name] = { done: Number(done), wrong: Number(wrong), lost: Number(lost), first };
    }
    result.disk = [0, 1].map((disk) => (disk === 0 ? machine.fileOnDisk(0, "/tmp/copy") : machine.fileOnDisk(1, "/copy"))?.join("").length ?? -1).join();
    machine.system.kernel.check();
  } catch (error) {
    result.killed ||= plan.killed;
    const panic = /panic: .*/.exec(machine.messages)?.[0];
    result.ending = panic ?? String(error).split("\n")[0];
  }
  result.messages = machine.messages;
  result.console = machine.console;
  return result;
}

/** Errors that a client may see when a server died under a request of it that is not repeatable. */
const defined = /^(|[a-z ]*(EDEADSRCDST|ERESTART|EIO|EINTR))$/;

/** What differs from a run without a crash; empty where nothing does. */
export function difference(run, clean) {
  if (run.ending !== "") return run.ending;
  if (run.output !== clean.output) return `the output differs: ${JSON.stringify(run.output)}`;
  if (run.disk !== clean.disk) return `the disks differ: ${run.disk}`;
  for (const [name, { done, wrong, lost, first }] of Object.entries(run.clients)) {
    if (!(done > 0) || wrong > 0 || lost > 1 || !defined.test(first)) return `${name}: done ${done} wrong ${wrong} lost ${lost} ${first}`;
  }
  return "";
}

/** Kills a service at `runs` moments of seeds from `seed` on; gives the runs that differ. */
export function campaign(victim, seed, runs, clean = oneRun(null, 0)) {
  const failures = [];
  for (let one = seed; one < seed + runs; one++) {
    const moment = 1 + random(one)(clean.traps - 1);
    const run = oneRun(victim, moment);
    const text = run.killed ? difference(run, clean) : "the moment never came";
    if (text !== "") failures.push({ seed: one, moment, text, messages: run.messages, console: run.console });
  }
  return failures;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { values } = parseArgs({ options: { services: { type: "string", default: Object.keys(endpoints).join() }, runs: { type: "string", default: "10" }, seed: { type: "string", default: "1" }, messages: { type: "boolean", default: false } } });
  const clean = oneRun(null, 0);
  console.log(`without a crash: ${clean.traps} traps, ${JSON.stringify(clean.clients)}${clean.ending === "" ? "" : `, ${clean.ending}`}`);
  for (const victim of values.services.split(",")) {
    const start = performance.now();
    const failures = campaign(victim, Number(values.seed), Number(values.runs), clean);
    console.log(`${victim}: ${Number(values.runs) - failures.length} of ${values.runs} runs end as without the crash (${Math.round(performance.now() - start)} ms)`);
    for (const { seed, moment, text, messages, console: shown } of failures) {
      console.log(`  seed ${seed}, trap ${moment}: ${text}`);
      if (values.messages) console.log(`${messages.slice(-3000)}\n--- console\n${shown.slice(-1500)}`);
    }
  }
}
