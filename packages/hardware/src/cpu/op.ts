import type { Core } from "./core.ts";

/** Executes one decoded instruction and returns the one that follows it. */
export type Handler = (cpu: Core, op: Op) => Op;

/**
 * One decoded instruction at one place of one physical page, or a place that is not decoded yet. It is linked to its
 * neighbours in the page; when its bytes are written `run` goes back to the decoder, which finds the op that took its
 * place: so links never go stale.
 */
export class Op {
  run: Handler;
  next: Op; // the instruction after this one
  taken: Op; // target of a direct jump
  off: number; // offset in the page; outside 0..4095 the op is a way out of the page
  length = 0; // bytes; 0 while it is not decoded
  a = 0; // destination register: index in the register file of its size
  b = 0; // source register
  imm = 0;
  imm2 = 0; // second immediate: enter, far pointers
  size = 32;
  seg = 3; // of the memory operand
  base = 8; // register 8 is always zero
  index = 8;
  scale = 0;
  disp = 0;
  mem = 0; // which operand lies in memory: 0 none, 1 the destination, 2 the source
  hasImm = false; // the source is `imm`
  repeat = 0; // 0, 0xf2 or 0xf3
  addressSize = 32;
  opcode = 0; // 0x0f01 for two-byte opcodes
  page: CodePage;
  inner: Handler; // what a wrapper (segment override, 16-bit address, page crossing) calls
  secondPage: CodePage | null = null; // of an instruction that crosses pages
  secondPageWrites = 0; // `headWrites` of that page when this was decoded
  base16 = 8; // address registers of a 16-bit address
  index16 = 8;
  disp16 = 0;
  text = ""; // names what is not implemented

  constructor(page: CodePage, off: number, run: Handler) {
    this.page = page;
    this.off = off;
    this.run = run;
    this.inner = run;
    this.next = this;
    this.taken = this;
  }
}

const NO_OPS: readonly (Op | null)[] = Array.from({ length: 4096 }, () => null);

/** The decoded instructions of one physical page. */
export class CodePage {
  readonly physical: number;
  readonly decode: Handler; // what an op runs first: it decodes itself
  readonly ops: (Op | null)[];
  live = 0; // decoded ops
  dead = false; // dropped as a whole
  headWrites = 0; // writes to the first bytes, where an instruction from the page before may end

  constructor(physical: number, decode: Handler) {
    this.physical = physical;
    this.decode = decode;
    this.ops = NO_OPS.slice();
  }
}
