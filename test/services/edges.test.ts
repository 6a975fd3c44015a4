import { afterEach, beforeAll, expect, it } from "vitest";
import { edge, edgeFiles } from "./edge-units.mjs";
import { Machine, rootImage } from "./machine.mjs";

// Titles carry the numbers of reference/rs-sef-ds-syslib.md 8.
let machine: Machine;
let from = 0;
const said = (name: string): string[] => machine.messages.slice(from).split("\n").filter((line: string) => line.startsWith(`${name}: `)).map((line: string) => line.slice(name.length + 2));
const up = (label: string, what: string, options = "", flags = ""): { output: string; status: number } =>
  machine.run(`service ${flags} up /test/edge -config /test/edge.conf -label ${label} -args '${what}' ${options}`);
const seconds = (): number => machine.system.board.clock.now / 14_318_180;
const pids = (): number[] => machine.must("ps").split("\n").filter((line: string) => line.endsWith("hosted edge")).map((line: string) => Number(line.trim().split(/\s+/)[0]));

beforeAll(() => {
  machine = new Machine([rootImage(edgeFiles)], { packages: [edge] });
});
afterEach(() => {
  machine.system.kernel.check();
  from = machine.messages.length;
});

it("8.2: starts a service that keeps nothing anew: another endpoint under its label, its interrupt line granted again", () => {
  expect(up("driver", "anew").status).toBe(0);
  const before = machine.service("driver");
  machine.must(`kill -9 ${before?.pid}`);
  machine.pass(2);
  const after = machine.service("driver");
  expect(after?.endpoint).not.toBe(before?.endpoint);
  expect(said("anew")).toEqual(["fresh", `irq OK at ${before?.endpoint}`, "restart refused", "fresh", `irq OK at ${after?.endpoint}`]);
  up("asks", "where driver");
  expect(said("where")).toEqual([`driver ${after?.endpoint}`]);
  machine.must("service down driver; service down asks");
});

it("8.3, 8.4: forgets a service that panics in its initialization, and tells who started it", () => {
  expect(up("young", "panics")).toMatchObject({ output: expect.stringContaining("error 302") as string, status: 302 & 255 });
  expect(machine.service("young")).toBeNull();
  expect(said("panics")).toEqual(["begins"]);
  expect(machine.messages.slice(from)).toContain("panic: at its start");
});

it("8.6: takes an exit for a crash and starts the service again; with rs.single it stays down", () => {
  expect(up("quits", "quits").status).toBe(0);
  machine.must(`kill -USR1 ${machine.service("quits")?.pid}`);
  machine.pass(1);
  expect(machine.service("quits")).not.toBeNull();
  machine.must("service down quits");
  expect(up("quits", "quits", "-script /etc/rs.single").status).toBe(0);
  machine.must(`kill -USR1 ${machine.service("quits")?.pid}`);
  machine.pass(2);
  expect(machine.service("quits")).toBeNull();
});

it("8.7: takes a service down that does not listen to SIGTERM, after two periods", () => {
  expect(up("stays", "stays").status).toBe(0);
  const start = seconds();
  expect(machine.must("service down stays")).toBe("");
  expect(seconds() - start).toBeGreaterThan(2);
  expect(seconds() - start).toBeLessThan(5);
  expect(said("stays")).toEqual(["signal 15"]);
});

it("8.9: leaves a replica alone that gets a signal", () => {
  expect(up("twice", "stays", "", "-p").status).toBe(0);
  machine.pass(1);
  const replica = pids().find((pid) => pid !== machine.service("twice")?.pid);
  for (const signal of ["USR1", "TERM", "9"]) machine.must(`kill -${signal} ${replica}`);
  machine.pass(1);
  expect(said("stays")).toEqual([]);
  expect(machine.service("twice")).not.toBeNull();
  machine.must(`kill -9 ${machine.service("twice")?.pid}`);
  machine.pass(2);
  expect(machine.service("twice")).not.toBeNull();
  machine.must("service down twice");
});

it("8.31, 8.35, 8.36, 8.38: takes keys of 1 to 79 characters, long texts, memory that grows and shrinks, one key in several types", () => {
  expect(up("values", "values").status).toBe(0);
  machine.pass(0.5);
  expect(said("values")).toEqual([
    "79 OK 80 EINVAL 0 EINVAL", "text OK", "back true short long long", "memory OK 21x21, OK 35x35, OK 7x7, OK 40x60", "types OK 5 ESRCH",
  ]);
  machine.must("service down values");
});

it("8.39: a subscription survives the restart of who subscribed, and goes with a service that is started anew", () => {
  for (const [label, how] of [["kept", ""], ["lost", "anew"]] as const) {
    expect(up(label, `listens ${how}`).status).toBe(0);
    machine.must(`kill -9 ${machine.service(label)?.pid}`);
    machine.pass(2);
    up("news", "news");
    machine.pass(0.5);
    machine.must(`service down news; service down ${label}`);
  }
  expect(said("listens")).toEqual([
    "subscribe OK", "again EEXIST", "due edge.news", "ENOENT", // kept: it is still there
    "subscribe OK", "subscribe OK", "due edge.news", "ENOENT", // lost: with the label
  ]);
});

it("[R02] schedules RS itself as its backups are, before everything else", () => {
  const { priority, quantumMs } = machine.system.kernel.processes.find(2 as never) as { priority: number; quantumMs: number };
  expect([priority, quantumMs]).toEqual([0, 500]);
});

it("[S06] takes alarms, dumps and the system's end out of what a service receives, where it has callbacks for them", () => {
  expect(up("events", "events").status).toBe(0);
  up("asks", `asks ${machine.service("events")?.endpoint}`);
  machine.pass(1);
  expect(said("events")).toEqual(expect.arrayContaining(["alarm at true for 1", "dump of 7", "dump of 8", "gets 0xe03"]));
  expect(said("events")).toHaveLength(4);
  expect(said("asks")).toEqual(["dump 0"]);
  up("quiet", "quiet"); // without callbacks: dumps are no message of its own either
  up("more", `asks ${machine.service("quiet")?.endpoint}`);
  machine.pass(1);
  expect(said("quiet")).toEqual(["gets 0xe03"]); // what came asynchronously
  for (const label of ["asks", "more", "quiet"]) machine.must(`service down ${label}`);
});

it("[S05] dumps the state for debugging before each try to be ready for an update", () => {
  expect(machine.run("service update self -label events -state 2 -maxtime 1HZ").status).toBe(4); // never ready
  expect(said("events").slice(0, 2)).toEqual(["before state 2", "alarm at true for 1"]);
  expect(said("events").filter((line) => line.startsWith("before")).length).toBeGreaterThan(2);
  expect(said("edge").slice(0, 2)).toEqual([expect.stringMatching(/^time=\d+ cycle=1 state=2$/), expect.stringMatching(/cycle=2 state=2$/)]);
});

it("8.46: tells who sent asynchronously, and wants to know, what could not be delivered", () => {
  expect(up("gone", "quiet").status).toBe(0);
  const gone = machine.service("gone")?.endpoint;
  machine.must("service down gone");
  expect(up("errors", `errors ${gone}`).status).toBe(0);
  machine.pass(0.5);
  expect(said("errors")).toEqual(["notified true by -5", `0x7ff0 to ${gone}: -105`, "0x7ff2 to -2: -104"]);
  machine.must("service down errors");
});

it("8.48: a delay of no ticks returns at once, and any other leaves the alarm that was set", () => {
  expect(up("delays", "delays").status).toBe(0);
  machine.pass(2);
  const [, none, twenty, alarm] = /delays (\d+) (\d+) alarm (\d+)/.exec(said("delays")[0] ?? "")?.map(Number) ?? [];
  expect(none).toBe(0);
  expect(twenty).toBeGreaterThanOrEqual(20);
  expect(twenty).toBeLessThan(23);
  expect(alarm).toBeGreaterThanOrEqual(50);
  expect(alarm).toBeLessThan(54);
  machine.must("service down delays");
});

it("[S06] tells every service that the system goes down", () => {
  machine.type("shutdown\n");
  for (let i = 0; i < 2000 && machine.system.ending === null; i++) {
    const result = machine.system.run(1_000_000);
    if (result.kind === "idle") machine.system.kernel.skipTo(result.wakesAt);
  }
  expect(machine.system.ending).toMatchObject({ kind: "halted" });
  expect(said("events")).toContain("shutdown");
});
