import { inByte, outByte } from "@procyon-os/driver";
import type { Program } from "@procyon-os/message";

// The CMOS clock of a PC (reference/posix-abi.md 8.2).
const INDEX = 0x70;
const DATA = 0x71;
const SECONDS = 0x00;
const MINUTES = 0x02;
const HOURS = 0x04;
const DAY = 0x07;
const MONTH = 0x08;
const YEAR = 0x09;
const CENTURY = 0x32;
const REGISTER_A = 0x0a;
const REGISTER_B = 0x0b;
const STATUS = 0x0e;
const UPDATE_IN_PROGRESS = 0x80;
const BINARY = 0x04;
const LOST_POWER = 0x80;
const BAD_CHECKSUM = 0x40;
const BAD_TIME = 0x04;
const TIME_REGISTERS = [SECONDS, MINUTES, HOURS, DAY, MONTH, YEAR, CENTURY];
/** Two readings in a row that are equal are a time; a clock that never gives them is broken. */
const TRIES = 100_000;

/** Why there is no time, or the time in seconds since 1970. */
export type ClockReading = { readonly ok: true; readonly seconds: number } | { readonly ok: false; readonly why: string };

function* readRegister(register: number): Program<number> {
  yield* outByte(INDEX, register);
  return yield* inByte(DATA);
}

function* readAll(): Program<number[]> {
  const values: number[] = [];
  for (const register of TIME_REGISTERS) values.push(yield* readRegister(register));
  return values;
}

/** Seconds since 1970 of a date of the Gregorian calendar. */
export function secondsSince1970(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  const leapsBefore = (y: number): number => Math.floor((y - 1) / 4) - Math.floor((y - 1) / 100) + Math.floor((y - 1) / 400);
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const monthStarts = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
  const days = (year - 1970) * 365 + leapsBefore(year) - leapsBefore(1970) + (monthStarts[month - 1] as number) + (leap && month > 2 ? 1 : 0) + day - 1;
  return days * 86_400 + hour * 3600 + minute * 60 + second;
}

/** A clock without a century means 1980 to 2079. */
function fullYear(century: number, year: number): number {
  return century === 19 || century === 20 ? century * 100 + year : year < 80 ? 2000 + year : 1900 + year;
}

/** Reads the clock: its own diagnosis first, then the time, twice the same. */
export function* readTime(): Program<ClockReading> {
  const state = yield* readRegister(STATUS);
  if ((state & LOST_POWER) !== 0) return { ok: false, why: "the clock has lost power" };
  if ((state & BAD_CHECKSUM) !== 0) return { ok: false, why: "the checksum of the CMOS memory is wrong" };
  if ((state & BAD_TIME) !== 0) return { ok: false, why: "the time is invalid" };
  for (let tries = 0; tries < TRIES; tries++) {
    if (((yield* readRegister(REGISTER_A)) & UPDATE_IN_PROGRESS) !== 0) continue;
    const first = yield* readAll();
    const again = yield* readAll();
    if (first.some((value, n) => value !== again[n])) continue;
    const binary = ((yield* readRegister(REGISTER_B)) & BINARY) !== 0;
    const [second, minute, hour, day, month, year, century] = first.map((value) => (binary ? value : (value >> 4) * 10 + (value & 0x0f))) as [number, number, number, number, number, number, number];
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) return { ok: false, why: "the time is none" };
    return { ok: true, seconds: secondsSince1970(fullYear(century, year), month, day, hour, minute, second) };
  }
  return { ok: false, why: "the clock does not settle" };
}
