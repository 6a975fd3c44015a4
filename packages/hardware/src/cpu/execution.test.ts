import { describe, expect, it } from "vitest";
import { BareMachine, descriptor } from "./bare-machine.ts";

const CODE = 0x0800_0000;
const DATA = 0x0900_0000;
const EAX = 9;
const ECX = 8;
const EBX = 6;
const EIP = 11;
const ESP = 14;
const hex = (text: string): Uint8Array => Uint8Array.from(text.trim().split(/\s+/), (byte) => parseInt(byte, 16));

function machine(code: string, at = CODE): BareMachine {
  const m = new BareMachine();
  m.load(at, hex(code));
  m.map(DATA);
  m.stack();
  m.frame[EIP] = at;
  m.frame[EBX] = DATA;
  return m;
}

function run(m: BareMachine, budget = 100_000): string {
  if (m.cpu.loadFrame(m.frame)) m.cpu.run(budget);
  m.cpu.saveFrame(m.frame);
  const code = m.cpu.exitHasErrorCode ? `(${m.cpu.exitErrorCode})` : "";
  return `${m.cpu.exitVector}${code} at ${(m.frame[EIP]! - CODE).toString(16)} after ${m.cpu.instructions}`;
}

describe("the budget", () => {
  // mov ecx, 50; again: add [ebx], ecx; push ecx; mov edi, ebx; rep stosb; pop ecx; loop again; int 0x21
  const LOOP = "b9 32 00 00 00 01 4b 40 51 89 df f3 aa 59 e2 f5 cd 21";

  it("is kept exactly, and cutting a run into pieces changes nothing", () => {
    const whole = machine(LOOP);
    expect(run(whole)).toBe("33 at 12 after 302");
    for (const piece of [1, 2, 3, 7]) {
      const m = machine(LOOP);
      let total = 0;
      const pieces = new Set<number>();
      for (run(m, piece); m.cpu.exitVector === -1; run(m, piece)) {
        pieces.add(m.cpu.instructions);
        total += m.cpu.instructions;
      }
      expect(total + m.cpu.instructions).toBe(302);
      expect([...pieces]).toEqual([piece]);
      expect(m.frame).toEqual(whole.frame);
      expect(m.cpu.readLinear32(DATA + 0x40)).toBe(whole.cpu.readLinear32(DATA + 0x40));
    }
  });

  it("rdtsc counts the instructions before it", () => {
    const m = machine("90 90 0f 31 cd 21");
    m.cpu.tscBase = 2 ** 33;
    run(m);
    expect([m.frame[EAX], m.frame[7]]).toEqual([2, 2]);
  });
});

describe("code that is written", () => {
  it("by the program itself runs as written, also the next instruction", () => {
    // mov byte [esi+imm of the mov below], 7; mov eax, 1; int 0x21
    const m = machine("c6 86 08 00 00 00 07 b8 01 00 00 00 cd 21");
    m.frame[3] = CODE;
    run(m);
    expect(m.frame[EAX]).toBe(7);
  });

  it("in every turn of a loop runs as written", () => {
    // mov ecx, 100; xor eax, eax; again: inc dword [esi+0x10]; add eax, 0 (imm32 at 0x0f..); loop again; int 0x21
    const m = machine("b9 64 00 00 00 31 c0 ff 86 0e 00 00 00 05 00 00 00 00 e2 f3 cd 21");
    m.frame[3] = CODE;
    run(m);
    expect(m.frame[EAX]).toBe(5050);
  });

  it.each([
    ["the kernel", (m: BareMachine) => void m.cpu.writeLinear(CODE + 1, Uint8Array.of(9), 0, 1, false)],
    ["a device", (m: BareMachine) => m.memory.write(m.cpu.translate(CODE + 1, false, false), Uint8Array.of(9))],
    ["a copy of a whole page", (m: BareMachine) => {
      m.map(DATA + 0x1000);
      m.load(DATA + 0x1000, hex("b8 09 00 00 00 cd 21"));
      m.cpu.copyLinear(CODE, DATA + 0x1000, 4096);
    }],
  ])("by %s runs as written", (_who, write) => {
    const m = machine("b8 01 00 00 00 cd 21");
    run(m);
    expect(m.frame[EAX]).toBe(1);
    write(m);
    m.frame[EIP] = CODE;
    run(m);
    expect(m.frame[EAX]).toBe(9);
  });

  it("by another CPU runs as written, also when that one wrote to the page before it held code", () => {
    const m = new BareMachine(32 << 20, 2);
    const other = m.addCpu(1);
    m.load(CODE, hex("b8 01 00 00 00 cd 21"));
    m.load(CODE + 0x1000, hex("c6 03 07 cd 21")); // mov byte [ebx], 7; int 0x21
    m.stack();
    m.frame[EBX] = CODE + 1;
    const write = (): void => {
      m.frame[EIP] = CODE + 0x1000;
      other.loadFrame(m.frame);
      other.run(10);
    };
    write();
    m.cpu.writeLinear(CODE + 1, Uint8Array.of(1), 0, 1, false);
    m.frame[EIP] = CODE;
    run(m);
    expect(m.frame[EAX]).toBe(1);
    write();
    m.frame[EIP] = CODE;
    run(m);
    expect(m.frame[EAX]).toBe(7);
  });

  it("and data in one page work together", () => {
    // mov ecx, 1000; again: inc dword [esi+0x100]; loop again; int 0x21
    const m = machine("b9 e8 03 00 00 ff 86 00 01 00 00 e2 f8 cd 21");
    m.frame[3] = CODE;
    expect(run(m)).toBe("33 at f after 2002");
    expect(m.cpu.readLinear32(CODE + 0x100)).toBe(1000);
  });
});

describe("segments", () => {
  /** A machine as MINIX makes one: LDT with CS 7 and DS 0x0f, at a base, with a limit that ends in the middle of a page. */
  function minix(code: string, limit = 0x2fff): BareMachine {
    const m = machine(code);
    const ldt = 0x1800;
    m.setDescriptor(5, ...descriptor(0xf000_0000 + ldt, 15, 0x82, 0));
    const words = [...descriptor(CODE, limit, 0xfa, 4), ...descriptor(CODE, limit, 0xf2, 4)];
    words.forEach((word, i) => m.memory.write32(ldt + i * 4, word));
    m.cpu.loadLdt(5 * 8);
    m.map(CODE + 0x1000);
    m.map(CODE + 0x2000);
    m.frame.set([0x0f | (0x0f << 16), 0x0f | (0x0f << 16)]);
    m.frame[12] = 7;
    m.frame[15] = 0x0f;
    m.frame[EIP] = 0;
    m.frame[ESP] = 0x2800;
    m.frame[EBX] = 0x1000;
    return m;
  }
  const at = (m: BareMachine): string => run(m).replace(/ at \S+/, ` at ${m.frame[EIP]!.toString(16)}`);

  it("add their base to every address", () => {
    const m = minix("c7 03 78 56 34 12 ff 33 58 e8 02 00 00 00 cd 21 40 c3");
    expect(at(m)).toBe("33 at 10 after 7");
    expect(m.frame[EAX]).toBe(0x12345679);
    expect(m.cpu.readLinear32(CODE + 0x1000)).toBe(0x12345678);
  });

  it.each([
    ["a read at the last bytes", "8b 83 fc 14 00 00 cd 21", "33 at 8 after 2"],
    ["a read one byte behind the limit", "8b 83 fd 14 00 00", "13(0) at 0 after 0"],
    ["a write behind the limit", "89 83 00 15 00 00", "13(0) at 0 after 0"],
    ["a push below zero", "31 e4 6a 01", "12(0) at 2 after 1"],
    ["a write through CS", "2e 89 03", "13(0) at 0 after 0"],
    ["a read through CS", "2e 8b 03 cd 21", "33 at 5 after 2"],
    ["a null selector", "31 c0 8e c0 26 8b 03", "13(0) at 4 after 2"],
    ["a jump behind the limit", "e9 00 30 00 00", "13(0) at 0 after 0"],
    ["code that runs over the limit", "b8 fc 24 00 00 ff e0", "13(0) at 24ff after 4"],
  ])("with a limit in the middle of a page check %s", (_what, code, expected) => {
    const m = minix(code, 0x24ff);
    m.cpu.writeLinear(CODE + 0x24fc, hex("90 90 b8 00 00 00 00"), 0, 7, false);
    if (code.endsWith("ff e0")) m.cpu.writeLinear(CODE + 0x24fc, hex("90 66 90 b8 00 00"), 0, 6, false);
    expect(at(m)).toBe(expected);
  });

  it("that expand down are valid above their limit", () => {
    const m = minix("8b 83 00 00 00 00 8b 83 ff ef ff ff");
    m.memory.write32(0x1808, descriptor(CODE, 0xfff, 0xf6, 4)[0]);
    m.memory.write32(0x180c, descriptor(CODE, 0xfff, 0xf6, 4)[1]);
    expect(at(m)).toBe("13(0) at 6 after 1");
  });

  it("reach other memory with FS, whatever the others are", () => {
    const m = minix("64 ff 03 64 a1 00 10 00 00 8c e1 cd 21");
    m.setDescriptor(6, ...descriptor(DATA - 0x1000, 0xfffff, 0xf2));
    m.frame[0] = 0x0f | (0x33 << 16);
    m.cpu.writeLinear32(DATA, 41);
    expect(at(m)).toBe("33 at d after 4");
    expect([m.frame[EAX], m.frame[ECX]]).toEqual([42, 0x33]);
  });

  it("refused while a frame is loaded give the exit fields", () => {
    const m = machine("90");
    m.frame[12] = 0x08; // ring 0 selector of the code segment
    expect(m.cpu.loadFrame(m.frame)).toBe(false);
    expect([m.cpu.exitVector, m.cpu.exitErrorCode]).toEqual([13, 8]);
  });
});

describe("addresses of 16 bits", () => {
  it("wrap at 64 KiB", () => {
    // mov byte [bx+si+1], 0x55 (67 c6 40 01 55); mov al, [0x234] (67 a0 34 02); int 0x21
    const m = machine("67 c6 40 01 55 67 a0 34 02 cd 21");
    m.map(0);
    m.frame[EBX] = 0xabcd_ff00 | 0;
    m.frame[3] = 0x0000_0333;
    run(m);
    expect(m.frame[EAX]! & 0xff).toBe(0x55);
  });
});

function reloadCr3(m: BareMachine): void {
  const { cr3 } = m.cpu;
  m.cpu.cr3 = cr3;
}

describe("the MMU", () => {
  it("sets accessed and dirty bits", () => {
    const m = machine("8b 03 cd 21 89 03 cd 21");
    const bits = (): number => m.memory.read32(m.entryOf(DATA)) & 0x60;
    expect(bits()).toBe(0);
    run(m);
    expect(bits()).toBe(0x20);
    run(m);
    expect(bits()).toBe(0x60);
  });

  it("keeps a translation until it is invalidated or CR3 is loaded; global ones until INVLPG", () => {
    const m = machine("8b 03 cd 21 eb fa");
    const other = m.map(DATA + 0x5000);
    m.memory.write32(other, 77);
    run(m);
    m.memory.write32(m.entryOf(DATA), other | 7 | 0x100);
    run(m);
    expect(m.frame[EAX]).toBe(0);
    reloadCr3(m);
    run(m);
    expect(m.frame[EAX]).toBe(77);
    m.memory.write32(m.entryOf(DATA), 0);
    reloadCr3(m);
    expect(run(m)).toContain("33 at");
    m.cpu.invalidatePage(DATA);
    expect(run(m)).toContain("14(4)");
  });

  it("lets the kernel write read-only pages only without CR0.WP", () => {
    const m = machine("90");
    m.map(DATA + 0x1000, 4);
    expect(m.cpu.writeLinear(DATA + 0xffe, Uint8Array.of(1, 2, 3, 4), 0, 4, false)).toBe(DATA + 0x1000);
    expect([m.cpu.exitErrorCode, m.cpu.cr2]).toEqual([3, DATA + 0x1000]);
    m.cpu.cr0 = m.cpu.cr0 & ~(1 << 16);
    expect(m.cpu.writeLinear(DATA + 0xffe, Uint8Array.of(1, 2, 3, 4), 0, 4, false)).toBe(-1);
  });

  it("tells which side of a copy faulted, and how far it came", () => {
    const m = machine("90");
    expect(m.cpu.copyLinear(DATA + 0xf00, CODE, 0x200)).toBe(DATA + 0x1000);
    expect([m.cpu.copiedBytes, m.cpu.faultIsWrite, m.cpu.exitErrorCode]).toEqual([0x100, true, 2]);
    expect(m.cpu.copyLinear(DATA, CODE + 0xf80, 0x100)).toBe(CODE + 0x1000);
    expect([m.cpu.copiedBytes, m.cpu.faultIsWrite]).toEqual([0x80, false]);
  });

  it("maps 4 MB pages", () => {
    const m = machine("8b 03 cd 21");
    m.memory.write32(0x3000 + (0x4000_0000 >>> 22) * 4, 0x0080_0087);
    m.memory.write32(0x0081_2340, 1234);
    m.frame[EBX] = 0x4001_2340;
    run(m);
    expect(m.frame[EAX]).toBe(1234);
  });
});
