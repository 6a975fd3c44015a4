// node test/services/rs-strikes.mjs [--every 1] [--only up,down,…]
// RS crashes before each trap that it makes for a request (or before every so many), and what was asked is done all the same, or
// has a defined error; afterwards there are the services and processes that were there before. On the built packages.
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import { clientFiles, counter } from "./clients.mjs";
import { Machine, rootImage, watched } from "./machine.mjs";

const config = "-config /test/test.conf";
/** Name, what is done, and what brings things back to how they were. */
export const requests = [
  ["up", `service up /test/counter ${config} -label more`, "service down more"],
  ["down", "service down more", "true", `service up /test/counter ${config} -label more`],
  ["refresh", "service refresh counter", "true"],
  ["edit", `service edit /test/counter ${config} -label counter -period 50HZ`, "true"],
  ["update", "service update self -label counter", "true"],
  ["crash", "kill -9 3", "true"],
  ["own update", "service update self -label rs", "true"],
];

/** A machine whose RS can be struck before its nth trap from now on. */
export class StruckRs {
  traps = 0;
  at = Infinity;
  /** After so many traps since that the next instance of RS is struck too. */
  again = Infinity;
  starts = 0;

  constructor() {
    const services = watched(["rs"], ({ instance }) => {
      this.starts = Math.max(this.starts, instance);
      if (++this.traps !== this.at) return undefined;
      this.at = this.traps + this.again;
      this.again = Infinity;
      return (function* () {
        throw new Error("struck");
      })();
    });
    this.machine = new Machine([rootImage(clientFiles)], { services, packages: [counter(1), counter(2)] });
    this.machine.must(`service up /test/counter ${config} -label counter`);
    this.machine.pass(2);
  }

  /** Labels, how many processes of each name there are, and who runs the counter in which queue: what must be as before. */
  picture() {
    const labels = this.machine.must("service list").split("\n").slice(1).map((line) => line.trim().split(/\s+/)[0]).sort();
    const names = this.machine.must("ps").split("\n").slice(1).map((line) => line.trim().split(/\s+/).pop()).filter((name) => name !== "ps").sort();
    const counter = this.machine.system.kernel.processes.find(this.machine.service("counter")?.endpoint ?? -1);
    return JSON.stringify({ labels, names, counter: [counter?.scheduler?.name, counter?.priority] });
  }

  /** Does a request and gives its status, with RS struck before its nth trap. */
  strike([, ask, after, first = "true"], nth) {
    const { machine } = this;
    machine.must(first);
    this.traps = 0;
    this.at = nth;
    const { output, status } = machine.run(ask);
    machine.pass(4);
    const hit = this.at === Infinity;
    this.at = Infinity;
    const traps = this.traps;
    const undone = machine.run(after);
    machine.pass(1);
    return { output, status, hit, traps, undone };
  }
}

/** The errors that a request may have when RS died over it. */
const allowed = /Interrupted system call|restart|Dead|busy|EDEADSRCDST|No such process|not permitted/i;

/** Strikes RS in each request; gives what went wrong. */
export function strikeAll({ every = 1, only = null, report = () => {} } = {}) {
  const wrong = [];
  let strikes = 0;
  let refused = 0;
  for (const request of requests.filter(([name]) => only === null || only.includes(name))) {
    let rs = new StruckRs();
    const before = rs.picture();
    const { traps } = rs.strike(request, Infinity);
    for (let nth = 1; nth <= traps; nth += every) {
      const problem = (text) => {
        wrong.push(`${request[0]}, trap ${nth} of ${traps}: ${text}`);
        report(wrong.at(-1));
        rs = new StruckRs();
      };
      try {
        const { output, status, hit } = rs.strike(request, nth);
        if (!hit) continue;
        strikes++;
        if (status !== 0) refused++;
        const after = rs.picture();
        if (status !== 0 && !allowed.test(output)) problem(`status ${status}: ${output}`);
        else if (after !== before) problem(`is ${after}, was ${before}`);
      } catch (error) {
        problem(`${error.message}`.slice(0, 3000));
      }
    }
    report(`${request[0]}: ${traps} traps`);
  }
  return { wrong, strikes, refused };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { values } = parseArgs({ options: { every: { type: "string", default: "1" }, only: { type: "string" } } });
  const { wrong, strikes, refused } = strikeAll({ every: Number(values.every), only: values.only?.split(",") ?? null, report: (line) => console.log(line) });
  console.log(`${strikes} strikes, ${refused} requests with an error, ${wrong.length} wrong`);
}
