import type { Endpoint } from "@procyon-os/message";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { Machine, rootImage } from "./machine.mjs";
import { rights } from "./rights-units.mjs";

// What system.conf says and `service edit` changes is what a service may do (reference/rs-sef-ds-syslib.md 3.4, 2.8, 8).
let machine: Machine;
let from = 0;
const said = (name: string): string[] => machine.messages.slice(from).split("\n").filter((line: string) => line.startsWith(`${name}: `)).map((line: string) => line.slice(name.length + 2));
const files = Object.fromEntries(["rights", "friend", "stranger"].map((name) => [`/test/${name}`, "#!hosted rights\n"]));

beforeAll(() => {
  machine = new Machine([rootImage(files)], { packages: [rights], cpus: 2 });
});
afterEach(() => {
  const labels = machine.must("service list").split("\n").filter((line: string) => / (rights|friend|stranger) /.test(line)).map((line: string) => line.split(" ")[0]);
  if (labels.length > 0) machine.must(labels.map((label: string | undefined) => `service down ${label}`).join("; ")); // after a failure
  machine.system.kernel.check();
  from = machine.messages.length;
});

/** `service up` or `edit` with these settings. */
function service(action: string, label: string, settings: string, probes = "", program = "rights", more = ""): void {
  machine.must(`echo 'service ${program} { ${settings}; };' >/tmp/c.conf`);
  machine.must(`service ${action} /test/${program} -config /tmp/c.conf -label ${label} -args '${label} ${probes}' ${more}`);
}

/** What a service says of its rights now. */
function probe(label: string): string[] {
  const before = said(label).length;
  machine.must(`kill -USR1 ${machine.service(label)?.pid}`);
  machine.pass(0.2);
  return said(label).slice(before);
}

/** The kernel's process of a service. */
function processOf(label: string) {
  const process = machine.system.kernel.processes.find(machine.service(label)?.endpoint as Endpoint);
  if (process === null) throw new Error(`${label} has no process`);
  return process;
}
const down = (...labels: string[]): void => void machine.must(labels.map((label) => `service down ${label}`).join("; "));

describe("edit", () => {
  it("gives and takes kernel calls, VM calls, ports, interrupts and partners while the service runs", () => {
    const probes = "privctl port_70 port_80 irq_9 irq_11 vm_info vm_getref sends_late sends_other";
    const narrow = "uid 0; system DEVIO IRQCTL; io 70:2; irq 9; ipc SYSTEM rs vm friend";
    service("up", "late", "uid 0; ipc SYSTEM rs", "", "friend");
    service("up", "other", "uid 0; ipc SYSTEM rs", "", "stranger");
    service("up", "demo", narrow, probes);
    const first = probe("demo");
    expect(first).toEqual([
      "privctl ECALLDENIED", "port 70 OK", "port 80 EPERM", "irq 9 OK", "irq 11 EPERM", "vm info EINVAL", "vm getref EPERM", "sends late OK", "sends other denied",
    ]);
    service("edit", "demo", "uid 0; system DEVIO IRQCTL PRIVCTL; vm GETREF; io 80; irq 11; ipc SYSTEM rs vm stranger", probes);
    expect(probe("demo")).toEqual([
      "privctl EINVAL", "port 70 EPERM", "port 80 OK", "irq 9 EPERM", "irq 11 OK", "vm info EINVAL", "vm getref EINVAL", "sends late denied", "sends other OK",
    ]);
    service("edit", "demo", narrow, probes);
    expect(probe("demo")).toEqual(first);
    down("demo", "late", "other");
  });

  it("holds for what comes after as well: a replica, an instance after a crash, and one after an update have the new rights", () => {
    service("up", "demo", "uid 0; io 70:2; system DEVIO", "port_70 port_80");
    machine.must("service clone demo");
    service("edit", "demo", "uid 0; io 80; system DEVIO", "port_70 port_80");
    machine.must(`kill -9 ${machine.service("demo")?.pid}`);
    machine.pass(2);
    expect(probe("demo")).toEqual(["port 70 EPERM", "port 80 OK"]);
    machine.must("service update self -label demo");
    expect(probe("demo")).toEqual(["port 70 EPERM", "port 80 OK"]);
    down("demo");
  });

  it("does not touch what cannot be edited: the uid", () => {
    service("up", "demo", "uid 12", "uid");
    service("edit", "demo", "uid 0", "uid");
    expect(probe("demo")).toEqual(["uid 12"]);
    down("demo");
  });
});

describe("keywords", () => {
  it.each([["uid 77", "77"], ["uid user", "1000"], ["uid SELF", "0"], ["priority 7", "12"]])("uid: '%s' is %s; without it the login `service`", (settings, uid) => {
    service("up", "demo", settings, "uid");
    expect(probe("demo")).toEqual([`uid ${uid}`]);
    down("demo");
  });

  it("ALL, NONE and BASIC", () => {
    const probes = "privctl times port_80 irq_11 vm_info vm_getref to_ds";
    service("up", "demo", "uid 0; system ALL; io ALL; irq ALL; vm ALL; ipc ALL", probes);
    expect(probe("demo")).toEqual(["privctl EINVAL", "times OK", "port 80 OK", "irq 11 OK", "vm info EINVAL", "vm getref EINVAL", "to ds OK"]);
    service("edit", "demo", "uid 0; system BASIC; io NONE; irq NONE; vm BASIC", probes);
    expect(probe("demo")).toEqual(["privctl ECALLDENIED", "times OK", "port 80 ECALLDENIED", "irq 11 ECALLDENIED", "vm info EINVAL", "vm getref EPERM", "to ds OK"]);
    service("edit", "demo", "uid 0; system DEVIO IRQCTL; io NONE; irq NONE; vm NONE; ipc NONE", probes);
    expect(probe("demo")).toEqual(["privctl ECALLDENIED", "times OK", "port 80 EPERM", "irq 11 EPERM", "vm info EPERM", "vm getref EPERM", "to ds OK"]);
    down("demo");
  });

  it("classes: what a service says itself adds to their lists, and stands over their single values", () => {
    machine.must("echo 'service port { io 70:2; system DEVIO; priority 9; }; service line { class port; irq 9; system IRQCTL; priority 10; }; service rights { class line; uid 0; io 80; priority 11; };' >/tmp/k.conf");
    machine.must("service up /test/rights -config /tmp/k.conf -label demo -args 'demo port_70 port_80 irq_9 privctl'");
    expect(probe("demo")).toEqual(["port 70 OK", "port 80 OK", "irq 9 OK", "privctl ECALLDENIED"]);
    expect(processOf("demo").priority).toBe(11);
    down("demo");
  });

  it("8.24: ipc reaches by the program's name who starts later, and after a restart of either", () => {
    service("up", "demo", "uid 0; ipc SYSTEM rs pm friend", "sends_late sends_other");
    service("up", "late", "uid 0; ipc SYSTEM rs", "", "friend");
    service("up", "other", "uid 0; ipc SYSTEM rs", "", "stranger");
    expect(probe("demo")).toEqual(["sends late OK", "sends other denied"]);
    for (const label of ["late", "demo"]) {
      machine.must(`kill -9 ${machine.service(label)?.pid}`);
      machine.pass(2);
      expect(probe("demo")).toEqual(["sends late OK", "sends other denied"]);
    }
    machine.must("service down late; service down other");
    service("up", "other", "uid 0; ipc SYSTEM rs", "", "stranger"); // may have the id that `late` had
    expect(probe("demo")).toEqual(["sends late ESRCH", "sends other denied"]);
    down("demo", "other");
  });

  it("control: a service that is not root's may ask for what its list names", () => {
    service("up", "child", "uid 0", "", "friend");
    service("up", "demo", "uid 12; control friend", "refresh_child refresh_log");
    expect(probe("demo")).toEqual(["refresh child OK", "refresh log EPERM"]);
    machine.pass(3);
    service("edit", "demo", "uid 12", "refresh_child refresh_log");
    expect(probe("demo")).toEqual(["refresh child EPERM", "refresh log EPERM"]);
    down("demo", "child");
  });

  it("scheduler, priority, quantum and cpu are those of the running process, and an edit changes them", () => {
    service("up", "demo", "uid 0; scheduler KERNEL; priority 3; quantum 70; cpu 1");
    expect(processOf("demo")).toMatchObject({ scheduler: null, priority: 3, quantumMs: 70, cpu: 1 });
    service("edit", "demo", "uid 0; scheduler sched; priority 9; quantum 90");
    expect(processOf("demo")).toMatchObject({ scheduler: { name: "sched" }, priority: 9, quantumMs: 90 });
    service("edit", "demo", "uid 0; scheduler KERNEL; cpu 77");
    expect(processOf("demo")).toMatchObject({ scheduler: null, priority: 7, quantumMs: 200, cpu: 0 });
    expect(machine.messages.slice(from)).toContain("RS: demo: there is no processor 77, it runs on the first");
    down("demo");
  });

  it("sigmgr says who gets its signals", () => {
    service("up", "demo", "uid 0; sigmgr pm", "times");
    expect(processOf("demo").privileges?.signalManager).toBe(0);
    service("edit", "demo", "uid 0", "times");
    expect(processOf("demo").privileges?.signalManager).toBe(2);
    expect(probe("demo")).toEqual(["times OK"]);
    down("demo");
  });
});

it("8.17: when every privilege structure is in use `up` ends with ENOMEM, and one that goes makes room for another", () => {
  service("up", "first", "uid 0");
  const loop = "i=0; while service up /test/rights -config /tmp/c.conf -label many_$i -args many 2>/tmp/error; do i=$((i+1)); done; cat /tmp/error; echo $i";
  const [request, why, count] = machine.must(loop).split("\n");
  expect(request).toBe("Request 0x700 to RS failed: Cannot allocate memory (error 12)");
  expect(why).toBe("service: there are too many services, or there is no memory for another");
  expect(Number(count)).toBeGreaterThan(30);
  down("first");
  expect(machine.run("service up /test/rights -config /tmp/c.conf -label again -args many")).toEqual({ output: "", status: 0 });
  machine.must(`service down again; i=0; while [ $i -lt ${count} ]; do service down many_$i; i=$((i+1)); done`);
});

it("2.8: every boot service can be edited to its entry of /etc/system.conf, has its rights from then on, and is replaced with them", () => {
  const labels = { rs: "rs", vm: "vm", pm: "pm", sched: "sched", vfs: "vfs", ds: "ds", tty: "tty", memory: "memory", log: "log", mfs: "fs_imgrd", pfs: "pfs" };
  for (const [program, label] of Object.entries(labels)) machine.must(`service edit /sbin/${program} -label ${label}`);
  const calls = (label: string): number[] => [...(processOf(label).privileges?.callMask ?? [])];
  const basic = calls("fs_imgrd");
  const has = (mask: readonly number[], number: number): boolean => (((mask[number >> 5] ?? 0) >>> (number & 31)) & 1) === 1;
  expect(has(basic, 31) && !has(basic, 4) && !has(basic, 15)).toBe(true); // safecopies, neither PRIVCTL nor VIRCOPY
  expect([4, 6, 14, 15].map((number) => has(calls("vfs"), number))).toEqual([false, true, true, true]);
  expect(processOf("tty")).toMatchObject({ priority: 1, quantumMs: 50, scheduler: { name: "sched" } });
  expect(processOf("rs").privileges?.signalManager).toBe(0x8ace);
  machine.must("echo text >/tmp/x; cat /tmp/x | wc -c; sync");
  for (const label of ["log", "memory", "pfs", "fs_imgrd", "ds", "sched", "vfs", "pm"]) {
    const before = calls(label);
    machine.must(`kill -9 ${machine.service(label)?.pid}`);
    machine.pass(3);
    expect(calls(label)).toEqual(before);
    expect(machine.must("echo text >/tmp/x; cat /tmp/x | wc -c; sync")).toBe("5\n");
  }
});
