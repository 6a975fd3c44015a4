import { expect, it } from "vitest";
import { run } from "../test/run-program.ts";
import { cancelTimer, expireTimers, setTimer, setTimerAt, setTimersAt, type Timers } from "./alarm.ts";

it("sets the one alarm to the timer that is due first", () => {
  const timers: Timers<string> = { list: [] };
  const { harness, value } = run(function* () {
    yield* setTimer(timers, 50, "late");
    const soon = yield* setTimer(timers, 10, "soon");
    yield* setTimer(timers, 10, "also soon");
    yield* setTimer(timers, 30, "later");
    yield* cancelTimer(timers, soon);
    yield* cancelTimer(timers, soon); // that is no error
    return yield* expireTimers(timers, 1030);
  });
  expect(value).toEqual(["also soon", "later"]);
  expect(harness.alarm).toBe(1050);
});

it("clears the alarm with the last timer, and takes a time of zero for the next tick", () => {
  const timers: Timers<number> = { list: [] };
  const { harness } = run(function* () {
    const timer = yield* setTimer(timers, 0, 1);
    expect(timer.expires).toBe(1001);
    yield* cancelTimer(timers, timer);
  });
  expect(harness.alarm).toBeNull();
});

it("sets many timers at given times without asking what time it is, and the alarm only where one is the first", () => {
  const timers: Timers<number> = { list: [] };
  const { harness } = run(function* () {
    for (let i = 0; i < 20; i++) yield* setTimerAt(timers, 2000 + i, i);
  });
  expect(timers.list.map(({ what }) => what)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(harness.alarm).toBe(2000);
  expect(harness.traps).toBeLessThan(5);
});

it("sets many timers at once with one alarm, in order of expiry", () => {
  const timers: Timers<number> = { list: [] };
  const { harness } = run(function* () {
    yield* setTimersAt(timers, [{ expires: 2005, what: 5 }, { expires: 2001, what: 1 }, { expires: 2005, what: 6 }]);
  });
  expect(timers.list.map(({ what }) => what)).toEqual([1, 5, 6]);
  expect(harness.alarm).toBe(2001);
});
