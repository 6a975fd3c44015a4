import type { PhysicalMemory } from "../physical-memory.ts";
import { CS, DEBUG, DS, EAX, EDX, ES, EXIT_BUDGET, FLAGS, FS, GS, INVALID_OPCODE, PROTECTION, SS, TF } from "./constants.ts";
import { Core, type Ports, STOP } from "./core.ts";
import { decode, decodeAndRun } from "./decoder.ts";
import { readFlags, writeFlags } from "./flags.ts";
import type { Op } from "./op.ts";
import { FAULT } from "./segments.ts";

// MINIX's register frame as words (reference/kernel.md 1.6): where each register is, in the encoding's order.
const FRAME_REGISTERS = [9, 8, 7, 6, 14, 4, 3, 2] as const;
const FRAME_EIP = 11;
const FRAME_CS = 12;
const FRAME_FLAGS = 13;
const FRAME_SS = 15;

const LOADABLE_FLAGS = 0x257fd5;

/**
 * An i386 integer CPU in ring 3. Every exception, INT and stop is an exit to the kernel, which is host code: it finds what
 * happened in the exit fields and the registers in the frame.
 */
export class Cpu extends Core {
  /** Instructions done in the last run. A repeated string instruction counts once for each piece of 1024 elements. */
  instructions = 0;
  /** What RDTSC adds to the instructions of the run before it. */
  tscBase = 0;

  constructor(memory: PhysicalMemory, ports: Ports, id: number) {
    super(memory, ports, id, decodeAndRun);
  }

  /** A device asks to look at interrupts after the current instruction. */
  stop(): void {
    this.stopRequested = true;
  }

  /** Loads registers as IRET to ring 3 does. False: a selector was refused, and the exit fields say how. */
  loadFrame(frame: Int32Array): boolean {
    const { r } = this;
    this.clearExit();
    for (let i = 0; i < 8; i++) r[i] = frame[FRAME_REGISTERS[i]!]!;
    this.eip = frame[FRAME_EIP]!;
    writeFlags(r, frame[FRAME_FLAGS]! & LOADABLE_FLAGS);
    try {
      this.loadSegment(CS, frame[FRAME_CS]!);
      this.loadSegment(SS, frame[FRAME_SS]!);
      this.loadSegment(DS, frame[1]! >>> 16);
      this.loadData(ES, frame[1]! & 0xffff);
      this.loadData(FS, frame[0]! >>> 16);
      this.loadData(GS, frame[0]! & 0xffff);
    } catch (thrown) {
      if (thrown !== FAULT) throw thrown;
      return false;
    }
    return true;
  }

  /** Stores registers as an exception's entry does. Words that belong to the kernel are left alone. */
  saveFrame(frame: Int32Array): void {
    const { r, selectors } = this;
    for (let i = 0; i < 8; i++) frame[FRAME_REGISTERS[i]!] = r[i]!;
    frame[FRAME_EIP] = this.eip;
    frame[FRAME_FLAGS] = readFlags(r);
    frame[FRAME_CS] = selectors[CS]!;
    frame[FRAME_SS] = selectors[SS]!;
    frame[0] = selectors[GS]! | (selectors[FS]! << 16);
    frame[1] = selectors[ES]! | (selectors[DS]! << 16);
  }

  /** Runs at most `budget` instructions and leaves the exit fields set. Counts are exact, faults precise. */
  run(budget: number): void {
    this.clearExit();
    this.instructions = 0;
    this.stopRequested = false;
    while (!this.exited && !this.stopRequested && this.instructions < budget) {
      const unsupported = this.unsupportedSegment();
      if (unsupported !== null) {
        this.exited = true;
        this.exitVector = INVALID_OPCODE;
        this.exitText = `not implemented: ${unsupported}`;
      } else if ((this.r[FLAGS]! & TF) !== 0 || !this.runsWholePage()) {
        this.step();
      } else {
        this.loop(budget);
      }
      if (this.wantsTsc) this.readTsc();
    }
  }

  private loop(budget: number): void {
    const { halted } = this;
    let op: Op = this.cross;
    let n = this.instructions;
    try {
      while (n < budget && op !== halted) {
        op = op.run(this, op);
        n++;
      }
      if (op !== this.cross && op !== halted) this.eip = this.eipOf(op);
    } catch (thrown) {
      this.caught(thrown);
      // An op that only leads to another page has set `eip` to where it leads.
      if (op !== this.cross && op.off >>> 0 < 4096) this.eip = this.eipOf(op);
    }
    this.instructions = n;
  }

  /** One instruction: for the trap flag, and where the limit of CS cuts a page. */
  private step(): void {
    const traps = (this.r[FLAGS]! & TF) !== 0;
    const { eip } = this;
    this.stepping = true;
    try {
      const op = this.enter();
      if (op.length === 0) decode(this, op);
      if ((eip >>> 0) + op.length - 1 > this.limits[CS]! >>> 0) this.raise(PROTECTION, 0, true);
      const next = op.run(this, op);
      if (next !== this.cross && next !== this.halted) this.eip = this.eipOf(next);
      this.instructions++;
      if (traps && !this.exited) {
        this.exited = true;
        this.exitVector = DEBUG;
      }
    } catch (thrown) {
      this.caught(thrown);
      this.eip = eip;
    } finally {
      this.stepping = false;
    }
  }

  private caught(thrown: unknown): void {
    if (thrown === FAULT) this.exited = true;
    else if (thrown !== STOP) throw thrown;
  }

  private runsWholePage(): boolean {
    return this.wholePage((this.eip - ((this.eip + this.bases[CS]!) & 0xfff)) | 0);
  }

  private readTsc(): void {
    this.wantsTsc = false;
    const tsc = this.tscBase + this.instructions - 1;
    this.r[EAX] = tsc;
    this.r[EDX] = Math.floor(tsc / 0x1_0000_0000);
  }

  private loadData(segment: number, selector: number): void {
    if (selector === this.selectors[DS]! && (selector & 0xfffc) !== 0) this.copyDataSegment(segment);
    else this.loadSegment(segment, selector);
  }

  private clearExit(): void {
    this.exited = false;
    this.exitVector = EXIT_BUDGET;
    this.exitErrorCode = 0;
    this.exitHasErrorCode = false;
    this.exitIsSoftware = false;
    this.exitText = null;
  }
}
