// Places in the register file: 0..7 are eax ecx edx ebx esp ebp esi edi in the encoding's order.
export const EAX = 0;
export const ECX = 1;
export const EDX = 2;
export const EBX = 3;
export const ESP = 4;
export const EBP = 5;
export const ESI = 6;
export const EDI = 7;
/** Always zero: the base or index of an address that has none. */
export const ZERO = 8;
// Lazy flags: how the last result came about (a FLAGS_ kind), its operands and itself, all shifted to the top of the word.
export const KIND = 9;
export const LEFT = 10;
export const RIGHT = 11;
export const RESULT = 12;
/** EFLAGS; the arithmetic flags in it count only while KIND is FLAGS_EXPLICIT. */
export const FLAGS = 13;

// Segment registers in the encoding's order.
export const ES = 0;
export const CS = 1;
export const SS = 2;
export const DS = 3;
export const FS = 4;
export const GS = 5;

export const CF = 1;
export const PF = 4;
export const AF = 0x10;
export const ZF = 0x40;
export const SF = 0x80;
export const TF = 0x100;
export const IF = 0x200;
export const DF = 0x400;
export const OF = 0x800;
export const IOPL = 0x3000;
export const NT = 0x4000;
export const RF = 0x10000;
export const AC = 0x40000;
export const ID = 0x200000;
export const ARITHMETIC = CF | PF | AF | ZF | SF | OF;

export const CR0_PE = 1;
export const CR0_WP = 1 << 16;
export const CR0_PG = 1 << 31;
export const CR4_PSE = 1 << 4;
export const CR4_PGE = 1 << 7;

// Exception vectors.
export const DIVIDE_ERROR = 0;
export const DEBUG = 1;
export const BREAKPOINT = 3;
export const OVERFLOW = 4;
export const BOUND = 5;
export const INVALID_OPCODE = 6;
export const NOT_PRESENT = 11;
export const STACK_FAULT = 12;
export const PROTECTION = 13;
export const PAGE_FAULT = 14;

/** Exit vector when the budget ran out, or a device asked for the kernel. */
export const EXIT_BUDGET = -1;
