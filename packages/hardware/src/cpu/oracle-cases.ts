// Snippets of i386 code, in GNU Intel syntax, whose results on the host's processor and on ours are compared. Each runs with
// eax..edx, esi, edi, the arithmetic flags and 16 bytes at [ebp] set to many values.

/** One snippet; `judged` is the mnemonic whose undefined flags are left out of the comparison. */
export interface OracleCase {
  readonly code: string;
  readonly judged: string;
}

const CONDITIONS = "o no b ae e ne be a s ns p np l ge le g".split(" ");
const DESTINATIONS: Readonly<Record<number, readonly string[]>> = {
  8: ["al", "ch", "dl", "bh", "byte ptr [ebp+1]"],
  16: ["ax", "si", "dx", "word ptr [ebp+2]", "word ptr [ebp+3]"],
  32: ["eax", "edi", "edx", "dword ptr [ebp+4]", "dword ptr [ebp+5]"],
};
const SOURCES: Readonly<Record<number, readonly string[]>> = {
  8: ["bl", "ah", "byte ptr [ebp+3]", "0x7f", "-1"],
  16: ["bx", "di", "word ptr [ebp+1]", "0x1234", "-2"],
  32: ["ebx", "ecx", "dword ptr [ebp+8]", "0x12345678", "-3"],
};
const SIZES = [8, 16, 32] as const;
const isMemory = (operand: string): boolean => operand.includes("[");
const isRegister = (operand: string): boolean => /^[a-z]/.test(operand) && !isMemory(operand);

function* cases(): Generator<OracleCase> {
  const one = (code: string, judged = code.split(" ")[0]!): OracleCase => ({ code, judged });
  for (const size of SIZES) {
    const destinations = DESTINATIONS[size]!;
    const sources = SOURCES[size]!;
    for (const a of destinations) {
      for (const name of ["inc", "dec", "neg", "not"]) yield one(`${name} ${a}`);
      for (const b of sources) {
        if (isMemory(a) && isMemory(b)) continue;
        for (const name of "add or adc sbb and sub xor cmp".split(" ")) yield one(`${name} ${a}, ${b}`);
        if (!isMemory(b)) yield one(`test ${a}, ${b}`);
        yield one(`mov ${a}, ${b}`, "mov");
        if (isRegister(b)) for (const name of ["xchg", "xadd", "cmpxchg"]) yield one(`${name} ${a}, ${b}`);
      }
      for (const name of "rol ror rcl rcr shl shr sar".split(" "))
        for (const n of ["1", "3", "cl", String(size - 1)]) yield one(`${name} ${a}, ${n}`);
      for (const name of ["mul", "imul"]) yield one(`${name} ${a}`);
    }
  }
  yield* divisions();
  yield* wide();
  yield* conditions();
  yield* strings();
  yield* others();
}

function* divisions(): Generator<OracleCase> {
  const judge = (name: string, code: string): OracleCase => ({ code, judged: name });
  yield judge("div", "or ebx, 1\n xor edx, edx\n div ebx");
  yield judge("div", "or ebx, 0x40000000\n mov edx, ebx\n shr edx, 1\n div ebx");
  yield judge("div", "or bx, 1\n xor dx, dx\n div bx");
  yield judge("div", "or bx, 0x4000\n mov dx, bx\n shr dx, 1\n div bx");
  yield judge("div", "or cl, 0x40\n mov ah, cl\n shr ah, 1\n div cl");
  yield judge("div", "or dword ptr [ebp], 0x1000\n and edx, 0xfff\n div dword ptr [ebp]");
  const idiv = (bits: number, a: string, d: string, b: string, high: number): string =>
    `and ${b}, ${2 ** (bits - 1) - 1}\n or ${b}, ${high}\n mov ${d}, ${b}\n sar ${d}, 2\n test esi, 1\n jz 1f\n neg ${b}\n1: idiv ${b}\n test ${a}, ${a}`;
  yield judge("test", idiv(32, "eax", "edx", "ebx", 0x40000000));
  yield judge("test", idiv(16, "ax", "dx", "bx", 0x4000));
  yield judge("test", idiv(8, "al", "ah", "bl", 0x40));
  yield judge("test", "cdq\n or ebx, 2\n and ebx, 0xfffffffe\n idiv ebx\n test eax, eax");
}

function* wide(): Generator<OracleCase> {
  const one = (code: string, judged = code.split(" ")[0]!): OracleCase => ({ code, judged });
  for (const [a, b, m, bits] of [["eax", "ebx", "dword ptr [ebp+4]", 31], ["dx", "si", "word ptr [ebp+6]", 15]] as const) {
    for (const name of ["shld", "shrd"]) {
      for (const n of [1, 7, bits]) yield one(`${name} ${a}, ${b}, ${n}`);
      yield one(`and cl, 15\n ${name} ${a}, ${b}, cl`, name);
      yield one(`and cl, 15\n ${name} ${m}, ${b}, cl`, name);
    }
    for (const name of ["bt", "bts", "btr", "btc"]) {
      yield one(`${name} ${a}, ${b}`);
      yield one(`${name} ${a}, 13`);
      yield one(`${name} ${m}, 14`);
      yield one(`and ecx, 63\n ${name} ${m.replace(/\+./, "")}, ${bits === 31 ? "ecx" : "cx"}`, name);
    }
    for (const source of [b, m]) {
      yield one(`bsf ${a}, ${source}`);
      yield one(`bsr ${a}, ${source}`);
      yield one(`imul ${a}, ${source}`);
      yield one(`imul ${a}, ${source}, -5`);
      yield one(`imul ${a}, ${source}, ${bits === 31 ? "0x12345" : "0x1234"}`);
      yield one(`movzx ${a}, byte ptr [ebp+2]`);
      yield one(`movsx ${a}, byte ptr [ebp+2]`);
    }
    yield one(`movzx ${a}, bh`);
    yield one(`movsx ${a}, cl`);
    yield one(`lea ${a}, [ebx+ecx*4-7]`);
    yield one(`lea ${a}, [esi*8+0x1000]`);
    yield one(`lea ${a}, [bx+si-3]`);
    yield one(`lea ${a}, [di+0x1234]`);
  }
  yield one("movzx eax, bx");
  yield one("movsx eax, word ptr [ebp+1]");
  yield one("movsx edi, si");
  yield one("bswap eax");
  yield one("bswap edi");
  yield one("cmpxchg8b [ebp]");
  yield one("mov eax, [ebp]\n mov edx, [ebp+4]\n cmpxchg8b [ebp]", "cmpxchg8b");
  yield one("lock add dword ptr [ebp], ecx", "add");
  yield one("arpl bx, cx");
  yield one("arpl [ebp], ax");
}

function* conditions(): Generator<OracleCase> {
  for (const [i, c] of CONDITIONS.entries()) {
    const set = i % 2 === 0 ? "bl" : "byte ptr [ebp+7]";
    // After each kind of result the conditions look at other lazy flags.
    for (const before of ["", "cmp eax, ebx\n", "cmp al, cl\n", "add ax, bx\n", "test edx, ecx\n", "dec esi\n", "inc dl\n", "sbb eax, edx\n", "shl eax, 1\n", "adc cl, bh\n"]) {
      const judged = before.split(" ")[0]!;
      yield { code: `${before} set${c} ${set}`, judged };
      yield { code: `${before} j${c} 1f\n not edi\n1:`, judged };
    }
    yield { code: `cmov${c} eax, ebx`, judged: "mov" };
    yield { code: `cmov${c} dx, [ebp+4]`, judged: "mov" };
  }
  for (const name of ["loop", "loope", "loopne"]) yield { code: `${name} 1f\n not edi\n1:`, judged: "mov" };
  yield { code: "and ecx, 1\n jecxz 1f\n not edi\n1:", judged: "and" };
  yield { code: "and ecx, 15\n or ecx, 1\n1: add eax, ebx\n loop 1b", judged: "add" };
}

function* strings(): Generator<OracleCase> {
  const pointers = "lea esi, [ebp]\n lea edi, [ebp+8]\n";
  const back = "\n cld";
  for (const [suffix, n] of [["b", 7], ["w", 3], ["d", 2]] as const) {
    for (const direction of ["cld\n", `std\n lea esi, [ebp+${suffix === "b" ? 7 : suffix === "w" ? 6 : 4}]\n lea edi, [ebp+${suffix === "b" ? 14 : 12}]\n`]) {
      for (const name of ["movs", "stos", "lods"]) {
        yield { code: `${pointers}${direction} ${name}${suffix}${back}`, judged: "mov" };
        yield { code: `${pointers}${direction} mov ecx, ${n}\n rep ${name}${suffix}${back}`, judged: "mov" };
      }
      for (const name of ["cmps", "scas"]) {
        yield { code: `${pointers}${direction} ${name}${suffix}${back}`, judged: "cmp" };
        for (const rep of ["repe", "repne"])
          yield { code: `and ecx, ${n}\n${pointers}${direction} ${rep} ${name}${suffix}${back}`, judged: "and" };
      }
    }
  }
  yield { code: `lea esi, [ebp]\n lea edi, [ebp+1]\n mov ecx, 9\n rep movsb${back}`, judged: "mov" }; // overlapping
}

function* others(): Generator<OracleCase> {
  const plain = (code: string): OracleCase => ({ code, judged: code.split(" ")[0]!.split("\n")[0]! });
  for (const name of "aaa aas aam aad daa das clc stc cmc cbw cwde cwd cdq lahf sahf salc nop".split(" "))
    yield plain(name === "salc" ? ".byte 0xd6" : name);
  yield plain("aam 7");
  yield plain("aad 3");
  const moves = [
    "push eax\n pop ebx", "push word ptr [ebp+1]\n pop si", "push 0x12345678\n pop dword ptr [ebp]", "push -5\n pop ecx",
    "pusha\n lea esp, [esp+32]\n mov eax, [esp-32]\n mov ebx, [esp-28]", "push eax\n push ebx\n push ecx\n push edx\n push 0\n push esi\n push edi\n push 77\n mov ebx, ebp\n popa\n mov ebp, offset mem",
    "pushf\n pop eax\n and eax, 0xcd5", "push bx\n push cx\n pop edx", "xchg bl, bh", "xchg eax, esi", "mov al, [mem+3]", "mov [mem+8], eax",
    "mov ax, [mem+1]", "enter 16, 0\n mov eax, ebp\n sub eax, esp\n mov ecx, [ebp]\n leave",
    "enter 8, 3\n mov ecx, [ebp]\n leave\n mov ecx, 0", "lea ebx, [ebp]\n and al, 15\n xlat\n mov ebx, 0", "endbr32", "nop word ptr [eax+eax*1+0x0]",
    "call 1f\n jmp 2f\n1: mov eax, 9\n ret\n2:", "push ecx\n call 1f\n jmp 2f\n1: mov eax, [esp+4]\n ret 4\n2:", "mov eax, offset 1f\n jmp eax\n not edx\n1: mov eax, 0",
    "mov dword ptr [ebp], offset 1f\n call [ebp]\n jmp 2f\n1: not ebx\n ret\n2: mov dword ptr [ebp], 0", "and eax, 7\n bound eax, [bounds]", "test eax, eax\n into",
  ];
  for (const code of moves) yield { code, judged: "and" };
}

/** All snippets. */
export const ORACLE_CASES: readonly OracleCase[] = [...cases()];
