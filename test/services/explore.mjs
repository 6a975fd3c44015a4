import { endLoad, loadMachine, startLoad } from "./load.mjs";
const t0 = performance.now();
const m = loadMachine();
console.log("booted", performance.now() - t0);
const only = process.argv.slice(2);
for (const label of only.length ? only : ["ds","tty","log","memory","at_wini_0","sched","counter"]) {
  const t = performance.now();
  try {
    startLoad(m);
    const r = m.run(`i=0; while [ $i -lt 20 ]; do service update self -label ${label} || echo FAILED; i=$((i+1)); done`);
    const e = endLoad(m);
    console.log(label, JSON.stringify(r), JSON.stringify(e), Math.round(performance.now() - t));
    console.log((m.messages.match(/update succeeded/g)??[]).length);
    m.system.kernel.check();
  } catch (e) { console.log(label, e); break; }
}
console.log(m.messages.split("\n").filter(l => !/update succeeded|counter 1 starts/.test(l)).slice(0,40).join("\n"));
