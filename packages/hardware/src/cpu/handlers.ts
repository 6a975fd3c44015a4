import type { Handler } from "./op.ts";
import { ALU_32_MEMORY } from "./instructions/alu-32-memory.ts";
import { ALU_32_REGISTER } from "./instructions/alu-32-register.ts";
import { ALU } from "./instructions/alu.ts";
import { BITS } from "./instructions/bits.ts";
import { CONTROL } from "./instructions/control.ts";
import { DECIMAL } from "./instructions/decimal.ts";
import { MOVES } from "./instructions/move.ts";
import { MULTIPLY } from "./instructions/multiply.ts";
import { SHIFTS } from "./instructions/shift.ts";
import { STACK } from "./instructions/stack.ts";
import { STRINGS } from "./instructions/string.ts";
import { SYSTEM } from "./instructions/system.ts";

/**
 * What executes an instruction, by mnemonic and, where there is more than one, `_` with the form (a letter an operand: r
 * register, m memory, i immediate, j jump, s segment register, c CL, d DX, p far pointer, x string) and the size. The most
 * specific name wins: `add_rm32`, `add_rm`, `add_32`, `add`.
 */
export const HANDLERS: Readonly<Record<string, Handler>> = {
  ...ALU,
  ...ALU_32_REGISTER,
  ...ALU_32_MEMORY,
  ...MOVES,
  ...SHIFTS,
  ...MULTIPLY,
  ...BITS,
  ...STACK,
  ...CONTROL,
  ...STRINGS,
  ...DECIMAL,
  ...SYSTEM,
};
