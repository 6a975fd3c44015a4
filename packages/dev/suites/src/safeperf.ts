import type { Program } from "@procyon-os/message";
import { getUptime, panic, printf, readTsc } from "@procyon-os/syslib";
import { copyFrom, mapGrant, unmap } from "./copying.ts";
import { PAGE, pages, poke } from "./memory.ts";
import { ask, askEnd, check, conclude, OP, out, step, type Suite } from "./suite.ts";

const MOST = 0x400000;
const ASIDE = 64; // another place in the page
const ROUNDS = 3;
const TIMES = 100;

/** Cycles of the counter in a microsecond. */
function* calibrate(): Program<number> {
  const start = yield* getUptime();
  let now = start;
  while (now === start) now = yield* getUptime();
  const cycles = yield* readTsc();
  let end = now;
  while (end < now + 6) end = yield* getUptime();
  return ((yield* readTsc()) - cycles) / 100_000; // 6 ticks are 100 ms
}

function* touch(at: number, bytes: number, value: number): Program<void> {
  for (let i = 0; i < bytes; i += PAGE) yield* poke(at + i, value);
}

interface Cost {
  copy: number;
  written: number;
}

function* measure(suite: Suite, at: number, bytes: number, marks: boolean): Program<Cost> {
  const best: Cost = { copy: Infinity, written: Infinity };
  for (let round = 0; round < ROUNDS; round++) {
    yield* touch(at, bytes, round); // its pages are its own
    yield* poke(at + bytes - 1, round);
    const marked = marks && round === ROUNDS - 1;
    if (marked) yield* printf(`safeperf: begin ${bytes}\n`);
    const start = yield* readTsc();
    const result = yield* copyFrom(suite.partner, suite.grant, 0, at, bytes);
    const copied = yield* readTsc();
    if (marked) yield* printf(`safeperf: end ${bytes}\n`);
    const again = yield* readTsc();
    yield* touch(at, bytes, round + 1);
    const end = yield* readTsc();
    yield* check(suite, "copy", result, 0);
    best.copy = Math.min(best.copy, copied - start);
    best.written = Math.min(best.written, copied - start + end - again);
  }
  return best;
}

interface Row {
  readonly bytes: number;
  readonly plain: Cost;
  readonly shared: Cost;
}

function* printTable(suite: Suite, rows: readonly Row[], perUs: number): Program<void> {
  const column = (text: string | number, width: number): string => String(text).padStart(width);
  const us = (cycles: number, width: number): string => column((Math.floor((cycles / perUs) * 100) / 100).toFixed(2), width);
  yield* out(suite, [column("bytes", 8), column("copied us", 12), column("shared us", 12), column("copied+write us", 16), column("shared+write us", 16)].join(" "));
  for (const { bytes, plain, shared } of rows) {
    yield* out(suite, [column(bytes, 8), us(plain.copy, 12), us(shared.copy, 12), us(plain.written, 16), us(shared.written, 16)].join(" "));
  }
}

/** Nothing is printed meanwhile: whoever reads it would run between. */
function* table(suite: Suite, marks: boolean): Program<void> {
  const room = yield* pages(MOST + PAGE);
  const perUs = yield* calibrate();
  const rows: Row[] = [];
  yield* ask(suite, OP.TOUCH, MOST);
  yield* step(suite, "TABLE", function* () {
    for (let bytes = 1; bytes <= MOST; bytes *= 2) {
      rows.push({ bytes, plain: yield* measure(suite, room + ASIDE, bytes, marks), shared: yield* measure(suite, room, bytes, marks) });
    }
  });
  yield* printTable(suite, rows, perUs);
  const more = rows.map(({ plain, shared }) => Math.trunc(((shared.copy - plain.copy) * 100) / plain.copy));
  const wins = rows.find((_, i) => more.slice(i).every((percent) => percent < 0) && (more[i] as number) < -5)?.bytes ?? 0;
  const loss = Math.max(0, ...more);
  yield* step(suite, "SHARING", function* () {
    yield* check(suite, "takes less time from some length on", wins !== 0 ? 1 : 0, 1);
    yield* check(suite, "never takes 10 % more", loss < 10 ? 1 : 0, 1);
  });
  yield* out(suite, `sharing takes less time from ${wins} bytes on; elsewhere it takes at most ${loss} % more`);
}

/** As MINIX has it: microseconds a page. */
function* original(suite: Suite, count: number, map: number, write: number): Program<void> {
  const room = yield* pages(50 * PAGE);
  const perUs = yield* calibrate();
  let total = 0;
  yield* step(suite, "PAGES", function* () {
    for (let i = 0; i < TIMES; i++) {
      const start = yield* readTsc();
      const result = map === 1 ? yield* mapGrant(suite.partner, suite.grant, 0, room, count * PAGE, true) : yield* copyFrom(suite.partner, suite.grant, 0, room, count * PAGE);
      if (write === 1) yield* touch(room, count * PAGE, i & 255);
      total += (yield* readTsc()) - start;
      yield* check(suite, "copy or map", result, 0);
      if (map === 1) yield* check(suite, "unmap", yield* unmap(room), 0);
    }
  });
  yield* out(suite, `pages ${count} map ${map} write ${write}: ${(total / perUs / TIMES / count).toFixed(2)} us a page`);
}

/** The requestor of the safeperf suite: its arguments and its table are those of packages/userland/src/suites/safeperf.c. */
export function* safeperf(suite: Suite): Program<never> {
  const [count, map, write, marks] = ["pages", "map", "write", "marks"].map((name) => Number(suite.parameters.get(name) ?? 0)) as [number, number, number, number];
  const fits = Number.isInteger(count) && count >= 0 && count <= 50 && (map === 0 || map === 1) && (write === 0 || write === 1);
  if (!fits) yield* panic("usage: safeperf [pages=1..50 map=0|1 write=0|1] [marks=1]");
  if (count > 0) yield* original(suite, count, map, write);
  else yield* table(suite, marks === 1);
  yield* askEnd(suite);
  return yield* conclude(suite);
}
