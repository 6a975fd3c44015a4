import type { PhysicalMemory } from "../physical-memory.ts";
import type { PortSpace } from "../port-space.ts";
import { CS, FLAGS, INVALID_OPCODE, IOPL, PROTECTION } from "./constants.ts";
import { MemoryAccess } from "./memory-access.ts";
import { CodePage, type Handler, Op } from "./op.ts";

const PRESENT_USER = 5; // of a TLB entry

/** Thrown by `Core.halt`'s op to leave the loop between two instructions. */
export const STOP = { name: "stop" } as const;

/** Ports as the CPU needs them. */
export type Ports = Pick<PortSpace, "in" | "out">;

/** What instruction handlers work on: registers, memory, ports and control flow. */
export class Core extends MemoryAccess {
  readonly ports: Ports;
  private readonly decode: Handler;
  eip = 0; // valid between runs, and while `cross` or `halted` is the next op
  pageEip = 0; // eip of the first byte of the page that runs
  codePage: CodePage;
  readonly cross: Op; // next op when the next instruction lies in another page
  readonly halted: Op; // next op to leave the loop
  stopRequested = false;
  wantsTsc = false; // why `halted` was returned: RDTSC

  constructor(memory: PhysicalMemory, ports: Ports, id: number, decode: Handler) {
    super(memory, id);
    this.decode = decode;
    this.ports = ports;
    this.codePage = new CodePage(0, decode);
    this.cross = new Op(this.codePage, -1, enterHere);
    this.halted = new Op(this.codePage, -1, () => {
      throw STOP;
    });
  }

  /** The op of an address to jump to. Raises #GP behind the limit; nothing may have changed before. */
  jump(eip: number): Op {
    if (eip >>> 0 > this.limits[CS]! >>> 0) this.raise(PROTECTION, 0, true);
    const off = (eip - this.pageEip) >>> 0;
    if (off < 4096) {
      const op = this.codePage.ops[off];
      if (op !== null && op !== undefined && !this.codePage.dead) return op;
    }
    this.eip = eip;
    return this.enterKnown() ?? this.cross;
  }

  /** Follows a direct jump. */
  take(op: Op): Op {
    const { taken } = op;
    if (taken.off >>> 0 > 4095 && (this.pageEip + taken.off) >>> 0 > this.limits[CS]! >>> 0)
      this.raise(PROTECTION, 0, true);
    return taken;
  }

  /** EIP of an op in the page that runs. */
  eipOf(op: Op): number {
    return (this.pageEip + op.off) | 0;
  }

  /** Leaves the loop before the instruction at `eip`. */
  halt(eip: number): Op {
    this.eip = eip;
    return this.halted;
  }

  /** The op at `this.eip`, when its translation, its page and itself are known; makes its page the running one. */
  private enterKnown(): Op | null {
    const { eip } = this;
    if (eip >>> 0 >= this.wholePagesEnd) return null;
    const linear = (eip + this.bases[CS]!) | 0;
    const entry = this.tlb[linear >>> 12]!;
    if ((entry & PRESENT_USER) !== PRESENT_USER) return null;
    const page = this.memory.codePages[entry >>> 12];
    if (page === null || page === undefined) return null;
    const off = linear & 0xfff;
    const op = page.ops[off];
    if (op === null || op === undefined) return null;
    this.codePage = page;
    this.pageEip = (eip - off) | 0;
    return op;
  }

  /** Finds the op at `this.eip`, which becomes part of the running page. Raises what fetching raises. */
  enter(): Op {
    const known = this.enterKnown();
    if (known !== null) return known;
    const { eip } = this;
    if (eip >>> 0 > this.limits[CS]! >>> 0) this.raise(PROTECTION, 0, true);
    const linear = (eip + this.bases[CS]!) >>> 0;
    const physical = this.translate(linear, false, true);
    if (physical < 0) this.raisePageFault();
    const off = linear & 0xfff;
    const pageEip = (eip - off) | 0;
    // A page that is not wholly inside the limit is walked step by step.
    if (!this.wholePage(pageEip)) this.leaveForSteps();
    this.codePage = this.pageAt(physical);
    this.pageEip = pageEip;
    return opAt(this.codePage, off);
  }

  /** Whether a page of code lies within the limit of CS as a whole. */
  wholePage(pageEip: number): boolean {
    const limit = this.limits[CS]! >>> 0;
    return pageEip >>> 0 <= limit && pageEip >>> 0 <= 0xffff_f000 && (pageEip >>> 0) + 4095 <= limit;
  }

  pageAt(physical: number): CodePage {
    if (physical >= this.memory.size) return this.undefinedOpcode("code outside RAM");
    let page = this.memory.codePages[physical >>> 12];
    if (page === null || page === undefined) {
      this.memory.trimCode();
      page = new CodePage(physical & ~0xfff, this.decode);
      this.memory.addCodePage(page);
    }
    return page;
  }

  /** #UD, with words on what we do not implement. */
  undefinedOpcode(text: string | null): never {
    this.exitText = text;
    return this.raise(INVALID_OPCODE, 0, false);
  }

  /** #GP unless IOPL is 3. */
  checkIopl(): void {
    if ((this.r[FLAGS]! & IOPL) !== IOPL) this.raise(PROTECTION, 0, true);
  }

  protected stepping = false; // the loop runs one instruction at a time
  private leaveForSteps(): void {
    if (!this.stepping) throw STOP;
  }
}

function enterHere(cpu: Core): Op {
  const op = cpu.enter();
  return op.run(cpu, op);
}

/** Runs where a page of code is left, by falling off its end or by a direct jump. */
function leavePage(cpu: Core, op: Op): Op {
  cpu.eip = (cpu.pageEip + op.off) | 0;
  return enterHere(cpu);
}

/** The op at an offset of a page; outside of the page, an op that goes there. */
export function opAt(page: CodePage, off: number): Op {
  if (off < 0 || off > 4095) return new Op(page, off, leavePage);
  const known = page.ops[off];
  if (known !== null && known !== undefined) return known;
  const op = new Op(page, off, page.decode);
  page.ops[off] = op;
  return op;
}
