import { defaultServices } from "@procyon-os/emulator";
import { fail, type Program, type ServiceImage } from "@procyon-os/message";
import { sefStartup, stateSpec } from "@procyon-os/sef";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { counter, counterClient, clientFiles } from "./clients.mjs";
import { Machine, rootImage, watched } from "./machine.mjs";
import { unit, unitFiles } from "./units.mjs";

const DEAD = "Request 0x700 to RS failed: Dead endpoint (error 302)\nservice: the service ended before it was initialized, and is gone: see the messages\n";
const silentCounter: ServiceImage = { ...(counter(1, { minor: 9 }) as ServiceImage), *main(): Program<never> { for (;;) yield* unit.main(["unit", "silent"]) as Program<void>; } };
const bad: { readonly [what: string]: ServiceImage } = {
  refuses: counter(1, { minor: 1, callbacks: { *initLu() { return fail("EGENERIC"); } } }),
  crashes: counter(1, { minor: 2, callbacks: { *initLu() { throw new Error("planted"); } } }),
  "crashes at once": counter(1, { minor: 3, *start() { throw new Error("planted"); } }),
  "has a state of another version": counter(1, { minor: 4, stateVersion: 7 }),
  "never answers": silentCounter,
};
const order: string[] = [];
let machine: Machine;
let from = 0;

/** What was printed in this test by one service, or by anyone. */
const said = (name = ""): string[] => machine.messages.slice(from).split("\n").filter((line) => line.startsWith(name === "" ? "" : `${name}: `)).map((line) => line.slice(name === "" ? 0 : name.length + 2));
const up = (label: string, what: string, options = "", flags = ""): { output: string; status: number } =>
  machine.run(`service ${flags} up /test/unit -config /test/unit.conf -label ${label} -args '${what}' ${options}`);
const seconds = (): number => machine.system.board.clock.now / 14_318_180;
const kill = (label: string): void => void machine.must(`kill -9 ${machine.service(label)?.pid}`);

beforeAll(() => {
  const names = ["vm", "pm", "sched", "vfs", "ds", "tty", "memory", "log", "mfs", "pfs"];
  const services = watched(names, ({ name, frame }: { name: string; frame: { ecx: number; eax: number; message: Int32Array | null } }) => {
    if (!order.includes(name)) order.push(name);
    if (name === "vm" && frame.ecx === 3 && frame.eax === 2 && frame.message?.[1] === 0x714) order.push("vm is ready");
  });
  const packages = [unit, counter(1), counter(2), counterClient, ...Object.values(bad)];
  machine = new Machine([rootImage({ ...unitFiles, ...clientFiles })], { packages, services });
  machine.must("service up /test/counter -config /test/test.conf -label counter");
});
afterEach(() => {
  machine.system.kernel.check();
  from = machine.messages.length;
});

describe("starting", () => {
  it("[R02] starts the boot services in the order of RS's table, and waits for VM before the next", () => {
    expect(order[0]).toBe("vm");
    expect(order.indexOf("vm is ready")).toBe(1);
    expect(new Set(order)).toEqual(new Set(["vm", "vm is ready", "pm", "sched", "vfs", "ds", "tty", "memory", "log", "mfs", "pfs"]));
  });

  it("[R02] panics with the reason where a boot service does not initialize", () => {
    const image = defaultServices["log"] as ServiceImage;
    const broken = { ...image, *main(): Program<unknown> { return yield* sefStartup(stateSpec<null>({ name: "log", version: 1, saved: false }), { *initFresh() { return fail("EIO"); } }); } };
    let messages = "";
    expect(() => new Machine([rootImage({})], { services: { log: broken }, onMessage: (text: string) => void (messages += text) })).toThrow("the machine is panic");
    expect(messages).toMatch(/rs\(2\): panic: log cannot initialize: error 5/);
  });

  it("[R01] [R04] gives every service the public entries through a grant: RS has one, no kernel task and no user has", () => {
    expect(up("table", "table").status).toBe(0);
    const [entries = "", beyond] = said("table");
    const names = entries.split(" ").map((entry) => entry.split("=")[0]);
    expect(names.slice(0, 12)).toEqual(["rs", "vm", "pm", "sched", "vfs", "ds", "tty", "memory", "log", "fs_imgrd", "pfs", "init"]);
    expect(names.slice(12).sort()).toEqual(["at_wini_0", "counter", "table"]); // and nobody else
    expect(beyond).toBe("beyond EPERM"); // the private entries are elsewhere
  });

  it.each(["failing", "leaving", "silent", "nothing"])("[R03] brings a dynamic service down that is %s in its initialization, and its label is free again", (what) => {
    const start = seconds();
    expect(up("young", what)).toEqual({ output: DEAD, status: 302 & 255 });
    expect(seconds() - start).toBeLessThan(what === "silent" ? 25 : 1);
    expect(machine.service("young")).toBeNull();
    expect(up("young", "listening")).toEqual({ output: "", status: 0 });
    expect(machine.must("service down young")).toBe("");
  });

  it("[R05] holds a service to the kernel calls, VM calls, ports, interrupts and partners of system.conf", () => {
    machine.must("service up /test/unit -config /test/other.conf -label other -args listening");
    machine.must(`service up /test/unit -config /test/rights.conf -label rights -args 'rights ${machine.service("other")?.endpoint}'`);
    expect(said("rights")).toEqual([
      "privctl ECALLDENIED", "port 70 OK", "port 80 EPERM", "irq 8 OK", "irq 9 EPERM", "vm info EINVAL", "vm fork EPERM",
      "to pm -38", "to the other -104", "to ds -22",
    ]);
  });
});

describe("looking after", () => {
  it("[S03] [S01] answers pings without any code of the service, which sees only what is its own", () => {
    expect(up("quiet", "listening", "-period 1HZ").status).toBe(0);
    const before = machine.service("quiet");
    machine.pass(10);
    expect(said("listening")).toEqual([]);
    expect(machine.service("quiet")).toEqual(before);
    expect(up("to", `rights ${before?.endpoint}`).status).toBe(0); // another sends it what it does not know
    machine.pass(0.5);
    expect(said("listening")).toEqual(["gets 0x7fff"]);
    machine.must("service down quiet");
    machine.must("service down to");
  });

  it("[R06] starts a service again at once, and makes it wait when it keeps failing", () => {
    expect(up("deaf", "types", "-period 1HZ").status).toBe(0);
    const times: number[] = [];
    for (let time = 0; time < 3; time++) {
      const count = said("types").length;
      kill("deaf");
      const start = seconds();
      machine.until(() => said("types").filter((line) => line.startsWith("restart")).length > time, "a restart");
      times.push(seconds() - start);
      expect(said("types").length).toBeGreaterThan(count);
    }
    expect(times[0]).toBeLessThan(0.2); // at once
    expect(Math.min(times[1] as number, times[2] as number)).toBeGreaterThan(0.2); // then at the end of a period, since its program needs no disk
    machine.must("service down deaf");
  });

  it("[R06] asks the policy script, which is told why, and does what it says", () => {
    expect(up("mute", "mute", "-period 1HZ -script /test/policy.sh").status).toBe(0);
    machine.pass(20);
    expect(machine.must("cat /tmp/policy")).toBe("mute no-heartbeat 0\nmute no-heartbeat 1\nmute no-heartbeat 2\n");
    expect(machine.service("mute")).toBeNull();
    expect(up("once", "panicking", "-script /etc/rs.single").status).toBe(0);
    kill("once");
    machine.pass(1);
    expect(machine.service("once")).toBeNull();
  });

  it("[R08] [S07] recovers a crashed service at its endpoint with its state, and its client hears of it at most once", () => {
    machine.must("service up /test/adder -config /test/test.conf -label adder");
    const before = machine.service("counter");
    for (let time = 0; time < 5; time++) {
      kill("counter");
      machine.pass(3);
    }
    expect(machine.service("counter")).toEqual(before);
    machine.must("service down adder");
    const [, done, wrong, lost] = /done (\d+) wrong (\d+) lost (\d+)/.exec(said("adder").pop() ?? "")?.map(Number) ?? [];
    expect(done).toBeGreaterThan(100);
    expect(wrong).toBe(0);
    expect(lost).toBeLessThanOrEqual(5); // add is not repeatable: who was served in the crash got EDEADSRCDST
  });

  it("[D05] has VFS ask again, when a driver announces itself in DS, for what its dead instance had promised", () => {
    machine.must("dd if=/dev/klog bs=60000 count=1 2>/dev/null >/dev/null; dd if=/dev/klog bs=100 count=1 2>/dev/null >/tmp/read &");
    machine.pass(0.5);
    kill("log");
    machine.pass(0.5);
    expect(machine.must("echo said >/dev/klog; wait; cat /tmp/read")).toMatch(/\S/);
  });

  it("[R09] keeps a replica ready where it is asked to, and swaps it in without making a process", () => {
    const units = (): number => machine.must("ps").split("\n").filter((line) => line.endsWith("hosted unit")).length;
    const before = units();
    expect(up("twice", "types", "", "-p").status).toBe(0);
    expect(units()).toBe(before + 2);
    for (const lives of [1, 2]) {
      kill("twice");
      machine.until(() => said("types").includes(`restart after another with ${lives}`), "the replica");
      machine.pass(2);
      expect(units()).toBe(before + 2); // and another one stands by
    }
    machine.must("service down twice");
    expect(units()).toBe(before);
    expect(machine.run("service clone log; service clone log")).toMatchObject({ output: expect.stringMatching(/exists/i) as string });
    kill("log");
    machine.pass(1);
    expect(machine.run("echo on >/dev/klog").status).toBe(0);
  });

  it("[R12] publishes labels in DS, and takes back what a service left when it is gone", () => {
    up("publishing", "publishing");
    machine.pass(0.5);
    expect(up("retrieving", "retrieving").status).toBe(0);
    machine.must("service down publishing");
    machine.must("service down retrieving");
    expect(up("retrieving", "retrieving").status).toBe(0);
    machine.pass(0.5);
    expect(said("retrieving")).toEqual(["kept 77", "label true", "kept ESRCH", "label true"]);
    machine.must("service down retrieving");
  });
});

describe("updating", () => {
  beforeAll(() => void machine.must("service up /test/adder -config /test/test.conf -label adder"));

  it.each(Object.keys(bad))("[R07] [S07] takes an update back where the new version %s, and the old one goes on with nothing lost", (what) => {
    const before = machine.service("counter");
    const image = bad[what] as ServiceImage;
    expect(machine.run(`service update counter --package counter@${image.version}`)).toEqual({ output: "Request 0x705 to RS failed: Driver restarted (error 41)\nservice: the new version failed, and the old one goes on\n", status: 41 });
    expect(machine.service("counter")).toEqual(before);
    if (what.startsWith("has a state")) expect(said("sef")).toEqual(["counter: no migration from state version 1 to 7"]);
    machine.must("service down adder");
    expect(said("adder").pop()).toMatch(/^done [1-9]\d* wrong 0 lost 0 $/);
    machine.must("service up /test/adder -config /test/test.conf -label adder");
  });

  it("[S05] [S02] asks for the state that the update wants, as often as it takes, and refuses one that it does not know", () => {
    machine.must("service down adder");
    expect(up("states", "states").status).toBe(0);
    expect(machine.run("service update self -label states -state 4").status).toBe(0);
    expect(said("states")).toEqual(["state 0 to 4", "update with asked 2"]);
    expect(machine.run("service update self -label states -state 5").status).toBe(22);
    expect(machine.run("service update self -label states -state 9 -maxtime 1HZ").status).toBe(4);
    expect(machine.run("service update self -label states -state 0").status).not.toBe(0);
    expect(said("states").slice(2)).toEqual(["state 0 to 9", "state 9 to 0"]);
    expect(machine.run("service update self -label states").status).toBe(0); // after that it goes as before
  });

  it("[S04] [S02] tells an instance whether it starts fresh, by an update or after a crash; own callbacks take the place of the defaults", () => {
    expect(up("kinds", "types", "-period 1HZ").status).toBe(0);
    machine.must("service update self -label kinds");
    kill("kinds");
    machine.pass(4);
    const lines = said("types");
    expect(lines.filter((line) => line !== "pinged")).toEqual(["fresh alone with nothing", "update after another with 1", "restart after another with 2"]);
    expect(lines).toContain("pinged");
    machine.must("service down kinds");
  });

  it.each(["pm", "vfs", "fs_imgrd", "pfs"])("[R11] updates %s, and who has files and children open notices nothing", (label) => {
    machine.must("sleep 1 &");
    expect(machine.run(`echo before >/tmp/open; service update self -label ${label}`)).toEqual({ output: "", status: 0 });
    expect(machine.run("wait; cat /tmp/open; echo on | cat >/tmp/x; cat /tmp/x")).toMatchObject({ output: expect.stringMatching(/before\non/) as string, status: 0 });
  });

  it("[R11] updates RS itself as fast as any other", () => {
    const start = seconds();
    expect(machine.run("service update self -label rs").status).toBe(0);
    expect(seconds() - start).toBeLessThan(1);
  });
});

describe("signals and system", () => {
  it("[S06] hands signals to the service's callback, SIGTERM of `service down` among them", () => {
    expect(up("signals", "signals").status).toBe(0);
    const start = seconds();
    machine.must("service down signals");
    expect(seconds() - start).toBeLessThan(0.5); // it ends by itself
    expect(said("signals")).toEqual(["signal 15"]);
  });

  it("[L03] ends a service that panics with its name and reason, where the log has it too, and it is started again", () => {
    expect(up("panicking", "panicking").status).toBe(0);
    machine.must(`kill -USR1 ${machine.service("panicking")?.pid}`);
    machine.pass(0.5);
    expect(said().join("\n")).toMatch(/^unit\(\d+\): panic: as it was told$/m);
    expect(machine.must("dd if=/dev/klog bs=60000 count=1 2>/dev/null")).toContain("panic: as it was told");
    expect(machine.service("panicking")).not.toBeNull();
    machine.must("service down panicking");
  });

  it("[L04] sends asynchronously, and has alarms", () => {
    expect(up("sending", "sending").status).toBe(0);
    machine.pass(1);
    expect(said("sending")).toEqual(["to itself -104", "alarm true", "answer of 6: -22"]);
  });

  it("[D02] [D03] notifies who subscribed to a pattern and type when it is published, written again and deleted; owners decide who may", () => {
    up("subscribing", "subscribing");
    up("publishing", "publishing");
    up("strange", "strange");
    machine.pass(0.5);
    expect(said("publishing")).toEqual([
      'publish "done"', "retrieve 1234", "again EEXIST", 'over "done"', "retrieve 4321", "as text ESRCH", 'text "done"',
      'as text "a text of more than sixteen characters"', 'memory "done"', "memory [1,2,3]", 'elsewhere "done"', "long key EINVAL",
      'own label "publishing"', "label EPERM", 'delete "done"', "retrieve ESRCH", 'delete memory "done"', 'kept "done"',
    ]);
    expect(said("subscribing")).toEqual([
      "bad EINVAL", "subscribe OK", "due test.a", "ENOENT", "due test.a", "ENOENT", "ENOENT", "due test.kept", "ENOENT",
    ]);
    expect(said("strange")).toEqual(["over EPERM", "delete EPERM", "retrieve 77"]);
    kill("ds"); // subscriptions and values survive it
    machine.pass(1);
    machine.must("service down publishing");
    machine.pass(0.5);
    expect(said("subscribing").slice(9)).toEqual(["ENOENT"]);
  });
});
