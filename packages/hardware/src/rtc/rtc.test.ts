import { expect, it } from "vitest";
import { CRYSTAL_HZ, Clock } from "../clock.ts";
import { UnimplementedHardware } from "../port-space.ts";
import { fromSeconds, toSeconds } from "./calendar.ts";
import { Rtc } from "./rtc.ts";

function read(rtc: Rtc, register: number): number {
  rtc.out8(0x70, register);
  return rtc.in8(0x71);
}
function write(rtc: Rtc, register: number, value: number): void {
  rtc.out8(0x70, register);
  rtc.out8(0x71, value);
}
const shown = (rtc: Rtc): string => [0x32, 9, 8, 7, 4, 2, 0, 6].map((register) => read(rtc, register).toString(16).padStart(2, "0")).join(" ");

it("shows the time in BCD and lets it pass, over the end of a leap February", () => {
  const clock = new Clock();
  const rtc = new Rtc(clock, { year: 2012, month: 2, day: 28, hour: 23, minute: 59, second: 59 });
  expect(shown(rtc)).toBe("20 12 02 28 23 59 59 03");
  clock.advanceTo(CRYSTAL_HZ);
  expect(shown(rtc)).toBe("20 12 02 29 00 00 00 04");
  clock.advanceTo(CRYSTAL_HZ * 86_401);
  expect(shown(rtc)).toBe("20 12 03 01 00 00 00 05");
  expect([read(rtc, 0x0b), read(rtc, 0x0d), read(rtc, 0x0e)]).toEqual([0x02, 0x80, 0]);
});

it("announces an update before the second changes", () => {
  const clock = new Clock();
  const rtc = new Rtc(clock, fromSeconds(0));
  expect(read(rtc, 0x0a)).toBe(0x26);
  clock.advanceTo(CRYSTAL_HZ - 1);
  expect(read(rtc, 0x0a)).toBe(0xa6);
});

it("can be set while SET holds it, in binary too", () => {
  const clock = new Clock();
  const rtc = new Rtc(clock, fromSeconds(0));
  write(rtc, 0x0b, 0x86);
  for (const [register, value] of [[7, 31], [8, 12], [9, 11], [0x32, 20], [4, 17], [2, 4], [0, 9]] as const) write(rtc, register, value);
  clock.advanceTo(CRYSTAL_HZ * 5);
  expect(read(rtc, 0)).toBe(9);
  write(rtc, 0x0b, 0x02);
  clock.advanceTo(CRYSTAL_HZ * 6);
  expect(shown(rtc)).toBe("20 11 12 31 17 04 10 07");
});

it("interrupts and the 12-hour clock are refused loudly", () => {
  const rtc = new Rtc(new Clock(), fromSeconds(0));
  expect(() => write(rtc, 0x0b, 0x42)).toThrow(UnimplementedHardware);
  expect(() => write(rtc, 0x0b, 0x00)).toThrow(UnimplementedHardware);
});

it("calendar and seconds are inverse over the range of a 32-bit time", () => {
  for (let seconds = 0; seconds < 0x1_0000_0000; seconds += 12_345_677) expect(toSeconds(fromSeconds(seconds))).toBe(seconds);
});
