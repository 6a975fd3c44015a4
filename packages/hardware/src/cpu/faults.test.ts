import { describe, expect, it } from "vitest";
import { BareMachine } from "./bare-machine.ts";

const CODE = 0x0800_0000;
const DATA = 0x0900_0000;
const EAX = 9;
const ECX = 8;
const EBX = 6;
const EDI = 2;
const ESI = 3;
const EIP = 11;
const FLAGS = 13;
const ESP = 14;

const hex = (text: string): Uint8Array => Uint8Array.from(text.trim().split(/\s+/), (byte) => parseInt(byte, 16));

/** A machine with code at CODE, a page of data at DATA and a stack. */
function machine(code: string, at = CODE): BareMachine {
  const m = new BareMachine();
  m.load(at, hex(code));
  m.map(DATA);
  m.stack();
  m.frame[EIP] = at;
  m.frame[EBX] = DATA;
  return m;
}

/** Runs once; what happened, as text. */
function run(m: BareMachine, budget = 1000): string {
  if (m.cpu.loadFrame(m.frame)) m.cpu.run(budget);
  m.cpu.saveFrame(m.frame);
  const { cpu } = m;
  const code = cpu.exitHasErrorCode ? `(${cpu.exitErrorCode})` : "";
  const where = (m.frame[EIP]! - CODE).toString(16);
  return `${cpu.exitIsSoftware ? "int " : ""}${cpu.exitVector}${code} at ${where} after ${cpu.instructions}`;
}

describe("page faults", () => {
  it.each([
    { what: "a read of a missing page", code: "8b 83 00 00 10 00", fault: "14(4)", cr2: DATA + 0x10_0000 },
    { what: "a write to a missing page", code: "89 83 00 00 10 00", fault: "14(6)", cr2: DATA + 0x10_0000 },
    { what: "a write to a read-only page", code: "89 83 00 10 00 00", fault: "14(7)", cr2: DATA + 0x1000 },
    { what: "a read of a supervisor page", code: "8b 83 00 20 00 00", fault: "14(5)", cr2: DATA + 0x2000 },
    { what: "an addition to a read-only page", code: "01 83 04 10 00 00", fault: "14(7)", cr2: DATA + 0x1004 },
    { what: "a write that crosses into a missing page", code: "89 83 fe ff ff ff", fault: "14(6)", cr2: DATA - 2 },
    { what: "a read whose second page is missing", code: "8b 83 fe 2f 00 00", fault: "14(5)", cr2: DATA + 0x2ffe },
  ])("$what gives $fault and leaves all registers", ({ code, fault, cr2 }) => {
    const m = machine(`40 ${code} cd 21`);
    m.map(DATA + 0x1000, 4);
    m.map(DATA + 0x2000, 2);
    m.frame[EAX] = 5;
    expect(run(m)).toBe(`${fault} at 1 after 1`);
    expect(m.cpu.cr2).toBe(cr2);
    expect([m.frame[EAX], m.frame[EBX]]).toEqual([6, DATA]);
  });

  it("a write that crosses into a read-only page changes neither page", () => {
    const m = machine("c7 83 fe 0f 00 00 11 22 33 44");
    m.map(DATA + 0x1000, 4);
    expect(run(m)).toBe("14(7) at 0 after 0");
    expect(m.cpu.cr2).toBe(DATA + 0x1000);
    expect(m.cpu.readLinear32(DATA + 0xffc)).toBe(0);
  });

  it("an instruction on two pages faults on the missing one and runs when it is there", () => {
    const m = machine("b8 11", CODE + 0xffe); // mov eax, 0x44332211; int 0x21
    expect(run(m)).toBe("14(4) at ffe after 0");
    expect(m.cpu.cr2).toBe(CODE + 0x1000);
    m.load(CODE + 0x1000, hex("22 33 44 cd 21"));
    expect(run(m)).toBe("int 33 at 1005 after 2");
    expect(m.frame[EAX]).toBe(0x44332211);
    m.load(CODE + 0x1000, hex("99")); // the second half is written: decoded anew
    m.frame[EIP] = CODE + 0xffe;
    run(m);
    expect(m.frame[EAX]).toBe(0x44339911);
  });

  it("rep movsb stops in the middle at a missing page and goes on when it is there", () => {
    const m = machine("f3 a4 cd 21");
    m.load(DATA, Uint8Array.from({ length: 4096 }, (_, i) => i));
    m.frame.set([DATA + 0x2000 - 100, DATA], EDI);
    m.map(DATA + 0x1000);
    m.frame[ECX] = 300;
    expect(run(m)).toBe("14(6) at 0 after 0");
    expect([m.frame[ECX], m.frame[ESI], m.frame[EDI]]).toEqual([200, DATA + 100, DATA + 0x2000]);
    m.map(DATA + 0x2000);
    expect(run(m)).toBe("int 33 at 4 after 2");
    const copied = new Uint8Array(300);
    m.cpu.readLinear(DATA + 0x2000 - 100, copied, 0, 300, false);
    expect(copied).toEqual(Uint8Array.from({ length: 300 }, (_, i) => i));
  });

  it("pusha, enter and call leave ESP where it was when the stack has no page", () => {
    for (const code of ["60", "c8 10 00 00", "e8 00 00 00 00", "6a 01"]) {
      const m = machine(code);
      m.frame[ESP] = 0xaff0_0000;
      expect(run(m)).toMatch(/^14\(6\) at 0 after 0/);
      expect(m.frame[ESP]! >>> 0).toBe(0xaff0_0000);
    }
  });
});

describe("other exceptions", () => {
  it.each([
    ["f4", "13(0)"], ["fa", "13(0)"], ["0f 20 c0", "13(0)"], ["0f 01 13", "13(0)"], ["e6 80", "13(0)"], ["ec", "13(0)"], ["6c", "13(0)"],
    ["cd 22", `13(${0x22 * 8 + 2})`], ["0f 0b", "6"], ["f7 f1", "0"], ["d4 00", "0"], ["8e d8", "13(64)"], ["8e d1", "13(0)"],
    ["0f ff", "6"], ["f0 90", "6"], ["8e c8", "6"], ["8d c0", "6"], ["26 26 26 26 26 26 26 26 26 26 26 26 26 26 26 90", "13(0)"],
    ["ff 23", "13(0)"], ["c3", "13(0)"], ["ff d2", "13(0)"],
  ])("%s gives %s at the instruction", (code, expected) => {
    const m = machine(code);
    m.setDescriptor(1, 0x8fff, 0x00c0_fa00 | 0); // CS ends at 0x8fffffff
    m.frame[EAX] = 0x40;
    m.frame[ECX] = 0;
    m.frame[7] = 0xa000_0000; // edx, for call edx
    m.cpu.writeLinear32(DATA, 0xa000_0000);
    m.cpu.writeLinear32(m.frame[ESP]!, 0xa000_0000);
    const esp = m.frame[ESP];
    expect(run(m)).toBe(`${expected} at 0 after 0`);
    expect(m.frame[ESP]).toBe(esp);
  });

  it.each([
    ["d9 e8", "x87 fld1 (d9 e8)"], ["dd 03", "x87 fld (dd 03)"], ["0f 28 c1", "movaps family (0f 28 c1)"], ["66 0f 6f 03", "movq family (0f 6f 03)"],
  ])("%s is refused by name", (code, name) => {
    const m = machine(code);
    expect(run(m)).toBe("6 at 0 after 0");
    expect(m.cpu.exitText).toContain(name);
  });

  it("ports are reached with IOPL 3, and a device can stop the CPU after the instruction", () => {
    const m = machine("e6 80 ed 90 cd 21");
    m.frame[FLAGS]! |= 0x3000;
    const seen: number[][] = [];
    m.ports.out = (port, value, width) => {
      seen.push([port, value, width]);
      m.cpu.stop();
    };
    m.ports.in = () => 0xcafe_f00d;
    expect(run(m)).toBe("-1 at 2 after 1");
    expect(run(m)).toBe("int 33 at 6 after 3");
    expect(seen).toEqual([[0x80, 0, 1]]);
    expect(m.frame[EAX]! >>> 0).toBe(0xcafe_f00d);
  });

  it("the trap flag gives vector 1 after every instruction", () => {
    const m = machine("40 43 e2 00 cd 21");
    m.frame[FLAGS]! |= 0x100;
    expect([run(m), run(m), run(m)]).toEqual(["1 at 1 after 1", "1 at 2 after 1", "1 at 4 after 1"]);
  });

  it("popf that sets the trap flag traps after the next instruction", () => {
    const m = machine("68 00 03 00 00 9d 40 43");
    expect(run(m)).toBe("1 at 7 after 3");
  });
});
