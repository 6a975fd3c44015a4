// The instruction set as data (Intel 80386 manual, appendix A; later instructions: Intel 64 and IA-32 SDM, volume 2).
// A row: opcode, "/digit" where the ModRM byte's middle field chooses, mnemonic, operands. Operand letters are Intel's:
// E register or memory by ModRM, M memory only, R register only by ModRM, G register by ModRM, S segment register by
// ModRM, I immediate, J jump distance, O absolute offset, A far pointer, Z register in the opcode, X string operand;
// then the size: b 8, w 16, d 32, v 16 or 32 by the operand size, p far pointer, q 64 bits. sIb: byte, sign-extended.
export const ROWS = `
00 add Eb,Gb|01 add Ev,Gv|02 add Gb,Eb|03 add Gv,Ev|04 add AL,Ib|05 add eAX,Iv|06 push ES|07 pop ES
08 or Eb,Gb|09 or Ev,Gv|0a or Gb,Eb|0b or Gv,Ev|0c or AL,Ib|0d or eAX,Iv|0e push CS
10 adc Eb,Gb|11 adc Ev,Gv|12 adc Gb,Eb|13 adc Gv,Ev|14 adc AL,Ib|15 adc eAX,Iv|16 push SS|17 pop SS
18 sbb Eb,Gb|19 sbb Ev,Gv|1a sbb Gb,Eb|1b sbb Gv,Ev|1c sbb AL,Ib|1d sbb eAX,Iv|1e push DS|1f pop DS
20 and Eb,Gb|21 and Ev,Gv|22 and Gb,Eb|23 and Gv,Ev|24 and AL,Ib|25 and eAX,Iv|27 daa
28 sub Eb,Gb|29 sub Ev,Gv|2a sub Gb,Eb|2b sub Gv,Ev|2c sub AL,Ib|2d sub eAX,Iv|2f das
30 xor Eb,Gb|31 xor Ev,Gv|32 xor Gb,Eb|33 xor Gv,Ev|34 xor AL,Ib|35 xor eAX,Iv|37 aaa
38 cmp Eb,Gb|39 cmp Ev,Gv|3a cmp Gb,Eb|3b cmp Gv,Ev|3c cmp AL,Ib|3d cmp eAX,Iv|3f aas
40 inc Zv|41 inc Zv|42 inc Zv|43 inc Zv|44 inc Zv|45 inc Zv|46 inc Zv|47 inc Zv
48 dec Zv|49 dec Zv|4a dec Zv|4b dec Zv|4c dec Zv|4d dec Zv|4e dec Zv|4f dec Zv
50 push Zv|51 push Zv|52 push Zv|53 push Zv|54 push Zv|55 push Zv|56 push Zv|57 push Zv
58 pop Zv|59 pop Zv|5a pop Zv|5b pop Zv|5c pop Zv|5d pop Zv|5e pop Zv|5f pop Zv
60 pusha v|61 popa v|62 bound Gv,Mv|63 arpl Ew,Gw|68 push Iv|69 imul Gv,Ev,Iv|6a push sIb|6b imul Gv,Ev,sIb
6c ins Xb|6d ins Xv|6e outs Xb|6f outs Xv
70 jo Jb|71 jno Jb|72 jb Jb|73 jae Jb|74 je Jb|75 jne Jb|76 jbe Jb|77 ja Jb
78 js Jb|79 jns Jb|7a jp Jb|7b jnp Jb|7c jl Jb|7d jge Jb|7e jle Jb|7f jg Jb
80/0 add Eb,Ib|80/1 or Eb,Ib|80/2 adc Eb,Ib|80/3 sbb Eb,Ib|80/4 and Eb,Ib|80/5 sub Eb,Ib|80/6 xor Eb,Ib|80/7 cmp Eb,Ib
81/0 add Ev,Iv|81/1 or Ev,Iv|81/2 adc Ev,Iv|81/3 sbb Ev,Iv|81/4 and Ev,Iv|81/5 sub Ev,Iv|81/6 xor Ev,Iv|81/7 cmp Ev,Iv
82/0 add Eb,Ib|82/1 or Eb,Ib|82/2 adc Eb,Ib|82/3 sbb Eb,Ib|82/4 and Eb,Ib|82/5 sub Eb,Ib|82/6 xor Eb,Ib|82/7 cmp Eb,Ib
83/0 add Ev,sIb|83/1 or Ev,sIb|83/2 adc Ev,sIb|83/3 sbb Ev,sIb|83/4 and Ev,sIb|83/5 sub Ev,sIb|83/6 xor Ev,sIb|83/7 cmp Ev,sIb
84 test Eb,Gb|85 test Ev,Gv|86 xchg Eb,Gb|87 xchg Ev,Gv|88 mov Eb,Gb|89 mov Ev,Gv|8a mov Gb,Eb|8b mov Gv,Ev
8c movfs Ev,S|8d lea Gv,M|8e movts S,Ew|8f/0 pop Ev
90 nop|91 xchg Zv,eAX|92 xchg Zv,eAX|93 xchg Zv,eAX|94 xchg Zv,eAX|95 xchg Zv,eAX|96 xchg Zv,eAX|97 xchg Zv,eAX
98 cbw v|99 cwd v|9a callf Ap|9b fwait|9c pushf v|9d popf v|9e sahf|9f lahf
a0 mov AL,Ob|a1 mov eAX,Ov|a2 mov Ob,AL|a3 mov Ov,eAX|a4 movs Xb|a5 movs Xv|a6 cmps Xb|a7 cmps Xv
a8 test AL,Ib|a9 test eAX,Iv|aa stos Xb|ab stos Xv|ac lods Xb|ad lods Xv|ae scas Xb|af scas Xv
b0 mov Zb,Ib|b1 mov Zb,Ib|b2 mov Zb,Ib|b3 mov Zb,Ib|b4 mov Zb,Ib|b5 mov Zb,Ib|b6 mov Zb,Ib|b7 mov Zb,Ib
b8 mov Zv,Iv|b9 mov Zv,Iv|ba mov Zv,Iv|bb mov Zv,Iv|bc mov Zv,Iv|bd mov Zv,Iv|be mov Zv,Iv|bf mov Zv,Iv
c0/0 rol Eb,Ib|c0/1 ror Eb,Ib|c0/2 rcl Eb,Ib|c0/3 rcr Eb,Ib|c0/4 shl Eb,Ib|c0/5 shr Eb,Ib|c0/6 shl Eb,Ib|c0/7 sar Eb,Ib
c1/0 rol Ev,Ib|c1/1 ror Ev,Ib|c1/2 rcl Ev,Ib|c1/3 rcr Ev,Ib|c1/4 shl Ev,Ib|c1/5 shr Ev,Ib|c1/6 shl Ev,Ib|c1/7 sar Ev,Ib
c2 ret Iw|c3 ret|c4 les Gv,Mp|c5 lds Gv,Mp|c6/0 mov Eb,Ib|c7/0 mov Ev,Iv|c8 enter Iw,Ib|c9 leave v|ca retf Iw|cb retf
cc int3|cd int Ib|ce into|cf iret v
d0/0 rol Eb,1|d0/1 ror Eb,1|d0/2 rcl Eb,1|d0/3 rcr Eb,1|d0/4 shl Eb,1|d0/5 shr Eb,1|d0/6 shl Eb,1|d0/7 sar Eb,1
d1/0 rol Ev,1|d1/1 ror Ev,1|d1/2 rcl Ev,1|d1/3 rcr Ev,1|d1/4 shl Ev,1|d1/5 shr Ev,1|d1/6 shl Ev,1|d1/7 sar Ev,1
d2/0 rol Eb,CL|d2/1 ror Eb,CL|d2/2 rcl Eb,CL|d2/3 rcr Eb,CL|d2/4 shl Eb,CL|d2/5 shr Eb,CL|d2/6 shl Eb,CL|d2/7 sar Eb,CL
d3/0 rol Ev,CL|d3/1 ror Ev,CL|d3/2 rcl Ev,CL|d3/3 rcr Ev,CL|d3/4 shl Ev,CL|d3/5 shr Ev,CL|d3/6 shl Ev,CL|d3/7 sar Ev,CL
d4 aam Ib|d5 aad Ib|d6 salc|d7 xlat
e0 loopne Jb|e1 loope Jb|e2 loop Jb|e3 jcxz Jb|e4 in AL,Ib|e5 in eAX,Ib|e6 out Ib,AL|e7 out Ib,eAX
e8 call Jv|e9 jmp Jv|ea jmpf Ap|eb jmp Jb|ec in AL,DX|ed in eAX,DX|ee out DX,AL|ef out DX,eAX
f1 int1|f4 hlt|f5 cmc|f6/0 test Eb,Ib|f6/1 test Eb,Ib|f6/2 not Eb|f6/3 neg Eb|f6/4 mul Eb|f6/5 imul Eb|f6/6 div Eb|f6/7 idiv Eb
f7/0 test Ev,Iv|f7/1 test Ev,Iv|f7/2 not Ev|f7/3 neg Ev|f7/4 mul Ev|f7/5 imul Ev|f7/6 div Ev|f7/7 idiv Ev
f8 clc|f9 stc|fa cli|fb sti|fc cld|fd std|fe/0 inc Eb|fe/1 dec Eb
ff/0 inc Ev|ff/1 dec Ev|ff/2 call Ev|ff/3 callf Mp|ff/4 jmp Ev|ff/5 jmpf Mp|ff/6 push Ev
0f00/0 sldt Ev|0f00/1 str Ev|0f00/2 lldt Ew|0f00/3 ltr Ew|0f00/4 verr Ew|0f00/5 verw Ew
0f01/0 sgdt M|0f01/1 sidt M|0f01/2 lgdt M|0f01/3 lidt M|0f01/4 smsw Ev|0f01/6 lmsw Ew|0f01/7 invlpg M
0f02 lar Gv,Ew|0f03 lsl Gv,Ew|0f06 clts|0f08 invd|0f09 wbinvd|0f0b ud2
0f18 nop Ev|0f19 nop Ev|0f1a nop Ev|0f1b nop Ev|0f1c nop Ev|0f1d nop Ev|0f1e nop Ev|0f1f nop Ev
0f20 movcr Rd|0f21 movdr Rd|0f22 movcr Rd|0f23 movdr Rd|0f30 wrmsr|0f31 rdtsc|0f32 rdmsr
0f40 cmovo Gv,Ev|0f41 cmovno Gv,Ev|0f42 cmovb Gv,Ev|0f43 cmovae Gv,Ev|0f44 cmove Gv,Ev|0f45 cmovne Gv,Ev|0f46 cmovbe Gv,Ev|0f47 cmova Gv,Ev
0f48 cmovs Gv,Ev|0f49 cmovns Gv,Ev|0f4a cmovp Gv,Ev|0f4b cmovnp Gv,Ev|0f4c cmovl Gv,Ev|0f4d cmovge Gv,Ev|0f4e cmovle Gv,Ev|0f4f cmovg Gv,Ev
0f80 jo Jv|0f81 jno Jv|0f82 jb Jv|0f83 jae Jv|0f84 je Jv|0f85 jne Jv|0f86 jbe Jv|0f87 ja Jv
0f88 js Jv|0f89 jns Jv|0f8a jp Jv|0f8b jnp Jv|0f8c jl Jv|0f8d jge Jv|0f8e jle Jv|0f8f jg Jv
0f90 seto Eb|0f91 setno Eb|0f92 setb Eb|0f93 setae Eb|0f94 sete Eb|0f95 setne Eb|0f96 setbe Eb|0f97 seta Eb
0f98 sets Eb|0f99 setns Eb|0f9a setp Eb|0f9b setnp Eb|0f9c setl Eb|0f9d setge Eb|0f9e setle Eb|0f9f setg Eb
0fa0 push FS|0fa1 pop FS|0fa2 cpuid|0fa3 bt Ev,Gv|0fa4 shld Ev,Gv,Ib|0fa5 shld Ev,Gv,CL|0fa8 push GS|0fa9 pop GS
0fab bts Ev,Gv|0fac shrd Ev,Gv,Ib|0fad shrd Ev,Gv,CL|0faf imul Gv,Ev
0fb0 cmpxchg Eb,Gb|0fb1 cmpxchg Ev,Gv|0fb2 lss Gv,Mp|0fb3 btr Ev,Gv|0fb4 lfs Gv,Mp|0fb5 lgs Gv,Mp
0fb6 movzxb Gv,Eb|0fb7 movzxw Gv,Ew|0fba/4 bt Ev,Ib|0fba/5 bts Ev,Ib|0fba/6 btr Ev,Ib|0fba/7 btc Ev,Ib|0fbb btc Ev,Gv
0fbc bsf Gv,Ev|0fbd bsr Gv,Ev|0fbe movsxb Gv,Eb|0fbf movsxw Gv,Ew|0fc0 xadd Eb,Gb|0fc1 xadd Ev,Gv|0fc7/1 cmpxchg8b Mq
0fc8 bswap Zv|0fc9 bswap Zv|0fca bswap Zv|0fcb bswap Zv|0fcc bswap Zv|0fcd bswap Zv|0fce bswap Zv|0fcf bswap Zv
`;

/** What the arithmetic flags do: `-` letters are undefined afterwards, the others written. o s z a p c. */
export const FLAG_EFFECTS: Readonly<Record<string, string>> = {
  add: "oszapc", adc: "oszapc", sub: "oszapc", sbb: "oszapc", cmp: "oszapc", neg: "oszapc", cmps: "oszapc",
  scas: "oszapc", xadd: "oszapc", cmpxchg: "oszapc", inc: "oszap", dec: "oszap",
  and: "osz-apc", or: "osz-apc", xor: "osz-apc", test: "osz-apc",
  // Shifts: by more than one place the overflow is undefined; by none, nothing changes.
  shl: "-osz-apc", shr: "-osz-apc", sar: "-osz-apc", shld: "-osz-apc", shrd: "-osz-apc",
  rol: "-oc", ror: "-oc", rcl: "-oc", rcr: "-oc",
  mul: "o-s-z-a-pc", imul: "o-s-z-a-pc", div: "-o-s-z-a-p-c", idiv: "-o-s-z-a-p-c",
  bt: "-o-s-a-pc", bts: "-o-s-a-pc", btr: "-o-s-a-pc", btc: "-o-s-a-pc", bsf: "-o-sz-a-p-c", bsr: "-o-sz-a-p-c",
  aaa: "-o-s-za-pc", aas: "-o-s-za-pc", aam: "-osz-ap-c", aad: "-osz-ap-c", daa: "-oszapc", das: "-oszapc",
  cmpxchg8b: "z", arpl: "z", lar: "z", lsl: "z", verr: "z", verw: "z", sahf: "szapc", popf: "oszapc", iret: "oszapc",
  clc: "c", stc: "c", cmc: "c",
};

/** Instructions that LOCK may stand before, with a destination in memory. */
export const LOCKABLE: ReadonlySet<string> = new Set(
  "add adc and btc btr bts cmpxchg cmpxchg8b dec inc neg not or sbb sub xadd xchg xor".split(" "),
);

/** One line of the table. */
export interface Row {
  readonly opcode: number; // 0x0f00 + second byte for two-byte opcodes
  readonly name: string;
  readonly operands: readonly string[];
}

/** A row, or eight by the ModRM digit, or nothing. */
export type Entry = Row | readonly (Row | null)[] | null;

/** The table by opcode: one-byte opcodes at 0..255, two-byte ones at 256..511. */
export const OPCODES: readonly Entry[] = buildTable();

function buildTable(): Entry[] {
  const table: Entry[] = Array.from({ length: 512 }, () => null);
  for (const text of ROWS.trim().split(/[|\n]/)) {
    const [place = "", name = "", operands = ""] = text.trim().split(" ");
    const [hex = "", digit] = place.split("/");
    const opcode = parseInt(hex, 16);
    const index = opcode >= 0xf00 ? 256 + (opcode & 0xff) : opcode;
    const row: Row = { opcode, name, operands: operands === "" ? [] : operands.split(",") };
    if (digit === undefined) {
      if (table[index] !== null) throw new Error(`opcode ${hex} twice`);
      table[index] = row;
      continue;
    }
    const group = (table[index] ?? Array.from({ length: 8 }, () => null)) as (Row | null)[];
    if (group[Number(digit)] !== null) throw new Error(`opcode ${place} twice`);
    group[Number(digit)] = row;
    table[index] = group;
  }
  return table;
}
