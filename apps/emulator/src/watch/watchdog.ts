import { closeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { Bus } from "@procyon-os/bus";
import { defaultServices } from "../boot-image.ts";
import { patience } from "../packages/patience.ts";
import { AWAY, BEATS, newCells, type WatchOrders } from "./cells.ts";
import { watchedBus } from "./watched-bus.ts";

const USUAL_SECONDS = 20;
/** EX_SOFTWARE, as for a panic. */
const STATUS_LOST = 70;
const ERRORS = 2;
const LOST = "procyon.lost";

const endAtOnce = (process as unknown as { reallyExit: (status: number) => never }).reallyExit;

/**
 * Ends the machine where a step of a package from outside does not come back: hosted services share its thread, so nothing in there could. A thread of its
 * own looks at a few shared numbers, says which service it is, and has this thread end, in the midst of the step. `PROCYON_STEP_SECONDS` says how
 * long a step may take.
 */
export class Watchdog {
  readonly bus: Bus;
  /** What is left to do in this process before it ends so. */
  readonly atEnd: (() => void)[] = [];
  private readonly cells = newCells();
  private readonly thread: Worker;

  constructor() {
    const orders: WatchOrders = {
      cells: this.cells, seconds: patience("PROCYON_STEP_SECONDS", USUAL_SECONDS), settling: `globalThis[Symbol.for("${LOST}")].settle()`, ending: `globalThis[Symbol.for("${LOST}")].end()`, raw: process.stdin.isTTY === true,
    };
    (globalThis as { [key: symbol]: unknown })[Symbol.for(LOST)] = { settle: () => this.settle(), end: () => this.end() };
    this.thread = new Worker(new URL("./watchdog-thread.js", import.meta.url), { workerData: orders });
    this.thread.on("message", () => this.beat()); // this thread comes to its events, so it does not loop
    this.thread.on("error", () => {}); // without it the machine goes on
    this.thread.unref();
    this.bus = watchedBus(new Set(Object.values(defaultServices)), this.cells, (service) => this.thread.postMessage(service));
  }

  /** The machine goes on. */
  beat(): void {
    this.cells[BEATS] = (this.cells[BEATS] as number) + 1;
  }

  /** Does something for which this thread stands still, with good reason. */
  away<T>(work: () => T): T {
    this.cells[AWAY] = 1;
    try {
      return work();
    } finally {
      this.cells[AWAY] = 0;
    }
  }

  close(): void {
    void this.thread.terminate();
  }

  /** What the machine has printed comes out before what the thread says. */
  private settle(): void {
    for (const step of this.atEnd.splice(0)) step();
  }

  private end(): void {
    try {
      this.settle();
    } finally {
      closeSync(ERRORS); // all is said; Node would say that it waits for its debugger, which is the thread
      endAtOnce.call(process, STATUS_LOST);
    }
  }
}
