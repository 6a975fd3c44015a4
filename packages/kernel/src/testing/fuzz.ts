import { MF_KCALL_RESUME, PREEMPTIBLE, RTS_PROC_STOP, RTS_VMREQUEST, VMSTYPE_NONE } from "@procyon-os/contract-kernel";
import { DATA_START, RECEIVE, RS, errorCode, newFrame, type Program } from "@procyon-os/message";
import { TMR_NEVER } from "../clock/timers.ts";
import { describeProcess } from "../debug/describe-process.ts";
import { SeededRandom } from "../debug/random.ts";
import { clearIpc } from "../ipc/clear-endpoint.ts";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import { clearRts, setRts } from "../scheduling/run-queues.ts";
import { scheduleProcess } from "../scheduling/schedule-process.ts";
import { PROCESS_START } from "./fake-vm.ts";
import { FuzzGuest } from "./fuzz-guest.ts";
import { BYSTANDERS, CHILD_SLOTS, FUZZERS, GUEST, GUEST_DATA, VICTIMS, fuzzMachine, fuzzPrivileges, type FuzzMachine, type FuzzPrivileges } from "./fuzz-machine.ts";
import { FuzzMemory } from "./fuzz-memory.ts";
import { DATA_BYTES, FuzzRequests, structurePage, type FuzzTargets } from "./fuzz-requests.ts";
import { ipc, store } from "./machine.ts";

export interface FuzzOptions {
  readonly seed: number;
  readonly traps: number;
  readonly privileges: FuzzPrivileges;
  readonly cpus?: number;
}

/** How a fuzz went. `problem` is what must not be: a panic, a hang, a table that is wrong, memory that somebody else changed. */
export interface FuzzResult {
  traps: number;
  hosted: number;
  guest: number;
  machines: number;
  aborts: number;
  lost: number; // machines whose fuzzers ended themselves
  revived: number;
  pages: number; // of others, compared
  problem: string | null;
}

const SLICE = 1e5;
const SLICE_TRAPS = 400; // more do not fit
const LIFE = 12_000; // traps in a machine at most
const TICK = 1_680_000; // cycles
const MOST_MEMORY = 0xf80000;

/** Random traps of a hosted and of a guest process at once, in one machine after another (reference/kernel.md 3). */
export function runFuzz({ seed, traps, privileges, cpus = 1 }: FuzzOptions): FuzzResult {
  const result: FuzzResult = { traps: 0, hosted: 0, guest: 0, machines: 0, aborts: 0, lost: 0, revived: 0, pages: 0, problem: null };
  const random = new SeededRandom(seed);
  while (result.traps < traps && result.problem === null) {
    result.machines++;
    const life = new Life(random, privileges, cpus, seed + result.machines);
    result.problem = life.go(result, Math.min(LIFE, traps - result.traps));
  }
  return result;
}

/** One machine, from its start to the end of the fuzz in it. */
class Life {
  private readonly machine: FuzzMachine;
  private readonly kernel: Kernel;
  private readonly random: SeededRandom;
  private readonly privileges: FuzzPrivileges;
  private readonly requests: FuzzRequests; // of the hosted fuzzer
  private readonly stuckSince = new Map<number, number>();
  private hosted = 0;
  private parked = false;

  constructor(random: SeededRandom, privileges: FuzzPrivileges, cpus: number, seed: number) {
    this.random = random;
    this.privileges = privileges;
    this.machine = fuzzMachine(() => this.hostedProgram(), privileges, cpus, seed);
    this.kernel = this.machine.test.kernel;
    this.requests = new FuzzRequests(random, this.targets(DATA_START));
  }

  private targets(data: number): FuzzTargets {
    const endpoints = (slots: readonly number[]): readonly number[] => slots.map((slot) => this.kernel.processes.at(slot).endpoint);
    const { vm } = this.machine;
    // A child that got the slot of a victim that is gone has no page table.
    const able = (): readonly number[] => {
      const slots = VICTIMS.filter((slot) => this.kernel.processes.at(slot).cr3 !== 0);
      return slots.length === 0 ? FUZZERS : slots;
    };
    return {
      privileged: this.privileges === "all", data, victims: () => endpoints(able()), children: () => endpoints(CHILD_SLOTS),
      everybody: () => endpoints([...VICTIMS, ...BYSTANDERS, ...FUZZERS]),
      physical: () => able().map((slot) => (vm.entry(slot, PROCESS_START + 0x1000) & ~0xfff) >>> 0),
      directories: () => able().map((slot) => [vm.directory(slot), this.kernel.processes.at(slot).pageDirectory] as const),
    };
  }

  private *hostedProgram(): Program<void> {
    yield* ipc(RECEIVE, RS); // until the machine is as it should be
    for (;;) {
      if (this.parked) yield* ipc(RECEIVE, RS);
      if (this.hosted % SLICE_TRAPS === 0) {
        yield* store(DATA_START, this.page(DATA_START));
        for (let page = 1; page < DATA_BYTES / 0x1000; page++) yield* store(DATA_START + page * 0x1000, Uint8Array.from({ length: 0x1000 }, () => this.random.below(256)));
      }
      this.hosted++;
      const { vector, eax, ebx, ecx, message } = this.requests.trap();
      const frame = newFrame(vector);
      Object.assign(frame, { eax, ebx, ecx, message: this.random.below(50) === 0 ? null : message });
      yield frame;
    }
  }

  private page(data: number): Uint8Array {
    return structurePage(VICTIMS.map((slot) => this.kernel.processes.at(slot).endpoint), data);
  }

  /** Fuzzes for so many traps; what went wrong, or null. */
  go(result: FuzzResult, traps: number): string | null {
    const { kernel, machine } = this;
    machine.test.run(4e6);
    if (machine.alive() === 0) return `the machine does not start: ${machine.test.printed.join("")}`;
    const guest = new FuzzGuest(machine, new FuzzRequests(this.random, this.targets(GUEST_DATA)), this.random);
    const memory = new FuzzMemory(machine);
    guest.next(this.page(GUEST_DATA), SLICE_TRAPS);
    for (const slot of FUZZERS) this.release(kernel.processes.at(slot));
    guest.reset();
    const problem = this.slices(guest, result, traps);
    if (problem !== null) return problem;
    const { problem: changed, compared } = memory.changed(this.privileges, guest.own);
    result.pages += compared;
    if (kernel.ended !== null) result.aborts++;
    return changed ?? (kernel.ended === null ? this.survivors() : null);
  }

  private slices(guest: FuzzGuest, result: FuzzResult, traps: number): string | null {
    const { kernel, machine } = this;
    let counted = 0;
    for (let slice = 0; counted < traps && machine.vm.nextPage < MOST_MEMORY; slice++) {
      const before = this.hosted;
      const outcome = machine.test.run(SLICE);
      if (outcome.kind === "panic") return outcome.report;
      if (kernel.clock.shutdown.expiresAt !== TMR_NEVER) return this.halts(); // SYS_ABORT
      kernel.check();
      const made = guest.next(this.page(GUEST_DATA), SLICE_TRAPS);
      if (made === 0) guest.reset();
      counted += made + this.hosted - before;
      result.guest += made;
      result.hosted += this.hosted - before;
      result.traps += made + this.hosted - before;
      if (this.isLost()) {
        result.lost++;
        return null;
      }
      for (const slot of slice % 2 === 0 ? FUZZERS : FUZZERS.toReversed()) result.revived += this.revive(kernel.processes.at(slot), slice);
      for (const slot of [...VICTIMS, ...CHILD_SLOTS]) this.calm(kernel.processes.at(slot));
      if (slice > 1000 + counted) return `no traps any more: ${counted} in ${slice} slices\n${this.everybody()}`;
    }
    return null;
  }

  private everybody(): string {
    return this.kernel.processes.slots.filter(({ isFree, isTask }) => !isFree && !isTask).map(describeProcess).join("\n");
  }

  /** A machine that was asked to ends a second later, and in good order. */
  private halts(): string | null {
    this.park();
    const outcome = this.machine.test.run(80 * TICK);
    return outcome.kind === "halted" ? null : `the machine was to halt: ${outcome.kind} ${outcome.kind === "panic" ? outcome.report : ""}`;
  }

  /** Whether a fuzzer is no more what it was: by CLEAR, EXEC or a change of privileges. */
  private isLost(): boolean {
    return FUZZERS.some((slot) => {
      const process = this.kernel.processes.at(slot);
      return process.isFree || (process.hosted === null) !== (slot === GUEST) || (this.privileges !== "none" && process.privileges?.owner !== process);
    });
  }

  /** A fuzzer that has stopped itself goes on, with what it had: the machine is what is tested. */
  private revive(process: Process, slice: number): number {
    const { kernel } = this;
    const { privileges } = process;
    if (privileges !== null && this.privileges === "all") {
      privileges.callMask.fill(-1);
      privileges.trapMask = -1;
      privileges.flags = fuzzPrivileges.all.flags;
      kernel.privileges.fillSendTo(privileges, () => true);
    }
    this.calm(process);
    if (process.rts === 0) {
      this.stuckSince.delete(process.slot);
      return 0;
    }
    const since = this.stuckSince.get(process.slot) ?? slice;
    this.stuckSince.set(process.slot, since);
    if (slice === since) return 0; // VM may be at it
    this.stuckSince.delete(process.slot);
    this.release(process);
    return 1;
  }

  /** Nobody is more urgent than those who are to live on, whatever priority it was given, and each has its turn. */
  private calm(process: Process): void {
    if (process.isFree) return;
    scheduleProcess(this.kernel, process, 15, 1, -1);
    // One that may not be preempted would keep its CPU for ever.
    if (process.privileges !== null) process.privileges.flags |= PREEMPTIBLE;
    for (const local of this.kernel.cpus) if (local.current === process) local.current = null;
  }

  private release(process: Process): void {
    const { kernel } = this;
    clearIpc(kernel, process);
    if (process.rts & RTS_VMREQUEST) {
      if (process.vmRequest.queued) return; // it is VM's turn
      process.waitsForInhibit = null;
      process.vmRequest.result = process.misc & MF_KCALL_RESUME ? errorCode("EFAULT") : 0;
      process.vmRequest.kind = VMSTYPE_NONE;
    }
    process.pendingSignals = process.takenSignals = 0;
    process.staleTlb = 0xff;
    clearRts(kernel, process, 0xffff);
  }

  /** Nobody who took part runs any more. */
  private park(): void {
    this.parked = true;
    for (const process of this.kernel.processes.slots) {
      if (!process.isFree && !process.isTask && !BYSTANDERS.includes(process.slot)) setRts(this.kernel, process, RTS_PROC_STOP);
    }
  }

  /** The fuzz is over, and the others go on. */
  private survivors(): string | null {
    const { kernel, machine } = this;
    const before = machine.alive();
    this.park();
    const outcome = machine.test.run(4 * TICK);
    if (outcome.kind === "panic") return outcome.report;
    kernel.check();
    return machine.alive() - before >= 2 ? null : `RS does not run any more (${machine.alive()} ticks)\n${this.everybody()}`;
  }
}

