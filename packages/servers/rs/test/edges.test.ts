import { rsContract, RSS_COPY, RSS_IPC_ALL, RSS_IPC_ALL_SYS, RSS_NOBLOCK, RSS_REUSE, RSS_SELF_LU, SEF_INIT_FRESH, SEF_INIT_LU, SEF_INIT_RESTART } from "@procyon-os/contract-rs";
import { CHECK_IRQ, USER_PRIV_ID } from "@procyon-os/contract-kernel";
import { DS, encodeRequest, errorNumbers, LOG, MFS, newMessage, PM, SCHED, SENDREC, SIGKILL, SIGSEGV, TTY, VFS, type Endpoint, type ErrorName, type VirtAddr } from "@procyon-os/message";
import { beforeEach, describe, expect, it } from "vitest";
import { elf } from "./small-elf.ts";
import { CLIENT, RsWorld } from "./rs-world.ts";

// Titles carry the numbers of reference/rs-sef-ds-syslib.md: section 8, and others for its [bug] entries.
const code = (name: ErrorName): number => -errorNumbers[name];
const SYSTEM_PRIV_ID = 3;

let world: RsWorld;
beforeEach(() => {
  world = new RsWorld();
});
const privileges = (endpoint: Endpoint) => world.processes.get(endpoint)?.privileges;
const program = (endpoint: Endpoint | null): string | undefined => (endpoint === null ? undefined : world.processes.get(endpoint)?.program);
const inits = (endpoint: Endpoint, type = SEF_INIT_RESTART): number => world.inits.filter(([who, how]) => who === endpoint && how === type).length;
const maySendTo = (from: Endpoint, id: number): boolean => (((privileges(from)?.ipcTo[id >> 5] ?? 0) >>> (id & 31)) & 1) === 1;
const idOf = (endpoint: Endpoint): number => privileges(endpoint)?.id as number;

/** Starts a service that is ready at once and gives its endpoint. */
function started(label: string, about: Parameters<RsWorld["start"]>[2] = {}): Endpoint {
  expect(world.start("up", label, about)).toBe(0);
  return world.lookup(label) as Endpoint;
}

function ready(endpoint: Endpoint, result: number): void {
  const message = newMessage(0x715);
  message[2] = result;
  world.harness.send(endpoint, message, SENDREC);
}

/** Kills a service; the periods until another instance starts. */
function periodsDown(endpoint: Endpoint): number {
  const before = inits(endpoint);
  world.signal(endpoint, SIGSEGV);
  let periods = 0;
  for (; inits(endpoint) === before && periods < 100; periods++) world.periods(1);
  return periods;
}

describe("back-off", () => {
  it("8.11: of a program that is read from the disk is none, then 2, 4, 8, 16 and from then on 30 periods; at the same endpoint", () => {
    world.files.set("/sbin/demo", elf());
    const endpoint = started("demo");
    expect([1, 2, 3, 4, 5, 6, 7].map(() => periodsDown(endpoint))).toEqual([0, 2, 4, 8, 16, 30, 30]);
    expect(world.lookup("demo")).toBe(endpoint);
  });

  it.each([["-c", { flags: RSS_COPY }, elf()], ["a hosted program, which needs no disk", {}, "#!hosted test:demo\n"]])("8.11: with %s is one period", (_what, about, file) => {
    world.files.set("/sbin/demo", file);
    const endpoint = started("demo", about);
    expect([1, 2, 3, 4, 5].map(() => periodsDown(endpoint))).toEqual([0, 1, 1, 1, 1]);
  });

  it("8.12: holds for a service that starts from scratch each time, too, and a refresh counts", () => {
    world.files.set("/sbin/demo", elf());
    started("demo");
    world.initResult = (_process, type) => (type === SEF_INIT_RESTART ? code("ERESTART") : 0);
    const waits = [1, 2, 3].map(() => {
      const before = world.lookup("demo") as Endpoint;
      world.signal(before, SIGSEGV);
      let periods = 0;
      for (; world.lookup("demo") === before && periods < 100; periods++) world.periods(1);
      return periods;
    });
    expect(waits).toEqual([0, 2, 4]);
    world.initResult = () => 0;
    world.files.set("/sbin/other", elf());
    const other = started("other");
    expect(world.request("refresh", "other")).toBe(0);
    world.signal(other, SIGKILL);
    expect(inits(other)).toBe(1);
    expect(periodsDown(other)).toBe(2);
  });

  it("8.20: that is cut short by hand does not start the service a second time", () => {
    const endpoint = started("demo");
    expect(periodsDown(endpoint)).toBe(0);
    world.signal(endpoint, SIGSEGV);
    expect(world.request("restart", "demo")).toBe(0);
    expect(inits(endpoint)).toBe(2);
    world.periods(5);
    expect(inits(endpoint)).toBe(2);
    expect([...world.processes.values()].filter((one) => one.program === "test:demo")).toHaveLength(1);
  });
});

describe("pings", () => {
  it("8.14: spare a service that is silent while another one initializes, and no longer", () => {
    const endpoint = started("demo", { period: 60 });
    world.initResult = (process) => (process === endpoint ? 0 : null);
    expect(world.start("up", "slow", { flags: RSS_NOBLOCK })).toBe(0);
    world.periods(8);
    expect(world.kills).toEqual([]);
    world.reportInit(world.lookup("slow") as Endpoint, 0);
    world.periods(3);
    expect(world.kills).toEqual([[endpoint, SIGKILL]]);
  });

  it("2.13: do not spare the one that initializes for ever: after twenty seconds it is gone", () => {
    world.initResult = () => null;
    expect(world.start("up", "slow")).toBeNull();
    expect(world.lateAnswer(() => world.periods(22))).toBe(code("EDEADEPT"));
  });

  it("8.23: and every other time is in seconds, whatever the clock's rate", () => {
    world = new RsWorld(() => 0, 100);
    const endpoint = started("demo");
    expect(world.harness.alarm).toBe(world.harness.uptime + 100);
    world.request("down", "demo");
    world.periods(2);
    expect(world.kills).not.toContainEqual([endpoint, SIGKILL]);
    world.periods(1);
    expect(world.kills).toContainEqual([endpoint, SIGKILL]);
    expect(world.start("update", "at_wini_0", { maxTime: 2001 })).toBe(code("EINVAL"));
    expect(world.start("update", "at_wini_0", { maxTime: 2000, flags: RSS_SELF_LU | RSS_NOBLOCK })).toBe(0);
  });
});

describe("requests", () => {
  it("8.15: wait for nobody: EBUSY while the service starts, is updated, or another request for it waits", () => {
    const all = (label: string): (number | null)[] => [
      ...(["down", "refresh", "restart", "clone"] as const).map((name) => world.request(name, label)), world.start("edit", label), world.start("update", label),
    ];
    const busy = Array.from({ length: 6 }, () => code("EBUSY"));
    world.initResult = () => null;
    world.start("up", "young", { flags: RSS_NOBLOCK });
    expect(all("young")).toEqual(busy);
    world.initResult = () => 0;
    started("demo");
    world.silent.add(VFS);
    world.start("update", "demo", { path: "/sbin/new", flags: RSS_NOBLOCK }); // its file is read
    expect(all("demo")).toEqual(busy);
    world.silent.clear();
    while (world.unanswered.length > 0) world.answerHeld();
    expect(all("demo")).toEqual(busy); // it is asked to prepare
    world.periods(4);
    expect(world.request("down", "demo")).toBeNull();
    expect(all("demo")).toEqual(busy);
  });

  it("8.16: drop the eleventh argument and say so, and cut labels to 15 characters", () => {
    const args = Array.from({ length: 11 }, (_, i) => `a${i}`).join(" ");
    expect(world.start("up", "a_label_of_20_letter", { path: "/sbin/demo", args })).toBe(0);
    expect(world.harness.output).toContain("RS: a_label_of_20_l: a service has at most 10 arguments");
    const endpoint = world.labels.get("a_label_of_20_l") as Endpoint;
    expect(world.arguments.get(endpoint)).toEqual(["/sbin/demo", ...args.split(" ").slice(0, 10)]);
    expect(world.request("down", "a_label_of_20_letter")).toBeNull();
    expect(world.lateAnswer(() => world.periods(3))).toBe(0);
  });

  it.each([
    ["8.17: ENOMEM where no privilege structure is free", "setSys", "ENOSPC", "ENOMEM"],
    ["8.17, 2.10: EAGAIN where no process is free, as the negative number that an error is", "srvFork", "EAGAIN", "EAGAIN"],
    ["8.18: the error of VM, where the call mask cannot be set", "rsSetPriv", "EINVAL", "EINVAL"],
    ["2.10: the error of VFS, where the driver cannot be mapped", "mapDriver", "EINVAL", "EINVAL"],
    ["2.10: the kernel's error, where it may not run", "allow", "EPERM", "EPERM"],
  ] as const)("%s; nothing of the service is left, and RS goes on", (_what, step, planted, error) => {
    const before = world.processes.size;
    world.faults.set(step, planted);
    expect(world.start("up", "demo", { major: 30, deviceStyle: 1 })).toBe(code(error));
    world.harness.run();
    expect(world.lookup("demo")).toBeNull();
    expect(world.labels.has("demo")).toBe(false);
    expect(world.processes.size).toBe(before);
    expect(world.inits.filter(([, type]) => type === SEF_INIT_FRESH)).toHaveLength(11); // boot services and disk driver: it never ran
    world.faults.clear();
    expect(world.start("up", "demo", { major: 30, deviceStyle: 1 })).toBe(0);
  });

  it("8.18, 8.22: VFS hears of a driver when DS has its label; an instance runs when all its rights are set, and it is published; a replica has them before its service dies", () => {
    const from = world.steps.length;
    const endpoint = started("demo", { major: 30, deviceStyle: 1 });
    expect(world.steps.slice(from)).toEqual(["open /sbin/demo", "srvFork 2", `setSys ${endpoint}`, `rsSetPriv ${endpoint}`, "publish demo", "mapDriver demo", `allow ${endpoint}`]);
    const at = world.steps.length;
    expect(world.request("clone", "demo")).toBe(0);
    const replica = [...world.processes.keys()].at(-1) as Endpoint;
    expect(world.steps.slice(at)).toEqual(expect.arrayContaining([`setSys ${replica}`, `rsSetPriv ${replica}`]));
    expect(world.steps.slice(at).some((step) => step.startsWith("allow"))).toBe(false);
  });

  it.each([
    ["a command of 511 characters", { args: "x".repeat(500) }, null],
    ["one of 512", { args: "x".repeat(501) }, "E2BIG"],
    ["a script of 255 characters", { scriptPath: `/${"s".repeat(254)}` }, null],
    ["one of 256", { scriptPath: `/${"s".repeat(255)}` }, "E2BIG"],
    ["an ipc list of 255 characters", { ipcList: "a ".repeat(127) + "a" }, null],
    ["one of 256", { ipcList: "a ".repeat(128) }, "EINVAL"],
    ["none", { ipcList: "" }, "EINVAL"],
    ["eight interrupts", { irqCount: 8, irqs: [1, 2, 3, 4, 5, 6, 7, 8] }, null],
    ["nine", { irqCount: 9, irqs: [1, 2, 3, 4, 5, 6, 7, 8, 9] }, "EINVAL"],
    ["sixteen port ranges", { ioCount: 16, io: Array.from({ length: 16 }, (_, base) => ({ base, length: 1 })) }, null],
    ["a negative number of them", { ioCount: -1 }, "EINVAL"],
    ["eight programs to control", { control: Array.from({ length: 8 }, () => ({ address: 0x500, length: 4 })) }, null],
    ["nine", { control: Array.from({ length: 9 }, () => ({ address: 0x500, length: 4 })) }, "EINVAL"],
    ["a style of device that there is", { major: 30, deviceStyle: 6 }, null],
    ["one that there is not", { major: 30, deviceStyle: 7 }, "EINVAL"],
    ["a signal manager that is no boot service", { signalManager: 12 as Endpoint }, "EINVAL"],
    ["a scheduler that is none", { scheduler: 12 as Endpoint }, "EINVAL"],
    ["priority 15", { priority: 15 }, null],
    ["a negative one", { priority: -1 }, "EINVAL"],
    ["a quantum of nothing", { quantum: 0 }, "EINVAL"],
  ] as const)("2.8: %s", (_what, about, error) => {
    const before = world.processes.size;
    const result = world.start("up", "demo", { path: "/sbin/demo", ...about });
    expect(result).toBe(error === null ? 0 : code(error));
    expect(world.processes.size).toBe(before + (error === null ? 1 : 0));
  });

  it("2.8: RS_LOOKUP takes names of 1 to 98 characters and their NUL", () => {
    const ask = (nameLength: number): number | undefined => {
      world.write(TTY, 0x100, "x".repeat(120));
      const sent = world.harness.send(TTY, encodeRequest(rsContract.base, rsContract.calls.lookup, { name: 0x100 as VirtAddr, nameLength }));
      return sent.find(({ to }) => to === TTY)?.message[1];
    };
    expect([1, 2, 99, 100, -1].map(ask)).toEqual(["EINVAL", "ESRCH", "ESRCH", "EINVAL", "EINVAL"].map((name) => code(name as ErrorName)));
  });

  it("8.25: RS_LOOKUP is open to all, everything else is not", () => {
    world.uids.set(TTY, 12).set(CLIENT, 12);
    expect(world.lookup("ds")).toBe(DS);
    expect(["down", "refresh", "restart", "clone"].map((name) => world.request(name as "down", "at_wini_0"))).toEqual(Array.from({ length: 4 }, () => code("EPERM")));
    expect(["up", "edit", "update"].map((name) => world.start(name as "up", "at_wini_0"))).toEqual(Array.from({ length: 3 }, () => code("EPERM")));
  });
});

describe("programs in memory", () => {
  it("8.19: -r takes the one of a service that runs the same file, and it stays until the last of them is gone", () => {
    world.files.set("/sbin/disk", elf());
    const reads = (): number => world.steps.filter((step) => step === "open /sbin/disk").length;
    const down = (label: string): void => {
      world.request("down", label);
      world.signal(world.lookup(label) as Endpoint, SIGKILL);
      expect(world.lookup(label)).toBeNull();
    };
    started("disk_0", { path: "/sbin/disk", flags: RSS_COPY });
    expect(reads()).toBe(1);
    const second = started("disk_1", { path: "/sbin/disk", flags: RSS_COPY | RSS_REUSE });
    expect(reads()).toBe(1);
    down("disk_0");
    expect(periodsDown(second)).toBe(0);
    expect(reads()).toBe(1);
    down("disk_1");
    started("disk_2", { path: "/sbin/disk", flags: RSS_COPY | RSS_REUSE });
    expect(reads()).toBe(2); // nobody had it any more
  });

  it("8.19: those of the boot image are never lost: a boot service dies as often as it likes", () => {
    for (let time = 0; time < 5; time++) expect(periodsDown(DS)).toBeLessThan(2);
    expect(program(DS)).toBe("boot:ds");
  });

  it("8.28: make a refresh of the log possible while no file can be read", () => {
    world.silent.add(VFS);
    expect(world.request("refresh", "log")).toBe(0);
    world.signal(LOG, SIGKILL);
    expect(inits(LOG)).toBe(1);
    expect(program(LOG)).toBe("boot:log");
    expect(world.unanswered).toEqual([]);
  });

  it("8.21: a file server that cannot take over is gone; one that can, goes on (which MINIX's never do)", () => {
    expect(periodsDown(MFS)).toBe(0);
    world.initResult = () => code("ENOSYS");
    world.signal(MFS, SIGSEGV);
    world.periods(2);
    expect(world.lookup("fs_imgrd")).toBeNull();
  });
});

describe("ipc lists", () => {
  it("8.24: name programs, not labels, and reach whoever starts later; backward too", () => {
    const early = started("early", { path: "/sbin/first", ipcList: "second ds SYSTEM" });
    expect(maySendTo(early, SYSTEM_PRIV_ID)).toBe(true);
    expect(maySendTo(early, idOf(DS))).toBe(true);
    expect(maySendTo(early, idOf(PM))).toBe(true); // boot services may send to all, and are answered
    const late = started("late", { path: "/sbin/second", ipcList: "ds" });
    expect(maySendTo(late, idOf(early))).toBe(true); // the kernel makes it mutual
    const third = started("second", { path: "/sbin/third", ipcList: "ds" }); // has that label, and another program
    expect(maySendTo(third, idOf(early))).toBe(false);
  });

  it("8.24: ALL_SYS leaves users out, ALL and USER do not, and ids above 32 are in both", () => {
    const [all, system, user] = [started("all", { ipcList: RSS_IPC_ALL }), started("system", { ipcList: RSS_IPC_ALL_SYS }), started("user", { ipcList: "USER" })];
    expect([all, system, user].map((one) => maySendTo(one, USER_PRIV_ID))).toEqual([true, false, true]);
    expect([all, system, user].map((one) => maySendTo(one, 63))).toEqual([true, true, false]);
    const many = Array.from({ length: 20 }, (_, i) => started(`many_${i}`, { path: `/sbin/many_${i}`, ipcList: "ds" }));
    const last = many.at(-1) as Endpoint;
    expect(idOf(last)).toBeGreaterThan(32);
    expect(maySendTo(started("asks", { ipcList: "many_19" }), idOf(last))).toBe(true);
  });

  it("2.9: know the id of a service that was replaced after a crash: the endpoint's, not the replica's", () => {
    const endpoint = started("demo", { ipcList: "ds" });
    const before = idOf(endpoint);
    world.signal(endpoint, SIGSEGV);
    expect(idOf(endpoint)).toBe(before);
    const other = started("other", { ipcList: "demo" });
    expect(maySendTo(other, before)).toBe(true);
    const others = [...world.processes].filter(([one]) => one !== endpoint && one !== other && one > 1000).map(([one]) => idOf(one));
    expect(others.some((id) => id === before)).toBe(false);
  });

  it("2.5: and control lists know the boot services by their programs before anybody has edited them", () => {
    world.write(CLIENT, 0x800, "mfs");
    const endpoint = started("demo", { uid: 12, control: [{ address: 0x800, length: 3 }] });
    world.uids.set(endpoint, 12);
    expect(world.request("clone", "fs_imgrd", endpoint)).toBe(0);
    expect(world.request("clone", "log", endpoint)).toBe(code("EPERM"));
  });
});

describe("updates", () => {
  it("8.27, 2.14: that fail when the new version may not run report that error, and the old version goes on with it as its answer", () => {
    const endpoint = started("demo");
    world.files.set("/sbin/demo2", "#!hosted test:demo2\n");
    world.start("update", "demo", { path: "/sbin/demo2" });
    world.faults.set("allow", "EPERM");
    const from = world.harness.sent.length;
    expect(world.lateAnswer(() => ready(endpoint, 0))).toBe(code("EPERM"));
    expect(program(endpoint)).toBe("test:demo");
    expect(world.harness.sent.slice(from).filter(({ to, message }) => to === endpoint && message[1] === code("EPERM"))).toHaveLength(1);
    expect([...world.processes.values()].filter((one) => one.program === "test:demo2")).toEqual([]);
    expect(inits(endpoint, SEF_INIT_LU)).toBe(0);
  });

  it("8.27: that the kernel refuses since one of the two is in the middle of a SEND change nothing", () => {
    const endpoint = started("demo");
    world.swapError = "EBUSY";
    world.start("update", "demo", { flags: RSS_SELF_LU });
    const from = world.harness.sent.length;
    expect(world.lateAnswer(() => ready(endpoint, 0))).toBe(code("EBUSY"));
    expect(world.harness.sent.slice(from).filter(({ to, message }) => to === endpoint && message[1] === code("EBUSY"))).toHaveLength(1);
    expect(world.swaps).toEqual([]);
  });

  it("8.26: need no description of the service where they bring no new program: what is in it is not looked at", () => {
    const endpoint = started("demo");
    expect(world.start("update", "demo", { flags: RSS_SELF_LU, priority: 77, quantum: -1, ipcList: "" })).toBeNull();
    expect(world.lateAnswer(() => ready(endpoint, 0))).toBe(0);
    expect(world.processes.get(endpoint)).toMatchObject({ program: "test:demo" });
  });
});

describe("edit", () => {
  it("2.8: takes rights away as well: of interrupts, of all of them, and of whom it may control", () => {
    world.write(CLIENT, 0x800, "child");
    started("child");
    const endpoint = started("demo", { irqCount: 1, irqs: [5], uid: 12, control: [{ address: 0x800, length: 5 }] });
    expect(privileges(endpoint)?.flags).toSatisfy((flags: number) => (flags & CHECK_IRQ) !== 0);
    world.uids.set(endpoint, 12);
    expect(world.request("clone", "child", endpoint)).toBe(0);
    expect(world.start("edit", "demo", { irqCount: 17 })).toBe(0);
    expect(privileges(endpoint)?.flags).toSatisfy((flags: number) => (flags & CHECK_IRQ) === 0); // all of them
    expect(world.request("refresh", "child", endpoint)).toBe(code("EPERM"));
    expect(world.start("edit", "demo", { irqCount: 0 })).toBe(0);
    expect(privileges(endpoint)).toMatchObject({ irqCount: 0 });
    expect(privileges(endpoint)?.flags).toSatisfy((flags: number) => (flags & CHECK_IRQ) !== 0);
  });

  it.each(["rsSetPriv", "schedctl"])("that fails at %s leaves the settings as they were", (step) => {
    const endpoint = started("demo", { irqCount: 1, irqs: [5], ipcList: "ds" });
    const before = privileges(endpoint);
    world.faults.set(step, "EINVAL");
    expect(world.start("edit", "demo", { irqCount: 2, irqs: [6, 7], scheduler: -1 as Endpoint, priority: 3, ipcList: "pm" })).toBe(code("EINVAL"));
    expect(privileges(endpoint)).toEqual(before);
    expect(world.scheduled.filter(([, who]) => who === endpoint).at(-1)?.[0]).toBe("start"); // SCHED has it (still, or again)
    world.faults.clear();
    expect(world.start("edit", "demo", { irqCount: 2, irqs: [6, 7] })).toBe(0);
    expect(privileges(endpoint)).toMatchObject({ irqCount: 2 });
  });

  it("2.8: a processor that is not there is the first one, and RS says so", () => {
    started("demo", { scheduler: -1 as Endpoint, cpu: 99 });
    expect(world.harness.output).toContain("RS: demo: there is no processor 99, it runs on the first");
    expect(SCHED).toBe(10);
  });
});
