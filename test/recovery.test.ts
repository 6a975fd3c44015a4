import { afterEach, beforeAll, expect, it } from "vitest";
import { counted } from "./support/counted.ts";
import { dataImage, rootImage } from "./support/image.ts";
import { cksum, noise } from "./support/noise.ts";
import { Session } from "./support/session.ts";

const EIGHT_MEGABYTES = 8 << 20;
const content = noise(EIGHT_MEGABYTES, 77);
const { services, starts } = counted(["at_wini", "tty", "log", "memory", "ds", "readclock"]);
let session: Session;

beforeAll(() => {
  session = new Session([rootImage(["count"]), dataImage(20, { "/big": content, "/small": content.subarray(0, 2 << 20) })], { services });
  session.run("mkdir -p /mnt; mount /dev/c0d1 /mnt");
});

afterEach(() => {
  session.system.kernel.check();
  expect(session.run("echo the shell goes on").output).toBe("the shell goes on\n");
});

const startsOf = (name: string): number => starts.get(name) ?? 0;

/** Kills a service as a person would, and waits until another instance has its place. */
function kill(name: string): void {
  const before = startsOf(name);
  const pid = session.pid(name);
  expect(session.run(`kill -9 ${pid}`)).toEqual({ output: "", status: 0 });
  session.until(() => startsOf(name) > before, `another ${name}`);
  expect(session.pid(name)).toBe(pid); // it is the same process for everybody else
}

it("[O06] [R08] [R10] sums up 8 MB of the disk while its driver is killed five times, and the program notices nothing", () => {
  const before = startsOf("at_wini");
  session.run("cksum /mnt/big >/tmp/sum 2>/tmp/errors &");
  const pid = session.pid("at_wini");
  for (let time = 1; time <= 5; time++) {
    expect(session.run("ps").output).toMatch(/\bcksum\b/); // still at it
    session.run(`kill -9 ${pid}`);
    session.until(() => startsOf("at_wini") === before + time, "another driver");
  }
  session.run("wait");
  expect(session.run("cat /tmp/sum").output).toBe(`${cksum(content)} /mnt/big\n`);
  expect(session.run("cat /tmp/errors").output).toBe("");
  expect(session.pid("at_wini")).toBe(pid);
});

it("[O06] writes a file and reads it back while the driver is killed", () => {
  session.run("cp /mnt/small /mnt/copy >/tmp/errors 2>&1 &");
  kill("at_wini");
  session.run("wait");
  session.run("sync &");
  kill("at_wini");
  session.run("wait");
  expect(session.run("cat /tmp/errors; cmp /mnt/small /mnt/copy && rm /mnt/copy")).toEqual({ output: "", status: 0 });
});

it("[R10] [O05] goes on at the console when tty is killed", () => {
  kill("tty");
  expect(session.run("echo here").output).toBe("here\n");
  session.expect("cat\n", "cat\r\n");
  session.expect("typed\n", "typed\r\ntyped\r\n");
  session.type("\x03");
  session.prompt();
});

it("[R10] [O05] recovers log and memory", () => {
  kill("log");
  kill("memory");
  expect(session.run("echo gone >/dev/null && dd if=/dev/zero bs=100 count=1 2>/dev/null | wc -c").output.trim()).toBe("100");
  expect(session.run("echo to the log >/dev/log").status).toBe(0);
});

it("[D06] [R10] keeps what was published in DS when DS is killed", () => {
  const before = session.run("/test/count ds").output.split("\n").filter((line) => line.startsWith("ds ")).sort();
  expect(before.join("\n")).toContain("at_wini");
  kill("ds");
  const after = session.run("/test/count ds").output.split("\n").filter((line) => line.startsWith("ds ")).sort();
  expect(after).toEqual(before);
  kill("at_wini"); // which the file servers find again through DS
  expect(session.run("cksum /mnt/small").output).toBe(`${cksum(content.subarray(0, 2 << 20))} /mnt/small\n`);
});

it("[R11] lists, ups, refreshes, downs and restarts a service", () => {
  expect(session.run("service list").output).toMatch(/^at_wini_0 /m);
  expect(session.run("service up /sbin/memory -label memory2")).toMatchObject({ output: "", status: 0 });
  expect(session.run("service list").output).toMatch(/^memory2 /m);
  expect(session.run("service up /sbin/memory -label memory2")).toMatchObject({ output: expect.stringMatching(/busy/) as string, status: 16 });
  const first = startsOf("memory");
  expect(session.run("service refresh memory2")).toMatchObject({ output: "", status: 0 });
  session.until(() => startsOf("memory") === first + 1, "a refreshed service");
  expect(session.run("service down memory2")).toMatchObject({ output: "", status: 0 });
  expect(session.run("service list").output).not.toMatch(/^memory2 /m);
  // readclock ends by itself when it has set the clock, and can then be restarted.
  expect(session.run("service up /sbin/readclock -label readclock")).toMatchObject({ output: "", status: 0 });
  session.pass(1);
  const second = startsOf("readclock");
  expect(session.run("service restart readclock")).toMatchObject({ output: "", status: 0 });
  session.until(() => startsOf("readclock") > second, "a restarted service");
  expect(session.run("service down readclock")).toMatchObject({ output: "", status: 0 });
  for (const wrong of ["service", "service up", "service up /no/such/file", "service down nobody", "service down readclock", "service fly readclock"]) {
    const { output, status } = session.run(wrong);
    expect({ wrong, status: status !== 0, said: output.trim() !== "" }).toEqual({ wrong, status: true, said: true });
  }
});

it("[R10] goes on with its files and pipes when file servers and pfs are killed", () => {
  expect(session.run("cp /mnt/small /tmp/small; echo kept >/tmp/note; exec 8</tmp/note").status).toBe(0);
  const servers = session.run("ps").output.split("\n").filter((line) => / (mfs|pfs) *$/.test(line)).map((line) => Number(line.trim().split(/\s+/)[0]));
  expect(servers).toHaveLength(3);
  session.run("(dd if=/mnt/big bs=1024 count=100 2>/dev/null | tr a-z a-z | cksum >/tmp/sum) &");
  for (const pid of servers) {
    expect(session.run(`kill -9 ${pid}; echo x >>/tmp/lines`).status).toBe(0);
    session.pass(0.5);
  }
  session.run("wait");
  const { output } = session.run("cat <&8; cmp /mnt/small /tmp/small && cat /tmp/sum; wc -l </tmp/lines; exec 8<&-");
  expect(output.split("\n").map((line) => line.trim())).toEqual(["kept", cksum(content.subarray(0, 100 * 1024)), "3", ""]);
  expect(session.messages).toMatch(/fs_imgrd died and was replaced/);
});
