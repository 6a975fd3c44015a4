import { expect, it } from "vitest";
import { Clock } from "./clock.ts";

it("fires alarms in time order, ties in creation order, and shows each its own time", () => {
  const clock = new Clock();
  const fired: string[] = [];
  const note = (name: string) => () => void fired.push(`${name}@${clock.now}`);
  const late = clock.alarm(note("late"));
  const first = clock.alarm(note("first"));
  const second = clock.alarm(note("second"));
  late.set(10);
  second.set(5);
  first.set(5);
  clock.alarm(note("never")).set(11);
  clock.advanceTo(10);
  expect(fired).toEqual(["first@5", "second@5", "late@10"]);
  expect(clock.next()).toBe(11);
});

it("an alarm that sets itself again fires as often as it falls due", () => {
  const clock = new Clock();
  let count = 0;
  const alarm = clock.alarm(() => {
    count++;
    alarm.set(3);
  });
  alarm.set(3);
  clock.advanceTo(10);
  expect(count).toBe(3);
  alarm.cancel();
  expect(clock.next()).toBe(Infinity);
  expect(() => alarm.set(0)).toThrow(RangeError);
  expect(() => clock.advanceTo(9)).toThrow(RangeError);
});
