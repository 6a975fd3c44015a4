import { expect, it } from "vitest";
import { CRYSTAL_HZ, Clock } from "../clock.ts";
import { UnimplementedHardware } from "../port-space.ts";
import { Pit8254 } from "./pit-8254.ts";

function pit(): { clock: Clock; chip: Pit8254; ticks: () => number } {
  const clock = new Clock();
  let count = 0;
  const line = { raise: () => {}, lower: () => {}, pulse: () => void count++ };
  return { clock, chip: new Pit8254(clock, line), ticks: () => count };
}

function program(chip: Pit8254, control: number, count: number, port = 0x40): void {
  chip.out8(0x43, control);
  chip.out8(port, count & 0xff);
  chip.out8(port, count >> 8);
}

it("counter 0 in mode 3 with MINIX's divisor interrupts 60 times a second, for ever", () => {
  const { clock, chip, ticks } = pit();
  program(chip, 0x36, Math.floor(1193182 / 60));
  clock.advanceTo(CRYSTAL_HZ * 10);
  expect(ticks()).toBe(600);
});

it("a latched count stays while the counter goes on", () => {
  const { clock, chip } = pit();
  program(chip, 0x34, 1000);
  clock.advanceTo(12 * 100);
  chip.out8(0x43, 0x00);
  clock.advanceTo(12 * 500);
  expect(chip.in8(0x40) | (chip.in8(0x40) << 8)).toBe(900);
  expect(chip.in8(0x40) | (chip.in8(0x40) << 8)).toBe(500);
});

it("a new count while counting takes effect when the period is over", () => {
  const { clock, chip, ticks } = pit();
  program(chip, 0x34, 100);
  clock.advanceTo(12 * 10);
  chip.out8(0x40, 10);
  chip.out8(0x40, 0);
  clock.advanceTo(12 * 99);
  expect(ticks()).toBe(0);
  clock.advanceTo(12 * 120);
  expect(ticks()).toBe(3);
});

it("counter 2 in mode 0 raises its output in port 0x61 when its count is over", () => {
  const { clock, chip } = pit();
  chip.out8(0x61, 0x01);
  program(chip, 0xb0, 1000, 0x42);
  clock.advanceTo(12 * 999);
  expect(chip.in8(0x61) & 0x21).toBe(0x01);
  clock.advanceTo(12 * 1000);
  expect(chip.in8(0x61) & 0x21).toBe(0x21);
});

it("modes and BCD that nobody needs are refused loudly", () => {
  const { chip } = pit();
  expect(() => chip.out8(0x43, 0x38)).toThrow(UnimplementedHardware);
  expect(() => chip.out8(0x43, 0x37)).toThrow(UnimplementedHardware);
});

it("a restored chip ticks at the same times", () => {
  const one = pit();
  program(one.chip, 0x34, 1000);
  one.clock.advanceTo(12 * 700);
  const two = pit();
  two.clock.restore(one.clock.snapshot());
  two.chip.restore(one.chip.snapshot());
  two.clock.advanceTo(12 * 999);
  expect(two.ticks()).toBe(0);
  two.clock.advanceTo(12 * 1000);
  expect(two.ticks()).toBe(1);
});
