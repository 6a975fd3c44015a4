import { BILLABLE, LOAD_HISTORY, LOAD_UNIT_SECONDS, MF_PROF_TIMER, MF_VIRT_TIMER, type LoadInfo } from "@procyon-os/contract-kernel";
import { CLOCK, SIGPROF, SIGVTALRM } from "@procyon-os/message";
import { notifyFromTask } from "../ipc/notify.ts";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import { causeSignal } from "../signals/cause-signal.ts";
import { bite } from "../signals/watchdog.ts";
import { TimerList, newTimer, type Timer } from "./timers.ts";

const PIT_HZ = 1193182;
const PIT_CHANNEL_0 = 0x40;
const PIT_CONTROL = 0x43;
const SQUARE_WAVE = 0x36; // counter 0, low byte then high, mode 3

/** Time as the kernel counts it: ticks since boot. */
export class KernelClock {
  readonly hz: number;
  uptime = 0;
  bootTime = 0; // seconds, set by SYS_STIME
  readonly timers: TimerList = new TimerList();
  readonly shutdown: Timer = newTimer({ kind: "shutdown" });
  readonly load: number[] = new Array<number>(LOAD_HISTORY).fill(0);
  loadSlot = 0;

  constructor(hz: number) {
    this.hz = hz;
  }

  /** The load history as GETINFO gives it. */
  loadInfo(): LoadInfo {
    return { history: this.load, lastSlot: this.loadSlot, lastClock: this.uptime };
  }
}

/** The boot parameter `hz`, where it is one that MINIX accepts. */
export function clockRate(parameter: string | undefined): number {
  const hz = Number(parameter ?? 60);
  return Number.isInteger(hz) && hz >= 2 && hz <= 50000 ? hz : 60;
}

/** Makes the timer chip interrupt `hz` times a second. */
export function startTimer(kernel: Kernel): void {
  const count = Math.floor(PIT_HZ / kernel.clock.hz);
  const { ports } = kernel.board;
  ports.out(PIT_CONTROL, SQUARE_WAVE, 1);
  ports.out(PIT_CHANNEL_0, count & 0xff, 1);
  ports.out(PIT_CHANNEL_0, (count >> 8) & 0xff, 1);
}

/** A tick: accounts it on every CPU, runs virtual timers, expires alarms (reference/kernel.md 8.3). */
export function tick(kernel: Kernel): void {
  const { clock } = kernel;
  clock.uptime++;
  countLoad(kernel);
  for (const local of kernel.cpus) chargeTick(kernel, local.working, local.billed);
  for (let due = clock.timers.takeDue(clock.uptime); due !== null; due = clock.timers.takeDue(clock.uptime)) expire(kernel, due);
}

function chargeTick(kernel: Kernel, current: Process | null, billed: Process | null): void {
  if (current === null) return; // idle
  current.userTime++;
  const billable = current.privileges !== null && (current.privileges.flags & BILLABLE) !== 0;
  if (!billable && billed !== null) billed.systemTime++;
  runVirtualTimers(kernel, current, true);
  if (!billable && billed !== null && billed !== current) runVirtualTimers(kernel, billed, false);
}

function runVirtualTimers(kernel: Kernel, process: Process, virtual: boolean): void {
  if (virtual && process.misc & MF_VIRT_TIMER && --process.virtualLeft <= 0) {
    process.misc &= ~MF_VIRT_TIMER;
    causeSignal(kernel, process, SIGVTALRM);
  }
  if (process.misc & MF_PROF_TIMER && --process.profileLeft <= 0) {
    process.misc &= ~MF_PROF_TIMER;
    causeSignal(kernel, process, SIGPROF);
  }
}

function countLoad(kernel: Kernel): void {
  const { clock } = kernel;
  const slot = Math.floor(clock.uptime / clock.hz / LOAD_UNIT_SECONDS) % LOAD_HISTORY;
  if (slot !== clock.loadSlot) clock.load[slot] = 0;
  clock.loadSlot = slot;
  let queued = 0;
  for (const local of kernel.cpus) {
    for (const head of local.head) for (let one = head; one !== null; one = one.nextReady) queued++;
  }
  clock.load[slot] = Math.min(0xffff, (clock.load[slot] as number) + queued);
}

function expire(kernel: Kernel, timer: Timer): void {
  if (timer.action.kind === "shutdown") {
    kernel.halt();
    return;
  }
  const { owner } = kernel.privileges.at(timer.action.privilegeId);
  if (timer.action.kind === "watchdog") bite(kernel, kernel.privileges.at(timer.action.privilegeId));
  else if (owner !== null) notifyFromTask(kernel, CLOCK, owner);
}
