import { ORACLE_CASES } from "./oracle-cases.ts";

/** Words a record has: eax ebx ecx edx esi edi, flags, 16 bytes of memory. */
export const RECORD_WORDS = 11;
const EDGES = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x8080_8080, 31, 32, 33];

/** Input records: edge values first, then mixed with random ones from a fixed seed. */
export function oracleInputs(count: number): Uint32Array[] {
  let seed = 0x2545_f491;
  const random = (): number => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return seed >>> 0;
  };
  const records: Uint32Array[] = [];
  for (let i = 0; i < count; i++) {
    const record = new Uint32Array(RECORD_WORDS);
    for (let w = 0; w < RECORD_WORDS; w++) record[w] = random() % 3 === 0 ? EDGES[random() % EDGES.length]! : random();
    record[6] = record[6]! & 0x8d5;
    records.push(record);
  }
  return records;
}

/** An assembler program that runs every snippet with every input and writes all results to standard output. */
export function oracleProgram(inputs: readonly Uint32Array[]): string {
  const total = ORACLE_CASES.length * inputs.length * RECORD_WORDS * 4;
  const stubs = ORACLE_CASES.map((c, i) => `stub${i}:\n ${c.code}\n ret`).join("\n");
  const table = ORACLE_CASES.map((_, i) => `.long stub${i}`).join("\n");
  const data = inputs.map((record) => `.long ${[...record].join(",")}`).join("\n");
  return `
.intel_syntax noprefix
.globl _start
.text
_start:
  mov dword ptr [out], offset results
  mov dword ptr [stub], offset stubs
next_stub:
  mov dword ptr [in], offset inputs
next_input:
  mov eax, [in]
  mov ebp, offset mem
  mov ebx, [eax+28]
  mov [ebp], ebx
  mov ebx, [eax+32]
  mov [ebp+4], ebx
  mov ebx, [eax+36]
  mov [ebp+8], ebx
  mov ebx, [eax+40]
  mov [ebp+12], ebx
  mov ecx, [stub]
  mov ecx, [ecx]
  mov [target], ecx
  push dword ptr [eax+24]
  mov ebx, [eax+4]
  mov ecx, [eax+8]
  mov edx, [eax+12]
  mov esi, [eax+16]
  mov edi, [eax+20]
  mov eax, [eax]
  popf
  call [target]
  pushf
  push eax
  mov eax, [out]
  mov [eax+4], ebx
  mov [eax+8], ecx
  mov [eax+12], edx
  mov [eax+16], esi
  mov [eax+20], edi
  pop dword ptr [eax]
  pop dword ptr [eax+24]
  mov ebx, [mem]
  mov [eax+28], ebx
  mov ebx, [mem+4]
  mov [eax+32], ebx
  mov ebx, [mem+8]
  mov [eax+36], ebx
  mov ebx, [mem+12]
  mov [eax+40], ebx
  add eax, ${RECORD_WORDS * 4}
  mov [out], eax
  add dword ptr [in], ${RECORD_WORDS * 4}
  cmp dword ptr [in], offset inputs_end
  jb next_input
  add dword ptr [stub], 4
  cmp dword ptr [stub], offset stubs_end
  jb next_stub
  mov edi, offset results
write_more:
  mov eax, 4
  mov ebx, 1
  mov ecx, edi
  mov edx, offset results + ${total}
  sub edx, edi
  jz done
  int 0x80
  test eax, eax
  js done
  add edi, eax
  jmp write_more
done:
  mov eax, 1
  xor ebx, ebx
  int 0x80
${stubs}
.data
.balign 4096
bounds: .long 0, 100
stubs:
${table}
stubs_end:
inputs:
${data}
inputs_end:
.bss
.balign 4096
out: .skip 4
in: .skip 4
stub: .skip 4
target: .skip 4
.skip 64
mem: .skip 64
results: .skip ${total}
`;
}
