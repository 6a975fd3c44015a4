import { writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { AWAY, BEATS, RUNNING, STEPS, type WatchOrders } from "./cells.ts";

// Looks so many times before it is sure. It counts looks, not time: where the whole process was stopped, all that comes late is one look.
const LOOKS = 20;
const MS_TO_END = 2000;

const { cells, seconds, settling, ending, raw } = workerData as WatchOrders;
const services: string[] = [];
let seen = "";
let same = 0;

/** What the machine's thread does not come back from, and what to do about it. */
function report(): string {
  const running = services[Atomics.load(cells, RUNNING) - 1];
  const what = running === undefined
    ? `the machine has not run for ${seconds} s, and not for a step of a package: does a promise or timer of one loop (${services.join(", ") || "none was started"})?`
    : `${running} has not come back from a step for ${seconds} s: does it loop between two calls?`;
  return `procyon: ${what} Nothing else can run, so the machine ends here. Leave the package out, or take another version of it; PROCYON_STEP_SECONDS gives it longer`;
}

let isSaid = false;
function say(): void {
  if (isSaid) return;
  isSaid = true;
  writeSync(2, raw ? `\r\n${report()}\r\n` : `${report()}\n`);
}

/** Has the machine's thread end in the midst of what it does, as a debugger would; or the process as a whole, where it does not hear. */
async function end(): Promise<void> {
  setTimeout(() => process.kill(process.pid, "SIGTERM"), MS_TO_END);
  setTimeout(() => process.kill(process.pid, "SIGKILL"), 2 * MS_TO_END);
  setTimeout(say, MS_TO_END / 2); // it does not hear
  const { Session } = await import("node:inspector");
  const session = new Session();
  session.connectToMainThread();
  session.post("Runtime.evaluate", { expression: settling }, () => {
    say();
    session.post("Runtime.evaluate", { expression: ending });
  });
}

function look(): void {
  const now = [RUNNING, STEPS, BEATS].map((cell) => Atomics.load(cells, cell)).join();
  same = now === seen && Atomics.load(cells, AWAY) === 0 ? same + 1 : 0;
  seen = now;
  parentPort?.postMessage("are you there?");
  if (same < LOOKS) return;
  clearInterval(looking);
  end().catch(() => {
    say();
    process.kill(process.pid, "SIGTERM");
  });
}

parentPort?.on("message", (service: string) => void services.push(service));
const looking = setInterval(look, (seconds * 1000) / LOOKS);
