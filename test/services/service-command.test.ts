import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { Machine, rootImage } from "./machine.mjs";
import { unit, unitFiles } from "./units.mjs";

// The command `service` and system.conf: reference/rs-sef-ds-syslib.md 3. Titles carry the numbers of its sections.
let machine: Machine;
let from = 0;
const said = (name: string): string[] => machine.messages.slice(from).split("\n").filter((line: string) => line.startsWith(`${name}: `)).map((line: string) => line.slice(name.length + 2));
const U = "/test/unit -config /test/unit.conf";
const EINVAL = 22;

const confs: { readonly [file: string]: string } = {
  "/test/sub/unit": "#!hosted unit\n",
  "/etc/system.conf.d/own": "service other { uid 0; };\n",
  "/usr/pkg/etc/system.conf.d/packaged": "service packaged { uid 0; };\n",
  "/etc/system.conf.d/packaged": "this is not read\n",
  "/test/own": "#!hosted unit\n",
  "/test/packaged": "#!hosted unit\n",
  "/test/unlisted": "#!hosted unit\n",
  "/test/text": "hello\n",
};

beforeAll(() => {
  machine = new Machine([rootImage({ ...unitFiles, ...confs })], { packages: [unit] });
  machine.must(`A=${"x".repeat(100)}`);
});
afterEach(() => {
  machine.system.kernel.check();
  from = machine.messages.length;
});

/** Writes a configuration and starts the unit with it. */
function withConf(text: string, what = "listening", label = "conf", action = "up"): { output: string; status: number } {
  machine.must(`cat >/tmp/c.conf <<'END'\n${text}END`);
  return machine.run(`service ${action} /test/unit -config /tmp/c.conf -label ${label} -args '${what}'`);
}

describe("8.52, 3.2: bad input ends with a line that says what is wrong, and with the status of its kind", () => {
  it.each([
    ["the action is missing", EINVAL, ""],
    ["start: there is no such action, but up run edit", 38, "start x"],
    ["-c -r -n -p only", EINVAL, "-x list"],
    ["are for up, run, edit and update", EINVAL, "-c list"],
    ["'more' is too much", EINVAL, "list more"],
    ["up: the program is missing", EINVAL, "up"],
    ["down: the label is missing: see service list", EINVAL, "down"],
    ["'b' is too much", EINVAL, "down a b"],
    ["the label is empty", EINVAL, "down ''"],
    ["test/unit: the path of the program must begin with /", EINVAL, "up test/unit"],
    ["/test/nothing: No such file or directory", 2, "up /test/nothing"],
    ["/test is not a regular file", EINVAL, "up /test"],
    ["-label: its value is missing", EINVAL, `up ${U} -label`],
    ["-size: no such option", EINVAL, `up ${U} -size 5`],
    ["'argument' is too much: arguments of the program go into -args", EINVAL, `up ${U} argument`],
    ["-period: '5HX' is neither a number of ticks nor of seconds, as in 5HZ", EINVAL, `up ${U} -period 5HX`],
    ["-period: '-5'", EINVAL, `up ${U} -period -5`],
    ["-major: '0' is not a number from 1 to 255", EINVAL, `up ${U} -major 0`],
    ["-dev: the major number is given twice", EINVAL, `up ${U} -major 30 -dev /dev/tty`],
    ["/etc/rc is not a device", EINVAL, `up ${U} -dev /etc/rc`],
    ["-dev: /dev/nothing: No such file", 2, `up ${U} -dev /dev/nothing`],
    ["there is no 'STYLE_X', but STYLE_ and one of DEV DEVA TTY CTTY CLONE CLONE_A", EINVAL, `up ${U} -devstyle STYLE_X`],
    ["this system has no device manager", 38, `up ${U} -devid 4`],
    ["-state is for update", EINVAL, `up ${U} -state 2`],
    ["--package is for update", EINVAL, `up ${U} --package unit`],
    ["longer than 511 characters", 7, `up ${U} -args "$A$A$A$A$A$A"`],
    ["update: -label says which service is meant, and is missing", EINVAL, "update self"],
    ["-state: '0' is not a number from 1", EINVAL, "update self -label ds -state 0"],
    ["-state: 'free'", EINVAL, "update self -label ds -state free"],
    ["-maxtime: '2S'", EINVAL, "update self -label ds -maxtime 2S"],
    ["more than 20 seconds", EINVAL, "update self -label ds -maxtime 21HZ"],
    ["edit: -label says which service is meant", EINVAL, "edit /test/unit -config /test/unit.conf"],
    ["nobody: No such process", 3, "lookup nobody"],
    ["no service has this label: see service list", 3, "down nobody"],
    ["the system cannot be without this service", 1, "down pm"],
    ["the label or the major number is taken: see service list", 16, "up /sbin/memory -label memory2 -major 1"],
    ["service 'text' not found in '/test/unit.conf'", 1, "up /test/text -config /test/unit.conf"],
    ["names a package that this machine does not have", 2, "update at_wini_0 --package nothing@1.0.0"],
  ])("'%s'", (message, status, line) => {
    const before = machine.must("service list");
    const got = machine.run(`service ${line}`);
    expect(got.output).toContain(message);
    expect(got.status).toBe(status);
    expect(machine.must("service list")).toBe(before);
  });
});

describe("3.1: every action and option", () => {
  it("up, lookup, list and down; -label, -args, -config; the program's name is the label where none is given", () => {
    expect(machine.run(`service up ${U} -args listening`)).toEqual({ output: "", status: 0 });
    expect(machine.must("service lookup unit")).toBe(`${machine.service("unit")?.endpoint}\n`);
    expect(machine.must("service list")).toMatch(/^unit +\d+ +\d+ unit +-$/m);
    expect(machine.run("service down unit")).toEqual({ output: "", status: 0 });
    expect(machine.service("unit")).toBeNull();
  });

  it("-n answers before the service has initialized, without it the answer waits for that", () => {
    expect(machine.run(`service -n up ${U} -label slow -args silent`)).toEqual({ output: "", status: 0 });
    expect(machine.run("service down slow")).toMatchObject({ status: 16, output: expect.stringContaining("the service starts") as string });
    machine.pass(25);
    expect(machine.service("slow")).toBeNull();
  });

  it("run brings a service down when it has ended; -script gives it another script", () => {
    machine.must(`service run ${U} -label once -args types`);
    machine.must(`kill -9 ${machine.service("once")?.pid}`);
    machine.pass(2);
    expect(machine.service("once")).toBeNull();
    machine.must(`service run ${U} -label again -args types -script /test/policy.sh`);
    machine.must(`kill -9 ${machine.service("again")?.pid}`);
    machine.pass(2);
    expect(machine.must("cat /tmp/policy")).toBe("again terminated 0\n");
    machine.must("service down again");
  });

  it("-dev takes number and style from a device file, -major from the line; -devstyle says how VFS talks to it", () => {
    machine.must("mknod /tmp/dev b 30 0");
    machine.must(`service up ${U} -label one -args listening -dev /tmp/dev`);
    machine.must(`service up ${U} -label two -args listening -major 31`);
    machine.must(`service up ${U} -label three -args listening -major 32 -devstyle STYLE_CLONE`);
    expect(machine.must("service list")).toMatch(/one .* 30\n.*two .* 31\n.*three .* 32\n/);
    machine.must("service down one; service down two; service down three");
  });

  it("8.22: a driver can be mapped as soon as it is made, time after time", () => {
    machine.must(`i=0; while [ $i -lt 10 ]; do service up ${U} -label driver -args signals -major 30 || echo FAILED; service down driver || echo FAILED; i=$((i+1)); done`);
    expect(machine.run(`service up ${U} -label driver -args signals -major 30; service down driver`)).toEqual({ output: "", status: 0 });
  });

  it("-period pings; refresh and restart end a service and start it again; clone and -p keep a replica", () => {
    machine.must(`service -p up ${U} -label pinged -args types -period 1HZ`);
    machine.pass(3);
    expect(said("types")).toContain("pinged");
    expect(machine.run("service clone pinged")).toMatchObject({ status: 17, output: expect.stringContaining("it has a replica") as string });
    for (const action of ["refresh", "restart"]) {
      const before = said("types").filter((line) => line.startsWith("restart")).length;
      expect(machine.run(`service ${action} pinged`)).toEqual({ output: "", status: 0 });
      machine.pass(5);
      expect(said("types").filter((line) => line.startsWith("restart")).length).toBe(before + 1);
      machine.pass(3);
    }
    machine.must("service down pinged");
  });

  it("8.25: is for root; anybody else may look up, and hears why not more", () => {
    machine.must("cp /bin/service /tmp/s; chown 1000 /tmp/s; chmod 4755 /tmp/s"); // runs as the user who owns it
    expect(machine.run("/tmp/s lookup ds")).toEqual({ output: "6\n", status: 0 });
    for (const [action, request] of [["down at_wini_0", "701"], ["refresh log", "702"], ["restart log", "703"], ["shutdown", "704"], ["clone log", "706"], ["list", "e02"], [`up ${U}`, "700"], ["update self -label log", "705"], [`edit ${U} -label log`, "707"]]) {
      const { output, status } = machine.run(`/tmp/s ${action}`);
      expect(output).toContain(`Request 0x${request} to RS failed: Operation not permitted (error 1)\ns: only root may do that`);
      expect(status).toBe(1);
    }
  });

  it("update: self, to another file, to a package; -n does not wait; -state and -maxtime", () => {
    machine.must(`service up ${U} -label new -args types`);
    machine.must("service update self -label new");
    machine.must(`service update /test/unit -config /test/unit.conf -label new -args types -state 1 -maxtime 5HZ`);
    machine.must("service update new --package unit@1.0.0");
    machine.must("service -n update self -label new");
    machine.pass(1);
    expect(said("types").filter((line) => line.startsWith("update"))).toHaveLength(4);
    machine.must("service down new");
  });
});

describe("3.3, 3.4: system.conf", () => {
  it("8.52: is a file of the service's own, where there is one, and no other then; first that of packages", () => {
    expect(machine.run("service up /test/own -args listening")).toEqual({ output: "service: service 'own' not found in '/etc/system.conf.d/own'\n", status: 1 });
    expect(machine.run("service up /test/packaged -args listening")).toEqual({ output: "", status: 0 });
    machine.must("service down packaged");
    expect(machine.run("service up /test/unlisted")).toEqual({ output: "service: service 'unlisted' not found in '/etc/system.conf'\n", status: 1 });
    expect(machine.run("service up /test/unit -config /test/nothing.conf")).toEqual({ output: "service: fatal error: /test/nothing.conf: No such file or directory\n", status: 1 });
  });

  const one = (line: string): string => `# a comment\nservice unit {\n  uid 0;\n  ${line}\n};\n`;
  it.each([
    ["priority: '16' is not a number from 0 to 15", 4, "priority 16;"],
    ["priority: a number is missing", 4, "priority;"],
    ["priority: '4' is too much", 4, "priority 3 4;"],
    ["priority: no block belongs here, but a number", 4, "priority { 3; };"],
    ["quantum: '0' is not a number from 1", 4, "quantum 0;"],
    ["cpu: '-1' is not a number from 0", 4, "cpu -1;"],
    ["uid: 'stranger' is neither a login of /etc/passwd, nor SELF, nor a number", 4, "uid stranger;"],
    ["sigmgr: no service 'nobody' runs: start it first, or use SELF", 4, "sigmgr nobody;"],
    ["scheduler: no service 'nobody' runs: start it first, or use KERNEL", 4, "scheduler nobody;"],
    ["irq: ALL stands alone", 4, "irq 5 ALL;"],
    ["irq: '16' is not a number from 0 to 15", 4, "irq 16;"],
    ["irq: more than 8", 4, "irq 1 2 3 4 5 6 7 8 9;"],
    ["io: 'zz' is not of the form BASE or BASE:LENGTH", 4, "io 1f0:8 zz;"],
    ["with an end up to ffff", 4, "io fff0:20;"],
    ["io: more than 16 ranges", 4, "io 0 1 2 3 4 5 6 7 8 9 a b c d e f 10;"],
    ["pci: 'device' or 'class' is missing", 4, "pci 1022/2000;"],
    ["pci: '1022' is not of the form VENDOR/DEVICE", 4, "pci device 1022;"],
    ["pci: '1/1/1/1' is not of the form BASE, BASE/SUB or BASE/SUB/INTERFACE", 4, "pci class 1/1/1/1;"],
    ["pci: more than 4", 4, "pci class 1 2 3 4 5;"],
    ["system: there is no call 'MAGIC'; there are ALL BASIC NONE PRIVCTL", 4, "system DEVIO MAGIC;"],
    ["system: NONE stands alone", 4, "system NONE DEVIO;"],
    ["system: calls are missing", 4, "system;"],
    ["vm: there is no call 'VM_MAP'; there are ALL BASIC NONE EXIT", 4, "vm VM_MAP;"],
    ["a second ipc: the first is in /tmp/c.conf:4", 5, "ipc ds;\n  ipc pm;"],
    ["ipc: ALL_SYS stands alone", 4, "ipc ALL_SYS rs;"],
    ["is longer than the 15 characters", 4, "ipc a_name_of_20_letters;"],
    ["the list is longer than 255 characters", 4, `ipc ${"a_long_name " .repeat(25)};`],
    ["control: more than 8 programs", 4, "control a b c d e f g h i;"],
    ["class: there is no service 'nothing' in this file", 4, "class nothing;"],
    ["class: 'unit' includes itself, or classes are more than 100 deep", 4, "class unit;"],
    ["type: 'disk' is not known: there is only net", 4, "type disk;"],
    ["a second type: the first is in /tmp/c.conf:4", 5, "type net;\n  type net;"],
    ["a ; is missing after 'irq' of line 4", 5, "irq 5"],
    ["this } has no {", 5, "irq 5; };\n}"],
    ["this quotation has no end", 4, "descr \"x;"],
    ["files include each other", 4, "include /tmp/c.conf;"],
    ["/test/no.conf cannot be included: No such file", 4, "include /test/no.conf;"],
    ["include takes the name of one file in quotes", 4, "include;"],
  ])("'%s', with the place, and nothing is started", (message, place, line) => {
    const { output, status } = withConf(one(line));
    expect(output).toContain(`service: fatal error: /tmp/c.conf:${place}: `);
    expect(output).toContain(message);
    expect(status).toBe(1);
    expect(machine.service("conf")).toBeNull();
  });

  it.each([
    ["'mistake' is not known here: entries are service NAME { ... };", 2, "# first\nmistake;\nservice unit { };\n"],
    ["this { has no }", 1, "service unit {\n  irq 5;\n"],
    ["a ; is missing after its }", 1, "service unit { uid 0; } service x { };\n"],
    ["the name of the program is missing", 1, "service { uid 0; };\n"],
    ["a block in braces is missing", 1, "service unit;\n"],
  ])("'%s', where an entry is none", (message, place, text) => {
    const { output, status } = withConf(text);
    expect(output).toContain(`service: fatal error: /tmp/c.conf:${place}: `);
    expect(output).toContain(message);
    expect(status).toBe(1);
  });

  it("warns of a word that is no keyword, and goes on", () => {
    expect(withConf(one("irqs 5;"))).toEqual({ output: "service: /tmp/c.conf:4: 'irqs' is no keyword, and is ignored\n", status: 0 });
    machine.must("service down conf");
  });

  it("has quotations, escapes, comments, included files, types and descriptions", () => {
    machine.must("echo 'service base { uid 0; system DEVIO; };' >/tmp/base.conf");
    expect(withConf("include \"/tmp/base.conf\";\nservice 'unit' { # here\n  class base; type net; descr \"a unit; with { all } \\\"sorts\\\" of things\"; vm INFO\n  ;};\n", "rights 6")).toEqual({ output: "", status: 0 });
    expect(said("rights").slice(0, 2)).toEqual(["privctl ECALLDENIED", "port 70 EPERM"]);
    machine.must("service down conf");
  });

  it("printconfig prints what the first entry says of itself", () => {
    machine.must("echo 'service net { type net; descr \"A card\"; pci device 1022/2000 10ec/8029; pci class 2; }; service x { };' >/tmp/p.conf");
    expect(machine.must("printconfig /tmp/p.conf")).toBe("service net, type net, descr A card\npci device 1022:2000 10EC:8029\n");
    expect(machine.run("printconfig /tmp/base.conf")).toEqual({ output: "service base\n", status: 0 });
  });
});
