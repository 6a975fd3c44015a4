// node test/services/updates.mjs [--service ds,…] [--times 100]
// Each server and driver is updated again and again to a version whose state has another shape, and back, while the mixed load
// runs: nothing that the load asks is lost or answered wrongly. `bench/update.mjs` measures the pause. On the built packages.
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import { endLoad, loadMachine, startLoad } from "./load.mjs";
import { nextShape, presentShape } from "./versions.mjs";

export const updated = ["ds", "sched", "tty", "log", "memory", "at_wini_0", "pfs", "fs_imgrd", "vfs", "pm", "vm", "is", "counter"];
const lines = ["4193090095 40000", "ga", "40000", "3656847943 2048", "same"];

/** Updates a service so many times under load: what it and the load came to. */
export function updateUnderLoad(label, times) {
  const pair = label === "counter" ? [{ name: "counter", version: "2.0.0" }, { name: "counter", version: "1.0.0" }] : [nextShape(label), presentShape(label)];
  const machine = loadMachine({ packages: label === "counter" ? [] : pair });
  machine.patience = 3_600_000;
  const before = JSON.stringify(machine.service(label));
  const from = machine.messages.length;
  startLoad(machine);
  const line = pair.map(({ name, version }) => `{ service update ${label} --package ${name}@${version} || echo FAILED; }`).join("; ");
  const { output } = machine.run(`i=0; while [ $i -lt ${Math.ceil(times / 2)} ]; do ${line}; i=$((i+1)); done`);
  const { rounds, once, complete, errors, clients } = endLoad(machine);
  const done = machine.messages.slice(from).match(new RegExp(`RS: ${label}: update succeeded`, "g"))?.length ?? 0;
  const wrong = [];
  if (output !== "") wrong.push(output);
  if (JSON.stringify(machine.service(label)) !== before) wrong.push(`is ${JSON.stringify(machine.service(label))}, was ${before}`);
  if (JSON.stringify(once) !== JSON.stringify(lines)) wrong.push(`the load printed ${JSON.stringify(once)}`);
  if (!complete) wrong.push("the load did not print all");
  if (errors !== "") wrong.push(errors);
  for (const { name, wrong: bad, lost, first } of clients) if (bad + lost > 0) wrong.push(`${name}: ${bad} wrong, ${lost} lost: ${first}`);
  machine.system.kernel.check();
  return { done, rounds, requests: clients.map(({ name, done: count }) => `${count} of ${name}`).join(", "), wrong };
}

function main() {
  const { values } = parseArgs({ options: { service: { type: "string" }, times: { type: "string", default: "100" } } });
  for (const label of values.service?.split(",") ?? updated) {
    try {
      const { done, rounds, requests, wrong } = updateUnderLoad(label, Number(values.times));
      console.log(`${label.padEnd(10)} ${done} updates; ${rounds} rounds of the load, requests ${requests}; ${wrong.length === 0 ? "nothing lost or wrong" : wrong.join("; ").slice(0, 2000)}`);
    } catch (error) {
      console.log(`${label}: ${String(error.stack).slice(0, 1500)}`);
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
