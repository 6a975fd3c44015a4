import { expect, it } from "vitest";
import { requests, strikeAll, StruckRs } from "./rs-strikes.mjs";

it("[R10] RS crashes before its traps, in each kind of request: it is done all the same or has an error, and nothing is left over", () => {
  const { wrong, strikes, refused } = strikeAll({ every: 41 });
  expect(wrong).toEqual([]);
  expect(strikes).toBeGreaterThan(10);
  expect(refused).toBeLessThan(strikes / 4);
});

it("[R10] VM, SCHED and RS die in turn: each is replaced by what stands by, and replicas are made again", () => {
  const rs = new StruckRs();
  const { machine } = rs;
  const before = rs.picture();
  for (const label of ["vm", "rs", "vm", "sched", "vm", "rs"]) {
    machine.must(`kill -9 ${machine.service(label)?.pid}`);
    machine.pass(3);
    expect(machine.must("seq 1 10 | tail -n 1")).toBe("10\n");
    expect(rs.picture()).toBe(before);
  }
  machine.system.kernel.check();
});

it("[R10] RS is killed by root again and again, and goes on looking after the others", () => {
  const rs = new StruckRs();
  const { machine } = rs;
  const before = rs.picture();
  for (let time = 0; time < 3; time++) {
    machine.must(`kill -9 ${machine.service("rs")?.pid}`);
    machine.must(`kill -9 ${machine.service("log")?.pid}`);
    machine.pass(3);
    expect(machine.must("echo on >/dev/klog; echo on")).toBe("on\n");
    expect(rs.picture()).toBe(before);
  }
  expect(machine.messages).toContain("RS: rs died and was replaced (restart 3)");
  expect(machine.messages).toContain("RS: log died and was replaced (restart 3)");
  expect(requests.length).toBe(6);
  machine.system.kernel.check();
});
