// Names of instructions that this CPU does not have, for messages: x87 by ModRM digit with a memory operand.
const X87_MEMORY = [
  "fadd fmul fcom fcomp fsub fsubr fdiv fdivr", "fld ? fst fstp fldenv fldcw fnstenv fnstcw",
  "fiadd fimul ficom ficomp fisub fisubr fidiv fidivr", "fild fisttp fist fistp ? fld ? fstp",
  "fadd fmul fcom fcomp fsub fsubr fdiv fdivr", "fld fisttp fst fstp frstor ? fnsave fnstsw",
  "fiadd fimul ficom ficomp fisub fisubr fidiv fidivr", "fild fisttp fist fistp fbld fild fbstp fistp",
].map((names) => names.split(" "));
const X87_REGISTER = [
  "fadd fmul fcom fcomp fsub fsubr fdiv fdivr", "fld fxch fnop ? fchs fld1 f2xm1 fprem",
  "fcmovb fcmove fcmovbe fcmovu ? fucompp ? ?", "fcmovnb fcmovne fcmovnbe fcmovnu fninit fucomi fcomi ?",
  "fadd fmul ? ? fsubr fsub fdivr fdiv", "ffree ? fst fstp fucom fucomp ? ?",
  "faddp fmulp ? fcompp fsubrp fsubp fdivrp fdivp", "? ? ? ? fnstsw fucomip fcomip ?",
].map((names) => names.split(" "));

const VECTOR: Readonly<Record<number, string>> = {
  0x10: "movups", 0x11: "movups", 0x12: "movlps", 0x13: "movlps", 0x14: "unpcklps", 0x16: "movhps", 0x17: "movhps",
  0x28: "movaps", 0x29: "movaps", 0x2a: "cvtsi2ss", 0x2c: "cvttss2si", 0x2d: "cvtss2si", 0x2e: "ucomiss", 0x2f: "comiss",
  0x51: "sqrtps", 0x54: "andps", 0x57: "xorps", 0x58: "addps", 0x59: "mulps", 0x5a: "cvtps2pd", 0x5c: "subps",
  0x5e: "divps", 0x60: "punpcklbw", 0x62: "punpckldq", 0x6c: "punpcklqdq", 0x6e: "movd", 0x6f: "movq", 0x70: "pshufw",
  0x74: "pcmpeqb", 0x76: "pcmpeqd", 0x77: "emms", 0x7e: "movd", 0x7f: "movq", 0xae: "fxsave", 0xc3: "movnti",
  0xd6: "movq", 0xd7: "pmovmskb", 0xdb: "pand", 0xdf: "pandn", 0xeb: "por", 0xef: "pxor", 0xfa: "psubd", 0xfe: "paddd",
  0x05: "syscall", 0x34: "sysenter", 0x0d: "prefetchw", 0xb8: "popcnt", 0xff: "ud0", 0xb9: "ud1",
};

/** What an instruction outside our table is called; null when no processor that we know has it. */
export function foreignName(opcode: number, modrm: number): string | null {
  const bytes = opcode >= 0xf00 ? `0f ${hex(opcode)}` : hex(opcode);
  if (opcode >= 0xd8 && opcode <= 0xdf) {
    const names = (modrm < 0xc0 ? X87_MEMORY : X87_REGISTER)[opcode - 0xd8]!;
    return `x87 ${names[(modrm >> 3) & 7]!} (${bytes} ${hex(modrm)})`;
  }
  const name = opcode < 0xf00 ? undefined : VECTOR[opcode & 0xff];
  return name === undefined ? null : `${name} family (${bytes} ${hex(modrm)})`;
}

function hex(byte: number): string {
  return (byte & 0xff).toString(16).padStart(2, "0");
}
