import { decodeRprocPub, RPROCPUB_BYTES, RPROC_TABLE_BYTES, rprocInfo, RS_ACTIVE, RS_IN_USE, RSS_COPY, RSS_NOBLOCK, RSS_SELF_LU, SEF_INIT_FRESH, SEF_INIT_LU, SEF_INIT_RESTART, SI_PROC_TAB, SI_PROCPUB_TAB, COMMON_GETSYSINFO } from "@procyon-os/contract-rs";
import { DS, errorCode, errorNumbers, LOG, MFS, newMessage, NONE, NOTIFY, NR_SYS_PROCS, PM, RS, SCHED, SENDREC, SIGKILL, SIGSEGV, SIGTERM, TTY, VFS, VM, type Endpoint, type ErrorName } from "@procyon-os/message";
import { beforeEach, describe, expect, it } from "vitest";
import { elf } from "../test/small-elf.ts";
import { CLIENT, RsWorld } from "../test/rs-world.ts";
import { bootServices } from "./boot-table.ts";

const code = (name: ErrorName): number => -errorNumbers[name];
const SIGHUP = 1;

let world: RsWorld;
beforeEach(() => {
  world = new RsWorld();
});
const program = (endpoint: Endpoint | null): string | undefined => (endpoint === null ? undefined : world.processes.get(endpoint)?.program);
const pings = (to: Endpoint): number => world.harness.sent.filter((one) => one.to === to && one.how === NOTIFY).length;

/** Starts a service that is ready at once and gives its endpoint. */
function started(label: string, about: Parameters<RsWorld["start"]>[2] = {}): Endpoint {
  expect(world.start("up", label, about)).toBe(0);
  return world.lookup(label) as Endpoint;
}

describe("boot", () => {
  it("asks the boot services in order, VM before all others, and starts the disk driver and SCHED's replicas after them", () => {
    const order = world.inits.filter(([, type]) => type === SEF_INIT_FRESH).map(([endpoint]) => endpoint);
    expect(order.slice(0, 10)).toEqual(bootServices.slice(1, -1).map(({ endpoint }) => endpoint));
    expect(order[0]).toBe(VM);
    expect(program(world.lookup("at_wini_0"))).toBe("boot:at_wini");
    expect(world.majors.get(3)).toBe("at_wini_0");
    expect([...world.processes.values()].filter((one) => one.program === "boot:sched" && !one.allowed)).toHaveLength(2);
  });

  it("stops the system where a boot service cannot initialize", () => {
    const failing = new RsWorld((process) => (process === TTY ? code("EIO") : 0));
    expect(failing.harness.ended).toBe("kernel call exit");
    expect(failing.harness.output).toContain("panic: tty cannot initialize: error 5");
  });
});

describe("up and down", () => {
  it("publishes a service before it runs, and answers when it has initialized", () => {
    world.initResult = (_process, _type) => null;
    expect(world.start("up", "demo", { major: 30, deviceStyle: 1 })).toBeNull();
    const endpoint = world.labels.get("demo") as Endpoint;
    expect(program(endpoint)).toBe("test:demo");
    expect(world.majors.get(30)).toBe("demo");
    expect(world.inits.at(-1)).toEqual([endpoint, SEF_INIT_FRESH, NONE]);
    expect(world.lateAnswer(() => {
      world.reportInit(endpoint, 0);
      world.harness.run();
    })).toBe(0);
    expect(world.harness.sent.filter(({ to }) => to === endpoint).at(-1)?.message[1]).toBe(0); // the service is told too
  });

  it("answers at once where nobody wants to wait", () => {
    world.initResult = () => null;
    expect(world.start("up", "demo", { flags: RSS_NOBLOCK })).toBe(0);
  });

  it("answers EDEADEPT where the service cannot initialize, and forgets it, so that its label is free", () => {
    world.initResult = (_process, type) => (type === SEF_INIT_FRESH ? code("EIO") : 0);
    expect(world.start("up", "demo")).toBe(code("EDEADEPT"));
    expect(world.lookup("demo")).toBeNull();
    expect(world.labels.has("demo")).toBe(false);
    world.initResult = () => 0;
    expect(world.start("up", "demo")).toBe(0);
  });

  it("ends with SIGTERM, kills what does not listen after two periods, and answers when it is gone", () => {
    const endpoint = started("demo");
    expect(world.request("down", "demo")).toBeNull();
    expect(world.kills.at(-1)).toEqual([endpoint, SIGTERM]);
    world.periods(2);
    expect(world.kills).not.toContainEqual([endpoint, SIGKILL]);
    expect(world.lateAnswer(() => world.periods(1))).toBe(0);
    expect(world.processes.has(endpoint)).toBe(false);
    expect(world.labels.has("demo")).toBe(false);
    expect(world.lookup("demo")).toBeNull();
    expect(world.scheduled.filter(([, process]) => process === endpoint).map(([name]) => name)).toEqual(["start", "stop"]);
  });

  it.each([
    ["a label that is taken", () => world.start("up", "at_wini_0"), "EBUSY"],
    ["a major number that is taken", () => world.start("up", "demo", { major: 3, deviceStyle: 1 }), "EBUSY"],
    ["an impossible priority", () => world.start("up", "demo", { priority: 16 }), "EINVAL"],
    ["an impossible processor", () => world.start("up", "demo", { cpu: -3 }), "EINVAL"],
    ["nine interrupts", () => world.start("up", "demo", { irqCount: 9, irqs: [1, 2, 3, 4, 5, 6, 7, 8, 9] }), "EINVAL"],
    ["a path that is relative", () => world.start("up", "demo", { path: "sbin/demo" }), "EINVAL"],
    ["no service of that label", () => world.request("down", "nobody"), "ESRCH"],
    ["a core service to be taken down", () => world.request("down", "pm"), "EPERM"],
    ["a service to be restarted that runs", () => world.request("restart", "at_wini_0"), "EBUSY"],
    ["init to be refreshed", () => world.request("refresh", "init"), "EPERM"],
  ] as const)("refuses %s with %s", (_what, ask, error) => {
    const before = world.processes.size;
    expect(ask()).toBe(code(error));
    expect(world.processes.size).toBe(before);
  });

  it("refuses who is not root, save a service that may control this program", () => {
    started("child");
    world.write(CLIENT, 0x800, "child");
    const guard = started("guard", { uid: 12, control: [{ address: 0x800, length: 5 }] });
    world.uids.set(CLIENT, 1000);
    world.uids.set(guard, 12);
    expect(world.request("refresh", "child")).toBe(code("EPERM"));
    expect(world.start("up", "more")).toBe(code("EPERM"));
    expect(world.request("refresh", "child", guard)).toBe(0);
    expect(world.request("refresh", "at_wini_0", guard)).toBe(code("EPERM"));
  });

  it("says what the file holds where it can run nothing", () => {
    world.files.set("/sbin/text", "hello\n");
    expect(world.start("up", "text")).toBe(code("ENOEXEC"));
    world.files.set("/sbin/empty", "#!hosted \n");
    expect(world.start("up", "empty")).toBe(code("ENOEXEC"));
    expect(world.lookup("text")).toBeNull();
  });
});

describe("a crash", () => {
  it("puts a new instance at the same endpoint, gives it the old one's place, and removes the dead one after", () => {
    const endpoint = started("demo");
    const { pid } = world.processes.get(endpoint) as { pid: number };
    const before = world.processes.size;
    world.initResult = () => null;
    world.signal(endpoint, SIGSEGV);
    const [who, type, old] = world.inits.at(-1) as [Endpoint, number, Endpoint];
    expect([who, type]).toEqual([endpoint, SEF_INIT_RESTART]);
    expect(world.processes.has(old)).toBe(true); // its state is there to be read
    world.reportInit(endpoint, 0);
    world.harness.run();
    expect(world.processes.has(old)).toBe(false);
    expect(world.processes.get(endpoint)).toMatchObject({ pid, program: "test:demo", allowed: true });
    expect(world.processes.size).toBe(before);
    expect(world.labels.get("demo")).toBe(endpoint);
  });

  it("starts a service that keeps nothing anew: another endpoint, its label deleted and published", () => {
    const endpoint = started("demo");
    world.initResult = (_process, type) => (type === SEF_INIT_RESTART ? code("ERESTART") : 0);
    world.signal(endpoint, SIGKILL);
    const again = world.lookup("demo") as Endpoint;
    expect(again).not.toBe(endpoint);
    expect(world.labels.get("demo")).toBe(again);
    expect(world.processes.has(endpoint)).toBe(false);
    expect(program(again)).toBe("test:demo");
  });

  it("waits one period before the second restart, and restarts at once when asked to", () => {
    const endpoint = started("demo");
    world.signal(endpoint, SIGSEGV);
    const inits = (): number => world.inits.filter(([who]) => who === endpoint).length;
    expect(inits()).toBe(2);
    world.signal(endpoint, SIGSEGV);
    expect(inits()).toBe(2);
    expect(world.request("refresh", "demo")).toBe(code("EPERM"));
    world.periods(1);
    expect(inits()).toBe(3);
    world.signal(endpoint, SIGSEGV);
    expect(world.request("restart", "demo")).toBe(0);
    expect(inits()).toBe(4);
  });

  it("of a service that waits for its back-off leaves it to be taken down", () => {
    const endpoint = started("demo");
    world.signal(endpoint, SIGSEGV);
    world.signal(endpoint, SIGSEGV);
    expect(world.request("down", "demo")).toBe(0);
    expect(world.processes.has(endpoint)).toBe(false);
    world.periods(3);
    expect(world.lookup("demo")).toBeNull();
  });

  it("of a file server, or of any boot service, puts a new instance at its endpoint; one that cannot take over is gone", () => {
    for (const endpoint of [MFS, VFS, DS, TTY, PM, VM]) {
      world.signal(endpoint, SIGSEGV);
      expect(world.inits.at(-1)?.slice(0, 2)).toEqual([endpoint, SEF_INIT_RESTART]);
      expect(world.processes.get(endpoint)?.allowed).toBe(true);
    }
    world.periods(2);
    world.initResult = () => code("ENOSYS");
    world.signal(MFS, SIGSEGV);
    world.periods(2);
    expect(world.lookup("fs_imgrd")).toBeNull();
    expect(() => {
      world.signal(DS, SIGSEGV);
      world.periods(2);
    }).toThrow("ended");
    expect(world.harness.output).toContain("core system service died: ds");
  });

  it.each([[PM, "pm"], [VM, "vm"]] as const)("of endpoint %i needs neither PM nor VM: %s has replicas, which are made again afterwards", (endpoint, name) => {
    const replicas = (): number => [...world.processes.values()].filter(({ program, allowed }) => program === `boot:${name}` && !allowed).length;
    expect(replicas()).toBe(2);
    for (let time = 0; time < 4; time++) {
      world.silent.add(endpoint); // it is dead, and answers nobody
      world.initResult = () => null;
      world.signal(endpoint, SIGKILL);
      world.periods(2);
      expect(world.inits.at(-1)?.slice(0, 2)).toEqual([endpoint, SEF_INIT_RESTART]);
      world.signal(endpoint, SIGKILL); // so does the one that takes over
      expect(world.inits.filter(([who]) => who === endpoint).length).toBe(1 + 2 * (time + 1));
      world.silent.delete(endpoint);
      world.initResult = () => 0;
      world.reportInit(endpoint, 0);
      world.harness.run();
      expect(replicas()).toBe(2);
    }
    expect(world.swaps.filter(([how]) => how === "kernel").length).toBe(name === "vm" ? 8 : 0);
  });

  it("of SCHED is repaired without PM making a process", () => {
    const pmCalls = (): number => world.harness.sent.filter(({ to, how }) => to === PM && how === SENDREC).length;
    world.initResult = () => null;
    const before = pmCalls();
    world.signal(SCHED, SIGKILL);
    expect(world.inits.at(-1)?.slice(0, 2)).toEqual([SCHED, SEF_INIT_RESTART]);
    expect(pmCalls()).toBe(before);
  });

  it("passes other signals on, and does not let them touch a replica", () => {
    const endpoint = started("demo");
    world.signal(endpoint, SIGHUP);
    expect(world.harness.sent.filter(({ to }) => to === endpoint).at(-1)?.message.slice(1, 3)).toEqual(Int32Array.of(0xe00, SIGHUP));
    expect(world.request("clone", "demo")).toBe(0);
    expect(world.request("clone", "demo")).toBe(code("EEXIST"));
    const [replica] = [...world.processes].at(-1) as [Endpoint, unknown];
    world.signal(replica, SIGKILL);
    expect(world.processes.has(replica)).toBe(true);
    expect(world.lookup("demo")).toBe(endpoint);
  });

  it("during a refresh does not cost the new instance its life two periods later", () => {
    const endpoint = started("demo");
    expect(world.request("refresh", "demo")).toBe(0);
    world.signal(endpoint, SIGKILL); // it ends at once
    const kills = world.kills.length;
    world.periods(4);
    expect(world.kills.length).toBe(kills);
  });
});

describe("servers that RS may have to restart", () => {
  it("are not waited for: RS answers others while DS is dead, and goes on when DS is back", () => {
    world.silent.add(DS);
    expect(world.start("up", "demo")).toBeNull();
    expect(world.unanswered).toHaveLength(1);
    expect(world.lookup("tty")).toBe(TTY);
    world.silent.delete(DS);
    expect(world.lateAnswer(() => world.signal(DS, SIGSEGV))).toBe(0); // restarted; the request is made again
    expect(world.labels.get("demo")).toBe(world.lookup("demo"));
  });

  it("get one request at a time", () => {
    world.silent.add(DS);
    world.start("up", "one");
    world.start("up", "two");
    expect(world.unanswered).toHaveLength(1);
    world.answerHeld();
    expect(world.unanswered).toHaveLength(1);
    world.answerHeld();
    expect([...world.labels.keys()].filter((label) => label === "one" || label === "two")).toEqual(["one", "two"]);
  });

  it.each([false, true])("lose no request that an instance takes before it has taken over, whether it dies over that or not (%s)", (dies) => {
    world.absent.add(PM);
    world.initResult = () => null;
    expect(world.start("up", "demo")).toBeNull(); // PM is asked who that is, and dies before it takes this
    world.signal(PM, SIGKILL);
    world.absent.clear();
    world.silent.add(PM);
    world.harness.takeHeld(); // the instance that takes over has it
    expect(world.unanswered).toHaveLength(1);
    if (dies) world.signal(PM, SIGKILL);
    world.silent.clear();
    world.initResult = () => 0;
    world.unanswered.length = 0; // it forgets what it has taken before that
    world.reportInit(PM, 0, world.harness, 1);
    world.harness.run();
    expect(world.lookup("demo")).not.toBeNull();
    expect([...world.processes.values()].filter(({ program: runs }) => runs === "test:demo")).toHaveLength(1); // asked once more, not twice
  });

  it("get none while they start: it would be lost", () => {
    world.initResult = (process) => (process === DS ? null : 0);
    world.signal(DS, SIGSEGV);
    expect(world.start("up", "demo")).toBeNull();
    expect(world.labels.has("demo")).toBe(false);
    world.reportInit(DS, 0);
    world.harness.run();
    expect(world.labels.has("demo")).toBe(true);
  });
});

describe("the period", () => {
  it("pings, and restarts what does not answer within two of its periods", () => {
    const endpoint = started("demo", { period: 60 });
    world.periods(2);
    expect(pings(endpoint)).toBe(1);
    world.harness.notify(endpoint); // it answers
    world.periods(2);
    expect(pings(endpoint)).toBe(2);
    expect(world.kills).toEqual([]);
    world.periods(4);
    expect(world.kills).toContainEqual([endpoint, SIGKILL]);
    expect(world.inits.at(-1)?.slice(0, 2)).toEqual([endpoint, SEF_INIT_RESTART]);
    world.harness.notify(endpoint);
    world.periods(9);
    expect(world.kills.filter(([who]) => who === endpoint).length).toBeGreaterThan(1); // the second time as well
  });

  it("ends an initialization that takes more than twenty seconds", () => {
    world.initResult = () => null;
    expect(world.start("up", "demo")).toBeNull();
    world.periods(20);
    expect(world.kills).toEqual([]);
    expect(world.lateAnswer(() => world.periods(2))).toBe(code("EDEADEPT"));
  });
});

describe("recovery scripts", () => {
  it("run as a shell of root that is no service, with label, reason and count; the service waits", () => {
    world.files.set("/bin/sh", elf());
    const endpoint = started("demo", { scriptPath: "/etc/policy" });
    world.signal(endpoint, SIGSEGV);
    const [shell, about] = [...world.processes].at(-1) as [Endpoint, { user: boolean; allowed: boolean }];
    expect(about).toMatchObject({ user: true, allowed: true });
    expect(stackOf(shell)).toContain(["sh", "/etc/policy", "demo", "terminated", "0", ""].join("\0"));
    expect(world.scheduled.at(-1)).toEqual(["start", shell]);
    expect(world.inits.filter(([who]) => who === endpoint)).toHaveLength(1);
    expect(world.request("restart", "demo")).toBe(0);
    expect(world.inits.at(-1)?.slice(0, 2)).toEqual([endpoint, SEF_INIT_RESTART]);
  });

  it("that cannot run bring the service down", () => {
    const endpoint = started("demo", { scriptPath: "/etc/policy" });
    world.signal(endpoint, SIGSEGV);
    expect(world.harness.output).toContain("recovery script /etc/policy cannot run: ENOENT");
    expect(world.lookup("demo")).toBeNull();
  });
});

describe("live update", () => {
  const ready = (endpoint: Endpoint, result: number): void => {
    const message = newMessage(0x715);
    message[2] = result;
    world.harness.send(endpoint, message, SENDREC);
  };
  const version = (): Endpoint => [...world.processes].find(([, one]) => one.program === "test:demo2")?.[0] as Endpoint;
  let endpoint: Endpoint;
  beforeEach(() => {
    endpoint = started("demo");
    world.files.set("/sbin/demo2", "#!hosted test:demo2\n");
  });

  it("asks the old version, swaps, lets the new one start from the old one's state, and removes the old one", () => {
    const before = world.processes.size;
    expect(world.start("update", "demo", { path: "/sbin/demo2" })).toBeNull();
    expect(world.prepares).toEqual([[endpoint, 1]]);
    expect(world.start("update", "at_wini_0", { flags: RSS_SELF_LU })).toBe(code("EBUSY"));
    expect(world.lateAnswer(() => ready(endpoint, 0))).toBe(0);
    expect(world.inits.at(-1)?.slice(0, 2)).toEqual([endpoint, SEF_INIT_LU]);
    expect(program(endpoint)).toBe("test:demo2");
    expect(world.processes.size).toBe(before);
    world.signal(endpoint, SIGSEGV);
    expect(program(endpoint)).toBe("test:demo2"); // what is restarted is the new version
  });

  it("gives a service that has a new version replicas of it: those of the old one might not know its state", () => {
    const waiting = (): (string | null)[] => [...world.processes.values()].filter(({ allowed }) => !allowed).map((one) => one.program).filter((one) => one?.includes("pm") === true);
    expect(waiting()).toEqual(["boot:pm", "boot:pm"]);
    world.files.set("/sbin/pm2", "#!hosted test:pm2\n");
    expect(world.start("update", "pm", { path: "/sbin/pm2" })).toBeNull();
    expect(world.lateAnswer(() => ready(PM, 0))).toBe(0);
    world.harness.run();
    expect(waiting()).toEqual(["test:pm2", "test:pm2"]);
  });

  it.each([
    ["the old version is not ready", (): void => ready(endpoint, code("EINVAL")), "EINVAL"],
    ["its time is over", (): void => world.periods(3), "EINTR"],
    ["the swap is refused", (): void => { world.swapError = "EBUSY"; ready(endpoint, 0); }, "EBUSY"],
    ["the new version cannot initialize", (): void => { world.initResult = () => code("EIO"); ready(endpoint, 0); }, "ERESTART"],
    ["the new version never gets ready", (): void => world.periods(22), "ERESTART", false],
    ["the new version dies while it gets ready", (): void => world.signal(version(), SIGSEGV), "ERESTART", false],
    ["the new version never initializes", (): void => { world.initResult = () => null; ready(endpoint, 0); world.periods(22); }, "ERESTART"],
  ] as const)("leaves the old version running where %s", (_why, event, error, notReady?: false) => {
    const standsBy = notReady === undefined;
    const before = world.processes.size;
    world.standsBy = standsBy;
    world.start("update", "demo", { path: "/sbin/demo2" });
    expect(world.prepares).toHaveLength(standsBy ? 1 : 0);
    expect(world.lateAnswer(event)).toBe(code(error));
    world.standsBy = true;
    expect(program(endpoint)).toBe("test:demo");
    expect(world.processes.size).toBe(before);
    world.swapError = null;
    world.initResult = () => 0;
    world.start("update", "demo", { path: "/sbin/demo2" });
    expect(world.lateAnswer(() => ready(endpoint, 0))).toBe(0); // and nothing of the failure is left
    world.signal(endpoint, SIGSEGV);
    expect(world.lookup("demo")).toBe(endpoint);
  });

  it("of RS itself: where the new version dies the old one has its place back, and nothing of the new one is left", () => {
    const before = world.processes.size;
    expect(world.lateAnswer(() => void world.start("update", "rs", { path: "/sbin/rs2" }))).toBe(code("ERESTART"));
    expect(world.tried).toBe("test:rs");
    expect(world.swaps).toEqual([["kernel", RS], ["kernel", RS]]);
    expect(program(RS)).toBe("boot");
    expect(world.processes.size).toBe(before);
    expect(world.prepares).toEqual([]); // it asks itself
  });

  it("of RS itself waits until nothing is in work, and what comes meanwhile waits for its end", () => {
    world.silent.add(DS);
    expect(world.start("up", "more")).toBeNull(); // DS is to publish it
    expect(world.start("update", "rs", { flags: RSS_SELF_LU })).toBeNull();
    expect(world.tried).toBeNull();
    const late = world.lateAnswer(() => void world.request("refresh", "demo"));
    expect(late).toBeNull();
    world.silent.clear();
    const answers = world.answersTo(CLIENT, () => world.answerHeld());
    expect(answers).toEqual([0, code("ERESTART"), 0]); // up; update, which fails here; refresh
    expect(world.tried).toBe("boot:rs");
  });

  it("of RS itself is given up where RS is not ready in time, and where its program is no hosted one", () => {
    world.silent.add(DS);
    world.start("up", "more");
    world.start("update", "rs", { flags: RSS_SELF_LU });
    expect(world.answersTo(CLIENT, () => world.periods(3))).toEqual([code("EINTR")]);
    world.silent.clear();
    world.answerHeld();
    expect(world.tried).toBeNull();
    world.files.set("/sbin/rs", elf());
    expect(world.start("update", "rs")).toBe(code("ENOEXEC"));
    expect(world.start("update", "rs", { lu: 0 })).toBe(code("EINVAL"));
  });

  it("drops a version that gets ready when its service is gone", () => {
    world.standsBy = false;
    world.start("update", "demo", { path: "/sbin/demo2" });
    const ready = version();
    world.signal(endpoint, SIGSEGV);
    world.periods(2);
    expect(program(endpoint)).toBe("test:demo"); // restarted
    world.harness.notify(ready);
    expect(world.processes.has(ready)).toBe(false);
    expect(world.prepares).toEqual([]);
  });

  it("ends where the old version crashes while it prepares, and while the new one is read", () => {
    world.start("update", "demo", { path: "/sbin/demo2" });
    expect(world.lateAnswer(() => world.signal(endpoint, SIGSEGV))).toBe(code("ERESTART"));
    world.periods(2);
    expect(program(endpoint)).toBe("test:demo");
    world.silent.add(1 as Endpoint);
    world.start("update", "demo", { path: "/sbin/demo2" });
    expect(world.lateAnswer(() => world.signal(endpoint, SIGSEGV))).toBe(code("ERESTART"));
    const before = world.inits.length;
    world.silent.clear();
    while (world.unanswered.length > 0) world.answerHeld();
    world.periods(2);
    expect(world.inits.length).toBeGreaterThan(before); // it was restarted, as after any crash
    expect(program(endpoint)).toBe("test:demo");
    expect([...world.processes.values()].filter((one) => one.program === "test:demo2")).toEqual([]);
  });

  it("refuses state 0 and more than twenty periods", () => {
    expect(world.start("update", "demo", { lu: 0 })).toBe(code("EINVAL"));
    expect(world.start("update", "demo", { maxTime: 20 * 60 + 1 })).toBe(code("EINVAL"));
  });
});

it("edits a running service: scheduler, privileges, program", () => {
  const endpoint = started("demo");
  expect(world.start("edit", "demo", { priority: 3, irqCount: 1, irqs: [5], flags: RSS_COPY })).toBe(0);
  expect(world.processes.get(endpoint)?.privileges).toMatchObject({ irqCount: 1, irqs: [5, 0, 0, 0, 0, 0, 0, 0] });
  expect(world.scheduled.filter(([, who]) => who === endpoint).map(([name]) => name)).toEqual(["start", "stop", "start"]);
  expect(world.start("edit", "demo", { path: "relative" })).toBe(code("EINVAL"));
  expect(world.scheduled.filter(([, who]) => who === endpoint)).toHaveLength(3);
});

it.each([["rs", RS], ["pm", PM]] as const)("keeps the replicas of %s, which is edited, until others are there", (label, service) => {
  const replicas = (): Endpoint[] => [...world.processes].filter(([endpoint, { program: runs, allowed }]) => runs === `boot:${label}` && !allowed && endpoint !== service).map(([endpoint]) => endpoint);
  const before = replicas();
  expect(before).toHaveLength(2);
  world.faults.set("srvFork", "EAGAIN");
  expect(world.start("edit", label, { period: 30 })).toBe(0);
  expect(replicas()).toEqual(before);
  world.faults.clear();
  expect(world.start("edit", label, { period: 31 })).toBe(0);
  expect(replicas()).toHaveLength(2);
  expect(replicas().filter((one) => before.includes(one))).toEqual([]);
});

it("shows the public table to root, at its exact size", () => {
  started("demo");
  const ask = (size: number): number => {
    const message = newMessage(COMMON_GETSYSINFO);
    message.set([SI_PROCPUB_TAB, size, 0, 0x2000], 2);
    return world.harness.send(CLIENT, message).find(({ to }) => to === CLIENT)?.message[1] as number;
  };
  const size = NR_SYS_PROCS * RPROCPUB_BYTES;
  expect(ask(size - 1)).toBe(code("EINVAL"));
  expect(ask(size)).toBe(0);
  const table = world.harness.clients.space(CLIENT).subarray(0x2000, 0x2000 + size);
  const labels = Array.from({ length: NR_SYS_PROCS }, (_, i) => decodeRprocPub(table, i * RPROCPUB_BYTES)).filter(({ inUse }) => inUse).map(({ label }) => label);
  expect(labels).toEqual([...bootServices.map(({ label }) => label), "at_wini_0", "demo"]);
  world.uids.set(CLIENT, 5);
  expect(ask(size)).toBe(code("EPERM"));
});

it("answers a wrong number of its own with EINVAL and others not at all", () => {
  expect(world.harness.send(LOG, newMessage(0x7f0)).map(({ message }) => message[1])).toContain(errorCode("EINVAL"));
  expect(world.harness.send(LOG, newMessage(0x123)).filter(({ to }) => to === LOG)).toEqual([]);
  expect(world.harness.ended).toBeNull();
  expect(RS).toBe(2);
});

function stackOf(process: Endpoint): string {
  return String.fromCharCode(...world.harness.clients.space(process).subarray(0x40000 - 256, 0x40000));
}

it("shows what it keeps of each instance to root, at the exact size of the table", () => {
  started("demo");
  const ask = (size: number): number => {
    const message = newMessage(COMMON_GETSYSINFO);
    message.set([SI_PROC_TAB, size, 0, 0x2000], 2);
    return world.harness.send(CLIENT, message).find(({ to }) => to === CLIENT)?.message[1] as number;
  };
  expect(ask(RPROC_TABLE_BYTES + 4)).toBe(code("EINVAL"));
  expect(ask(RPROC_TABLE_BYTES)).toBe(0);
  const table = world.harness.clients.space(CLIENT).subarray(0x2000, 0x2000 + RPROC_TABLE_BYTES);
  const entries = Array.from({ length: NR_SYS_PROCS }, (_, i) => rprocInfo.decode(table, i * rprocInfo.bytes)).filter(({ flags }) => flags !== 0);
  const active = entries.filter(({ flags }) => (flags & RS_ACTIVE) !== 0);
  expect(active.map(({ endpoint }) => endpoint).slice(0, 3)).toEqual([RS, VM, PM]);
  expect(active.at(-1)).toMatchObject({ flags: RS_IN_USE | RS_ACTIVE, restarts: 0, uid: 0 });
  expect(active.at(-1)?.command).toContain("demo");
  world.uids.set(CLIENT, 5);
  expect(ask(RPROC_TABLE_BYTES)).toBe(code("EPERM"));
});
