// A bus on which faults happen: it counts the traps of hosted services, and at chosen ones its victim dies. Two ways to die:
//   crash  the victim's program throws after what it has just computed, before the trap that would have told anyone
//   kill   a SIGKILL for the victim (SIGSEGV for one that SIGKILL does not touch), before a trap of any service: whatever it waits for
import { localBus } from "@procyon-os/bus";
import { causeSignal } from "@procyon-os/kernel";

const SIGKILL = 9;
const SIGSEGV = 11;
const RS = 2;
/** Traps of all services between the end of one recovery and the next death. */
const REST = 200;

export class FaultBus {
  name = "faults";
  kernel = null;
  /** What is to happen, in this order: `{ how: "crash" | "kill", moment, seed }`; `moment` counts the victim's traps for a crash, all for a kill. */
  plans = [];
  /** What has happened of it. */
  done = [];
  /** Traps since the last `watch`: of all hosted services, and of the process at each endpoint that is watched. */
  traps = 0;
  own = 0;
  watched = null;
  /** Where the victim was when it died: what it computed next, or who ran. */
  struck = null;
  victim = null;
  wholeSince = null;
  /** Called with (image, port, frame) for each trap, where set. */
  onTrap = null;

  spawn(image, args) {
    return new FaultPort(this, image, localBus.spawn(image, args));
  }

  /** Counts the traps of the processes at these endpoints while something runs: how many each made. */
  countFor(endpoints, run) {
    const counts = new Map(endpoints.map((endpoint) => [endpoint, 0]));
    this.onTrap = (_image, port) => {
      if (this.watched === null) return; // between the rounds
      for (const endpoint of endpoints) if (this.kernel.processes.find(endpoint)?.hosted?.port === port) counts.set(endpoint, counts.get(endpoint) + 1);
    };
    run();
    this.onTrap = null;
    return counts;
  }

  /** Counts from now on; `endpoint` is the victim's, `plans` one death or several. A later one waits until the one before is repaired. */
  watch(endpoint, plans = null) {
    this.traps = this.own = 0;
    this.watched = endpoint;
    this.plans = plans === null ? [] : [plans].flat();
    this.done = [];
    this.struck = null;
    this.wholeSince = null;
    const victim = this.kernel.processes.find(endpoint);
    this.victim = victim === null ? null : { name: victim.name, instances: this.instancesOf(victim.name).length, dead: null };
  }

  stop() {
    this.watched = null;
    this.plans = [];
  }

  instancesOf(name) {
    return this.kernel.processes.slots.filter((process) => !process.isFree && process.name === name);
  }

  /** Whether the last death is repaired: a living instance has the place, the dead one is gone, and as many stand by as before. */
  isWhole() {
    if (this.victim === null || this.victim.dead === null) return true;
    const { name, instances, dead } = this.victim;
    const all = this.instancesOf(name);
    return all.length === instances && all.every(({ hosted }) => hosted !== null && hosted.port !== dead);
  }

  /** Whether the time for the next plan has come. */
  isDue(plan, isVictim) {
    if (plan.how === "crash" ? !isVictim || this.own < plan.moment : this.traps < plan.moment) return false;
    if (this.victim.dead === null) return true;
    if (!this.isWhole()) return false;
    this.wholeSince ??= this.traps;
    return this.traps >= this.wholeSince + REST;
  }

  /** Whether a plan's moment has come with this trap; a kill is done here, a crash by the port. */
  strikes(port, image, frame) {
    const process = this.kernel.processes.find(this.watched);
    const isVictim = process !== null && process.hosted?.port === port;
    this.traps++;
    if (isVictim) this.own++;
    const [plan] = this.plans;
    if (plan === undefined || process === null || !this.isDue(plan, isVictim)) return false;
    this.plans.shift();
    this.done.push(plan);
    this.victim.dead = process.hosted?.port ?? null;
    this.wholeSince = null;
    const what = `${plan.how} at trap ${plan.how === "crash" ? this.own : this.traps} (${image.name} ${describe(frame)})`;
    this.struck = this.struck === null ? what : `${this.struck}, ${what}`;
    if (plan.how === "crash") return true;
    causeSignal(this.kernel, process, this.watched === RS ? SIGSEGV : SIGKILL);
    return false;
  }
}

const describe = ({ vector, ecx, eax, message }) => (message === null ? `vector ${vector}` : `${vector === 33 ? `ipc ${ecx} with ${eax}` : "call"} 0x${message[1].toString(16)}`);

class FaultPort {
  constructor(bus, image, port) {
    this.bus = bus;
    this.image = image;
    this.port = port;
  }
  resume(answer) {
    const event = this.port.resume(answer);
    const { bus } = this;
    if (event.kind !== "trap") return event;
    if (bus.onTrap !== null) bus.onTrap(this.image, this, event.frame);
    if (bus.watched === null || !bus.strikes(this, this.image, event.frame)) return event;
    this.port.close();
    return { kind: "crash", report: "planted by the campaign" };
  }
  close() {
    this.port.close();
  }
}
