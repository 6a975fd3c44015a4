import { expect, it } from "vitest";
import { run } from "../test/run-program.ts";
import { cancelTimer, expireTimers, setTimer, type Timers } from "./alarm.ts";

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
