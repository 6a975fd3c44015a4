import { defaultServices } from "@procyon-os/emulator";
import { LOG, type Frame, type ServiceImage } from "@procyon-os/message";
import { getUptime, receive } from "@procyon-os/syslib";
import { expect, it } from "vitest";
import { Machine, rootImage, watched } from "./machine.mjs";
import { requests, strikeAll, StruckRs } from "./rs-strikes.mjs";

it("[R10] RS crashes before its traps, in each kind of request: it is done all the same or has an error, and nothing is left over", () => {
  const { wrong, strikes, refused } = strikeAll({ every: 41 });
  expect(wrong).toEqual([]);
  expect(strikes).toBeGreaterThan(10);
  expect(refused).toBeLessThan(strikes / 4);
});

it("[R10] RS dies, and the instance that follows dies too, wherever that is: the next replica goes on from what the first one left", () => {
  const rs = new StruckRs();
  const before = rs.picture();
  for (const [name, first] of [["crash", 20], ["up", 60], ["own update", 90]] as const) {
    const request = requests.find(([one]) => one === name) as never;
    for (let second = 1; second < 200; second += 29) {
      rs.again = second;
      const { status } = rs.strike(request, first);
      expect([rs.again, rs.at], `${name}, trap ${second}`).toEqual([Infinity, Infinity]); // both have been struck
      expect(rs.picture(), `${name}, trap ${second}`).toBe(before);
      if (name === "crash") expect(status).toBe(0);
    }
  }
});

/** RS of which each trap goes through `change` from the moment on that the test says so. */
function tamperedRs(change: () => Generator<any, void, any> | undefined): { machine: any; begin: () => void } {
  let begun = false;
  const services = watched(["rs"], ({ instance }: { instance: number }) => (begun && instance === 1 ? change() : undefined));
  const machine = new Machine([rootImage({})], { services });
  machine.pass(2);
  return { machine, begin: () => void (begun = true) };
}

it.each([
  ["waits for something that never comes", function* () { for (;;) yield* receive(LOG); }],
  ["runs without end", function* () { for (;;) yield* getUptime(); }],
])("[R10] an RS that %s is noticed and replaced, and what it was asked is done", (_what, hang) => {
  const { machine, begin } = tamperedRs(hang);
  const before = machine.service("rs");
  begin();
  expect(machine.run("service refresh log")).toEqual({ output: "", status: 0 });
  expect(machine.messages).toMatch(/kernel: rs\(2\) has not spoken up for 300 ticks\n[^]*RS: rs died and was replaced \(restart 1\)/);
  machine.pass(4);
  expect(machine.messages).toContain("RS: log died and was replaced");
  expect(machine.service("rs")).toEqual(before);
});

it.each([
  ["waits for something that never comes", function* () { for (;;) yield* receive(LOG); }],
  ["runs without end", function* () { for (;;) yield* getUptime(); }],
])("[R10] RS dies, and the instance that is to follow %s before it has the place: the next one follows", (_what, hang) => {
  let begun = false;
  const services = watched(["rs"], ({ instance }: { instance: number }) => (begun && instance === 2 ? hang() : undefined));
  const machine: any = new Machine([rootImage({})], { services });
  machine.pass(2);
  const before = machine.service("rs");
  begun = true;
  machine.run(`kill -9 ${before.pid}`);
  machine.pass(30);
  expect(machine.messages).toMatch(/kernel: rs\(\d+\) has not spoken up for 300 ticks\n[^]*RS: rs died and was replaced \(restart 1\)/);
  expect(machine.service("rs")).toEqual(before);
  expect(machine.must("ps | grep -c ' rs$'")).toBe("3\n");
});

it("[R10] kill -9 by pid from the shell replaces any server at its endpoint, PM too, and a replica is made again", () => {
  const machine: any = new Machine([rootImage({})]);
  machine.pass(2);
  for (const label of ["pm", "vfs", "vm", "rs", "sched", "ds", "pm"]) {
    const before = machine.service(label);
    const from = machine.messages.length;
    expect(machine.run(`kill -9 ${before.pid}`)).toEqual({ output: "", status: 0 });
    machine.pass(3);
    expect(machine.messages.slice(from)).toContain(`RS: ${label} died and was replaced`);
    expect(machine.service(label)).toEqual(before);
    expect(machine.must("seq 1 20 | sort -n | tail -n 1")).toBe("20\n");
  }
  const instances = (): number[] => machine.must("ps").split("\n").filter((line: string) => line.endsWith(" rs")).map((line: string) => Number(line.trim().split(" ")[0]));
  for (const which of [0, 1]) {
    const { pid } = machine.service("rs");
    machine.must(`kill -9 ${instances().filter((one) => one !== pid)[which]}`); // one that stands by
    machine.must(`kill -9 ${pid}`);
    machine.pass(3);
    expect(machine.must("echo on")).toBe("on\n");
    expect(instances()).toHaveLength(3);
  }
  machine.system.kernel.check();
});

it("an RS that is slow and alive is left alone", () => {
  // Each of its traps takes a hundred more.
  const { machine, begin } = tamperedRs(function* () {
    for (let time = 0; time < 100; time++) yield* getUptime();
  });
  begin();
  for (let time = 0; time < 3; time++) {
    machine.must("service refresh log");
    machine.pass(8);
  }
  expect(machine.messages).not.toContain("has not spoken up");
  expect(machine.messages).not.toContain("RS: rs died");
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
    machine.pass(1.5); // what is left of the new version goes within a period
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
  expect(requests.length).toBe(7);
  machine.system.kernel.check();
});
