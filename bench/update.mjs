// node bench/update.mjs [--times 100] [--services ds,tty,…] [--processes 0,60] [--quiet] [--shapes]
// How long a service serves nobody while it is updated, under a mixed load (`--quiet`: without), on the built packages (`pnpm build`): from
// the moment when the old version takes no more requests (its answer to RS_LU_PREPARE) to that when the new one takes one. In host µs, in
// traps of the whole system, and in virtual µs; with so many more processes asleep. With `--shapes` each update is to a version whose state
// has another shape, or back; else to the same one. The phases are the medians of their host µs:
//   ask       RS has VM exchange the two           exchange  kernel and VM do so            init  RS lets the new version run
//   state     it takes the state over and saves it accept    RS hears of it, it goes on
import { parseArgs } from "node:util";
import { endLoad, loadMachine, startLoad } from "../test/services/load.mjs";
import { dsBusy } from "../test/services/clients.mjs";
import { nextShape, presentShape } from "../test/services/versions.mjs";

const { values } = parseArgs({
  options: {
    times: { type: "string", default: "100" }, processes: { type: "string", default: "0,60" }, quiet: { type: "boolean", default: false }, shapes: { type: "boolean", default: false },
    services: { type: "string", default: "ds,sched,tty,log,memory,at_wini_0,pfs,fs_imgrd,vfs,pm,vm,is,counter" },
  },
});
const AT_ONCE = 10; // in one line of the shell
const [IPC, KERNEL_CALL] = [33, 32];
const [RECEIVE, SENDREC] = [2, 3];
const RS = 2;
const SYS_UPDATE = 0x600 + 52;
const [RS_INIT, RS_LU_PREPARE] = [0x714, 0x715];
const CYCLES_PER_MICROSECOND = 14.31818 * 7;
const phases = ["ask", "exchange", "init", "state", "accept"];

/** Follows the updates of the service at `watcher.endpoint` by the traps of the whole machine; gives the times at which each came to where. */
function watch(kernel) {
  const watcher = { endpoint: -1, updates: [] };
  const now = () => ({ host: performance.now() * 1000, traps: kernel.counters.traps, virtual: kernel.local.time / CYCLES_PER_MICROSECOND });
  let marks = [];
  const noteTrap = kernel.noteTrap.bind(kernel);
  kernel.noteTrap = (process, vector) => {
    noteTrap(process, vector);
    const message = process.hosted?.frame?.message;
    const isOurs = process.endpoint === watcher.endpoint;
    const { ecx, eax } = process.hosted?.frame ?? {};
    const tellsRs = isOurs && vector === IPC && ecx === SENDREC && eax === RS;
    if (tellsRs && message?.[1] === RS_LU_PREPARE) marks = [now()];
    else if (marks.length === 1 && vector === KERNEL_CALL && message?.[1] === SYS_UPDATE) marks.push(now());
    else if (marks.length === 2 && process.endpoint === RS) marks.push(now());
    else if (marks.length === 3 && isOurs) marks.push(now());
    else if (marks.length === 4 && tellsRs && message?.[1] === RS_INIT) marks.push(now());
    else if (marks.length === 5 && isOurs && vector === IPC && ecx === RECEIVE) {
      watcher.updates.push([...marks, now()]);
      marks = [];
    }
  };
  return watcher;
}

const at = (list, share) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))] ?? Number.NaN;
const shown = (value, width) => Math.round(value).toLocaleString("en-US").padStart(width);

function show(label, processes, updates) {
  const whole = (what) => updates.map((marks) => marks.at(-1)[what] - marks[0][what]);
  const figures = ["host", "traps", "virtual"].map((what) => `${shown(at(whole(what), 0.5), 8)} ${shown(at(whole(what), 0.99), 7)}`).join(" ");
  const parts = phases.map((_, i) => shown(at(updates.map((marks) => marks[i + 1].host - marks[i].host), 0.5), 8)).join(" ");
  console.log(`${label.padEnd(10)} ${String(processes).padStart(4)} ${String(updates.length).padStart(5)} ${figures}  ${parts}`);
}

console.log(`${"service".padEnd(10)} more times  host p50     p99    traps     p99  virtual     p99  ${phases.map((one) => one.padStart(8)).join(" ")}`);
const shapesOf = (label) => (label === "counter" ? [{ name: "counter", version: "2.0.0" }, { name: "counter", version: "1.0.0" }] : [nextShape(label), presentShape(label)]);

/** Two updates, as a line of the shell. */
function twice(label) {
  if (!values.shapes) return `service update self -label ${label}; service update self -label ${label}`;
  return shapesOf(label).map(({ name, version }) => `service update ${label} --package ${name}@${version}`).join("; ");
}

for (const processes of values.processes.split(",").map(Number)) {
  const labels = values.services.split(",");
  const shapes = values.shapes ? labels.filter((label) => label !== "counter").flatMap(shapesOf) : [];
  const machine = loadMachine({ packages: [dsBusy, ...shapes] });
  const watcher = watch(machine.system.kernel);
  machine.must(`i=0; while [ $i -lt ${processes} ]; do (sleep 9999 &); i=$((i+1)); done`);
  for (const label of labels) {
    if (!values.quiet) {
      startLoad(machine);
      machine.must("service up /test/dsbusy -config /test/test.conf -label dsbusy");
    }
    Object.assign(watcher, { endpoint: machine.service(label).endpoint, updates: [] });
    for (let left = Number(values.times); left > 0; left -= AT_ONCE) {
      machine.must(`i=0; while [ $i -lt ${Math.min(left, AT_ONCE) / 2} ]; do ${twice(label)}; i=$((i+1)); done`);
    }
    watcher.endpoint = -1;
    show(label, processes, watcher.updates);
    if (values.quiet) continue;
    machine.must("service down dsbusy");
    const { clients, complete } = endLoad(machine);
    for (const one of clients) if (one.wrong + one.lost > 0 || !complete) console.log(`${one.name}: wrong ${one.wrong} lost ${one.lost} ${one.first}`);
  }
}
