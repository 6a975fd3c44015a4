import type { Bus } from "@procyon-os/bus";
import type { Board, PhysicalMemory } from "@procyon-os/hardware";
import type { ServiceImage } from "@procyon-os/message";
import { HARDWARE, LOG, SIGKMESS, TTY } from "@procyon-os/message";
import { bootProcesses } from "./boot/boot.ts";
import { loadModules } from "./boot/loader.ts";
import { KernelClock, clockRate, startTimer } from "./clock/clock.ts";
import { BYTES_PER_CYCLE } from "./costs.ts";
import { checkKernel } from "./debug/check.ts";
import { EntryGuard } from "./debug/entry-guard.ts";
import { panicReport } from "./debug/panic.ts";
import { SeededRandom } from "./debug/random.ts";
import { RecentTraps } from "./debug/recent-traps.ts";
import { stackTrace } from "./debug/stack-trace.ts";
import { SymbolSource } from "./debug/symbol-source.ts";
import { TraceHash } from "./debug/trace-hash.ts";
import { Interrupts } from "./interrupts/interrupts.ts";
import { Segments } from "./memory/segments.ts";
import { messageSum } from "./debug/message-check.ts";
import { MessageRing } from "./messages/message-ring.ts";
import { newCounters, type BootModule, type Counters, type DebugOptions, type KernelOptions, type RunResult } from "./options.ts";
import { ProcessTable } from "./processes/process-table.ts";
import type { Process } from "./processes/process.ts";
import { PrivilegeTable } from "./privileges/privilege-table.ts";
import { runMachine, skipIdle } from "./run.ts";
import { CpuLocal } from "./smp/cpu-local.ts";
import { sendSystemSignal } from "./signals/cause-signal.ts";
import { SafemapTable } from "./grants/safemap-table.ts";

/** How many lines a panic's report has of what was said before. */
const MESSAGES_IN_REPORT = 12;

/** The microkernel: the process table, and everything that happens when a process traps or a device interrupts. */
export class Kernel {
  readonly board: Board;
  readonly memory: PhysicalMemory;
  readonly bus: Bus;
  readonly modules: readonly BootModule[];
  readonly params: Record<string, string>;
  readonly resolveService: (reference: string) => ServiceImage | null;
  readonly processes: ProcessTable = new ProcessTable();
  readonly privileges: PrivilegeTable = new PrivilegeTable();
  readonly cpus: readonly CpuLocal[];
  readonly segments: Segments;
  readonly clock: KernelClock;
  readonly interrupts: Interrupts = new Interrupts();
  readonly safemaps: SafemapTable = new SafemapTable();
  readonly counters: Counters = newCounters();

  /** The CPU that is in the kernel: one at a time, which is what a big kernel lock is. */
  local: CpuLocal;
  /** GET_IMAGE, one structure after another. */
  image: Uint8Array = new Uint8Array(0);
  vmRunning = false; // paging is on
  windowSlots: number[] = []; // directory slots that VM has lent, at most 2
  kernelEnd = 0; // linear: the windows are the last of what is the kernel's in every table
  vmRequests: Process | null = null; // processes that wait for VM, the first first
  abortHow = 0;
  abortParams = "";
  ended: RunResult | null = null;

  // Debug aids.
  readonly race: boolean;
  readonly restartCalls: boolean;
  readonly checkAlways: boolean;
  readonly debug: DebugOptions;
  readonly guard: EntryGuard | null;
  readonly restartQueue: Process[] = [];
  readonly recentTraps: RecentTraps = new RecentTraps();
  readonly symbols: SymbolSource;

  private readonly onMessage: (text: string) => void;
  private readonly messages = new MessageRing();
  private readonly seeded: SeededRandom;
  private readonly hash: TraceHash | null;

  constructor(options: KernelOptions) {
    if (options.cpus.length < 1 || options.cpus.length > 8) throw new RangeError("a machine has 1 to 8 CPUs");
    this.board = options.board;
    this.memory = options.board.memory;
    this.bus = options.bus;
    this.modules = options.modules;
    this.symbols = new SymbolSource(options.modules, options.symbols ?? null);
    this.params = { memory: `100000:${(this.memory.size - 0x100000).toString(16)}`, ...options.params };
    this.resolveService = options.resolveService;
    this.onMessage = options.onMessage;
    this.cpus = options.cpus.map((cpu) => new CpuLocal(cpu));
    this.local = this.cpus[0] as CpuLocal;
    this.segments = new Segments(this.memory, options.cpus.length);
    this.clock = new KernelClock(clockRate(this.params["hz"]));
    this.seeded = new SeededRandom(options.seed);
    this.hash = options.trace === true ? new TraceHash() : null;
    this.race = options.debug?.race ?? false;
    this.restartCalls = options.debug?.restartCalls ?? false;
    this.checkAlways = options.debug?.checkAlways ?? false;
    this.debug = options.debug ?? {};
    this.guard = this.debug.norec === true ? new EntryGuard() : null;
  }

  /** Loads the modules and makes the boot processes; RS is then the one that can run (reference/kernel.md 10). */
  boot(): void {
    this.segments.install(this.cpus.map(({ cpu }) => cpu));
    const programs = loadModules(this);
    bootProcesses(this, programs);
    this.interrupts.install(this);
    this.print("\nProcyon, compatible with MINIX 3.2.0.\n");
    startTimer(this);
  }

  /** Runs the machine for at most so many cycles of virtual time. */
  run(maxCycles: number): RunResult {
    if (this.ended !== null) return this.ended;
    try {
      return runMachine(this, maxCycles);
    } catch (error) {
      return this.panic(error);
    }
  }

  /** Lets idle time pass: the board's clock moves to `now` (crystal periods), devices included. */
  skipTo(now: number): void {
    skipIdle(this, now);
  }

  /** Hash over every trap and delivered message so far; only with `trace`. */
  traceHash(): string {
    if (this.hash === null) throw new Error("the kernel was made without trace");
    return this.hash.toString();
  }

  /** Walks all tables; throws with a text where something does not fit. */
  check(): void {
    checkKernel(this);
  }

  /** Prints a kernel message: to whoever made the kernel, the ring, and TTY and LOG hear that there is one. */
  print(text: string): void {
    this.messages.add(text);
    this.onMessage(text);
    for (const reader of [TTY, LOG]) if (this.processes.find(reader) !== null) sendSystemSignal(this, reader, SIGKMESS);
  }

  /** Prints where a process is and how it came there. */
  printStack(process: Process): void {
    this.print(stackTrace(this, process));
  }

  /** GET_KMESSAGES. */
  kernelMessages(): Uint8Array {
    return this.messages.encode();
  }

  /** The machine ends now, as SYS_ABORT has asked. */
  halt(): void {
    this.ended = { kind: "halted", how: this.abortHow, params: this.abortParams };
  }

  /** The CPU that a process belongs to. */
  cpuOf(process: Process): CpuLocal {
    return this.cpus[process.cpu] as CpuLocal;
  }

  /** A number below `limit`, from the seed. */
  random(limit: number): number {
    return this.seeded.below(limit);
  }

  /** Time that a process has used. */
  spend(process: Process, cycles: number): void {
    this.local.time += cycles;
    process.cycles += cycles;
    process.timeLeft = this.race ? 0 : Math.max(0, process.timeLeft - cycles);
  }

  /** Time that the kernel has used. */
  spendKernel(cycles: number): void {
    this.local.time += cycles;
    this.local.kernelCycles += cycles;
    this.processes.at(HARDWARE).cycles += cycles;
  }

  /** Time that moving memory takes. */
  chargeCopy(bytes: number): void {
    this.counters.bytesCopied += bytes;
    this.spendKernel(Math.ceil(bytes / BYTES_PER_CYCLE));
  }

  /** Loads the page table of a process, where it has one of its own and it is not loaded (reference/kernel.md 4.4). */
  switchAddressSpace(process: Process): void {
    const { local } = this;
    if (process.cr3 === 0 || local.pageTableOwner === process) return;
    local.pageTableOwner = process;
    process.staleTlb &= ~local.bit;
    this.reloadPageTable();
  }

  /** Makes the segments of a process anew from its memory map. */
  updateSegments(process: Process): void {
    this.segments.update(process);
    for (const local of this.cpus) if (local.loadedLdt === process) local.loadedLdt = null;
  }

  /** Loads CR3 anew: translations that are not global are dropped. */
  reloadPageTable(): void {
    const { local } = this;
    if (local.pageTableOwner === null) return;
    local.cpu.cr3 = local.pageTableOwner.cr3;
    this.counters.cr3Loads++;
  }

  noteTrap(process: Process, vector: number): void {
    const { hash, local } = this;
    this.recentTraps.add(process.endpoint, vector, local.time);
    if (hash === null) return;
    hash.add(process.endpoint);
    hash.add(vector);
    hash.add(local.time | 0);
    hash.addWords(process.frame);
  }

  noteDelivery(target: Process): void {
    this.counters.messagesDelivered++;
    if (this.debug.msgcheck === true) target.deliverSum = messageSum(target.deliverMessage);
    if (this.hash === null) return;
    this.hash.add(target.endpoint);
    this.hash.addWords(target.deliverMessage);
  }

  private panic(error: unknown): RunResult {
    const report = panicReport(this, error, this.messages.lastLines(MESSAGES_IN_REPORT));
    this.ended = { kind: "panic", report };
    this.messages.add(report);
    this.onMessage(report);
    return this.ended;
  }
}
