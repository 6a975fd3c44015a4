import { expect, it } from "vitest";
import { UnimplementedHardware } from "../port-space.ts";
import { Pic8259 } from "./pic-8259.ts";

/** As MINIX programs them: vectors 0x50 and 0x70, then every line open. */
function started(masks: [number, number] = [0, 0]): Pic8259 {
  const pic = new Pic8259();
  for (const [port, bytes] of [[0x20, [0x11, 0x50, 0x04, 0x05, masks[0]]], [0xa0, [0x11, 0x70, 0x02, 0x01, masks[1]]]] as const) {
    bytes.forEach((byte, n) => pic.out8(n === 0 ? port : port + 1, byte));
  }
  return pic;
}

it("an edge gives its vector once, and blocks its line and lower ones until the end of interrupt", () => {
  const pic = started();
  const clock = pic.irq(0);
  const serial = pic.irq(4);
  serial.pulse();
  expect(pic.acknowledge()).toBe(0x54);
  serial.pulse();
  expect(pic.pendingVector()).toBe(-1);
  clock.pulse();
  expect(pic.acknowledge()).toBe(0x50);
  pic.out8(0x20, 0x20);
  pic.out8(0x20, 0x20);
  expect(pic.acknowledge()).toBe(0x54);
});

it("the slave's lines come through line 2 and need both ends of interrupt", () => {
  const pic = started();
  const disk = pic.irq(14);
  disk.raise();
  expect(pic.acknowledge()).toBe(0x76);
  disk.lower();
  disk.raise();
  pic.out8(0x20, 0x20);
  expect(pic.pendingVector()).toBe(-1);
  pic.out8(0xa0, 0x20);
  expect(pic.pendingVector()).toBe(0x76);
});

it("a masked edge waits for its line to be opened", () => {
  const pic = started([0xfb, 0xff]);
  pic.irq(14).pulse();
  expect(pic.pendingVector()).toBe(-1);
  pic.out8(0xa1, 0xbf);
  expect(pic.pendingVector()).toBe(0x76);
  expect(pic.in8(0xa1)).toBe(0xbf);
});

it("a level that stays high makes no second request", () => {
  const pic = started();
  const line = pic.irq(4);
  line.raise();
  pic.acknowledge();
  pic.out8(0x20, 0x20);
  line.raise();
  expect(pic.pendingVector()).toBe(-1);
});

it("an acknowledge without a request is the spurious line 7 and leaves nothing in service", () => {
  const pic = started();
  expect(pic.acknowledge()).toBe(0x57);
  pic.out8(0x20, 0x0b);
  expect(pic.in8(0x20)).toBe(0);
});

it("level triggering and rotation are refused loudly", () => {
  expect(() => new Pic8259().out8(0x20, 0x19)).toThrow(UnimplementedHardware);
  expect(() => started().out8(0x20, 0xa0)).toThrow(UnimplementedHardware);
});

it("a snapshot holds everything", () => {
  const pic = started();
  pic.irq(4).raise();
  const other = new Pic8259();
  other.restore(pic.snapshot());
  expect(other.acknowledge()).toBe(0x54);
});
