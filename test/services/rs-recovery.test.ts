import { defaultServices } from "@procyon-os/emulator";
import { LOG, type Frame, type ServiceImage } from "@procyon-os/message";
import { receive } from "@procyon-os/syslib";
import { expect, it } from "vitest";
import { Machine, rootImage } from "./machine.mjs";
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

it("[R11] VM is updated, and has its place back where the new version crashes at once, crashes later, or never answers", () => {
  const vm = defaultServices["vm"] as ServiceImage;
  const failing = (name: string, main: ServiceImage["main"]): ServiceImage => ({ ...vm, name, main });
  const versions = [
    failing("crashing", function* () {
      throw new Error("at once");
    }),
    failing("late", function* (args) {
      const program = vm.main(args);
      let step = program.next();
      for (let trap = 0; trap < 40; trap++) step = program.next(yield step.value as Frame);
      throw new Error("later");
    }),
    failing("hanging", function* () {
      for (;;) yield* receive(LOG);
    }),
  ];
  const machine = new Machine([rootImage({})], { packages: versions });
  machine.pass(2);
  const processes = (): number => machine.must("ps").split("\n").length;
  const before = processes();
  const works = (): void => expect(machine.must("seq 1 50 | sort -n | tail -n 1")).toBe("50\n");
  for (let time = 0; time < 3; time++) {
    expect(machine.run("service update self -label vm")).toEqual({ output: "", status: 0 });
    works();
  }
  for (const { name } of versions) {
    expect(machine.run(`service update vm --package ${name}`).status).toBe(41);
    works();
    expect(processes()).toBe(before);
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
