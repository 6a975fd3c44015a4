// node bench/update.mjs [--times 100] [--services ds,tty,…] [--processes 0]
// How long a service does not answer while it is updated under load, on the built packages (`pnpm build`):
//   answers  from the last answer of the old version to the first of the new: with the wait for the next request in it
//   closed   from the moment when the old version takes no more requests to that when the new one does
// in host µs, in traps (of the whole system) and in virtual µs. `--processes` has so many more asleep.
import { parseArgs } from "node:util";
import { endLoad, loadMachine, startLoad } from "../test/services/load.mjs";
import { watched, watchedImage } from "../test/services/machine.mjs";
import { counter, dsBusy } from "../test/services/clients.mjs";

const { values } = parseArgs({
  options: {
    times: { type: "string", default: "100" }, processes: { type: "string", default: "0" },
    services: { type: "string", default: "ds,tty,log,memory,at_wini,sched,counter" },
  },
});
const IPC = 33;
const [SEND, RECEIVE, SENDREC, SENDNB, SENDA] = [1, 2, 3, 5, 16];
const RS = 2;
const [RS_INIT, RS_LU_PREPARE] = [0x714, 0x715];
const CYCLES_PER_MICROSECOND = 14.31818 * 7;
const names = values.services.split(",");

let kernel = null;
let current = null;
const now = () => ({ host: performance.now() * 1000, traps: kernel.counters.traps, virtual: kernel.local.time / CYCLES_PER_MICROSECOND });
const between = (a, b) => ({ host: b.host - a.host, traps: b.traps - a.traps, virtual: b.virtual - a.virtual });

/** Of the service that is updated now: what it did last, and the pauses so far. */
let seen = null;
function watch({ name, instance, frame }) {
  if (kernel === null || name !== current || frame.vector !== IPC) return;
  const { ecx, eax, message } = frame;
  if (ecx === SENDREC && eax === RS && message[1] === RS_LU_PREPARE) seen.closed = now();
  if (ecx === SENDREC && eax === RS && message[1] === RS_INIT) seen.starting = true;
  if (ecx === RECEIVE && seen.starting && seen.closed !== null) {
    seen.windows.push(between(seen.closed, now()));
    seen.starting = false;
    seen.closed = null;
  }
  if (ecx === SENDA || ((ecx === SEND || ecx === SENDNB) && eax !== RS)) {
    const time = now();
    if (seen.instance !== 0 && seen.instance !== instance) seen.answers.push(between(seen.answered, time));
    seen.instance = instance;
    seen.answered = time;
  }
}

const at = (list, share, what) => {
  const sorted = list.map((one) => one[what]).sort((a, b) => a - b);
  return sorted.length === 0 ? "-" : Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]).toLocaleString("en-US");
};
const show = (name, kind, list) => console.log(
  `${name.padEnd(8)} ${kind.padEnd(8)} ${String(list.length).padStart(4)}` +
  ["host", "traps", "virtual"].map((what) => `${at(list, 0.5, what).padStart(10)} ${at(list, 0.99, what).padStart(9)}`).join("  "));

const machine = loadMachine({
  options: { services: watched(names.filter((name) => name !== "counter"), watch) },
  packages: [dsBusy, watchedImage("counter", { ...counter(1), version: "1.1.0" }, watch)],
});
kernel = machine.system.kernel;
machine.must("service down counter; echo '#!hosted counter@1.1.0' >/tmp/counter; service up /tmp/counter -config /test/test.conf -label counter");
machine.must(`i=0; while [ $i -lt ${Number(values.processes)} ]; do (sleep 9999 &); i=$((i+1)); done`);
console.log(`${"service".padEnd(17)} times   host µs p50       p99   traps p50       p99  virtual µs p50     p99`);
for (const name of names) {
  seen = { answers: [], windows: [], instance: 0, answered: null, closed: null, starting: false };
  startLoad(machine);
  machine.must("service up /test/dsbusy -config /test/test.conf -label dsbusy");
  current = name;
  machine.must(`i=0; while [ $i -lt ${Number(values.times)} ]; do service update self -label ${name === "at_wini" ? "at_wini_0" : name}; i=$((i+1)); done`);
  current = null;
  machine.must("service down dsbusy");
  const { clients, complete } = endLoad(machine);
  show(name, "answers", seen.answers);
  show(name, "closed", seen.windows);
  for (const one of clients) if (one.wrong + one.lost > 0 || !complete) console.log(`${one.name}: wrong ${one.wrong} lost ${one.lost} ${one.first}`);
}
