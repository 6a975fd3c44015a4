import { exitStatus, signalStatus } from "@procyon-os/contract-pm";
import { encodeExecNewmem } from "@procyon-os/contract-vm";
import { INIT, PM, RS, SIGCHLD, SIGHUP, SIGKILL, SIGTERM, TTY, VFS, errorCode, type Endpoint, type VirtAddr } from "@procyon-os/message";
import { beforeEach, describe, expect, it } from "vitest";
import { World, done, failed, poke, setAction, waitAny } from "./world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
const newMem = (setUgid = false) =>
  encodeExecNewmem({
    textAddress: 0x1000, textBytes: 4096, dataAddress: 0x2000, dataBytes: 4096, totalBytes: 0, argsBytes: 64, separate: false, isElf: true,
    device: 1, inode: 2, ctime: 3, newUid: 77, newGid: 78, setUgid, programName: "cat",
  });

it("names the boot processes to VFS, ends with NONE, and gives init to SCHED", () => {
  const fresh = new World();
  const toVfs = fresh.harness.sent.filter(({ to }) => to === VFS).map(({ message }) => [message[2], message[4]]);
  expect(toVfs).toEqual([
    [6, 3], [2, 4], [0, 5], [10, 6], [1, 7], [3, 8], [4, 9], [5, 10], [7, 11], [8, 12], [9, 13], [11, 1], [0x6ace, 0],
  ]);
  expect(fresh.call(INIT, "getPid", {})).toEqual({ ok: true, value: { pid: 1, parent: 1 } });
  expect(fresh.call(TTY, "getPid", {})).toEqual({ ok: true, value: { pid: 10, parent: 4 } });
});

describe("fork", () => {
  it("answers child and parent when VFS and SCHED know the child", () => {
    expect(world.call(INIT, "fork", {})).toBeNull();
    expect(world.news()).toEqual([`vm fork ${INIT}`, "vfs fork 36570"]);
    const answers = world.vfsReplies();
    expect(world.news()).toEqual(["sched inherit 36570 7"]);
    expect(answers.map(({ to, type }) => [to, type])).toEqual([[36570, 0], [INIT, 14]]);
  });

  it("tells nobody but the parent itself: not the one that takes its place when it dies in fork", () => {
    const parent = world.fork(INIT);
    world.call(parent.endpoint, "fork", {});
    world.call(INIT, "kill", { pid: parent.pid, signal: SIGKILL });
    expect(waitAny(world, INIT)).toMatchObject({ value: { pid: parent.pid } });
    const answers = world.vfsReplies();
    expect(answers.map(({ to }) => to)).not.toContain(INIT);
  });

  it("gives the child the parent's ids and handlers, and no times and no alarm", () => {
    setAction(world, INIT, SIGTERM, 0x5000);
    world.call(INIT, "alarm", { seconds: 100 });
    const child = world.fork(INIT);
    world.news();
    world.call(INIT, "kill", { pid: child.pid, signal: SIGTERM });
    expect(world.news()).toContain(`vfs unpause ${child.endpoint}`);
    expect(world.call(child.endpoint, "alarm", { seconds: 0 })).toEqual({ ok: true, value: { remaining: 0 } });
    expect(world.call(INIT, "alarm", { seconds: 0 })).toEqual({ ok: true, value: { remaining: 100 } });
  });

  it("keeps the last slots for root and for services, and says once that the table is full", () => {
    const user = world.fork(INIT);
    world.call(user.endpoint, "setUid", { id: 100 });
    world.vfsReplies();
    for (let inUse = 13; inUse < 250; inUse++) world.fork(user.endpoint);
    expect(world.call(user.endpoint, "fork", {})).toEqual(failed("EAGAIN"));
    expect(world.call(user.endpoint, "fork", {})).toEqual(failed("EAGAIN"));
    world.fork(INIT);
    world.fork(INIT);
    expect(world.call(INIT, "fork", {})).toEqual(failed("EAGAIN"));
    expect(world.call(RS, "srvFork", { uid: 0, gid: 0, asUser: 0 })).toMatchObject({ ok: true });
    expect(world.harness.output.match(/process table is full/g)).toHaveLength(1);
  });

  it("waits for a slot that is on its way back, and no longer than that", () => {
    const children = Array.from({ length: 240 }, () => world.fork(INIT));
    const [first, second] = children as [typeof children[0], typeof children[0]];
    expect(world.call(INIT, "fork", {})).toEqual(failed("EAGAIN"));
    world.call(first.endpoint, "exit", { status: 0 });
    waitAny(world, INIT);
    expect(world.call(second.endpoint, "fork", {})).toBeNull();
    expect(world.call(INIT, "fork", {})).toBeNull();
    const answers = world.vfsReplies();
    expect(answers).toMatchObject([{ to: INIT, type: errorCode("EAGAIN") }]);
    expect(world.vfsReplies().map(({ to }) => to)).toContain(second.endpoint);
  });

  it("refuses a hosted process, and passes on that there is no memory", () => {
    expect(world.call(RS, "fork", {})).toEqual(failed("ENOSYS"));
    expect(world.harness.output).toContain("hosted process 2 (rs) calls fork");
    world.vmFailure = { call: "fork", error: "ENOMEM" };
    expect(world.call(INIT, "fork", {})).toEqual(failed("ENOMEM"));
    world.vmFailure = null;
    expect(world.fork(INIT).pid).toBeGreaterThan(1);
  });
});

describe("exit and wait", () => {
  it("ends a process in the order that keeps drivers safe, and wakes the waiting parent at once", () => {
    const child = world.fork(INIT);
    waitAny(world, INIT);
    world.news();
    const before = world.harness.sent.length;
    world.call(child.endpoint, "exit", { status: 3 });
    expect(world.news()).toEqual([`stop ${child.endpoint}`, `vm willexit ${child.endpoint}`, `vfs exit ${child.endpoint}`]);
    const answer = world.harness.sent.slice(before).find(({ to }) => to === INIT)?.message;
    expect([answer?.[1], answer?.[2]]).toEqual([child.pid, exitStatus(3)]);
    world.vfsReplies();
    expect(world.news()).toEqual([`sched stop ${child.endpoint}`, `clear ${child.endpoint}`, `vm exit ${child.endpoint}`]);
    expect(world.call(INIT, "waitPid", { pid: child.pid, options: 0 })).toEqual(failed("ECHILD"));
  });

  it("keeps a zombie until its parent asks, and adds its times to the parent's children's", () => {
    const child = world.fork(INIT);
    expect(waitAny(world, INIT, 1)).toEqual({ ok: true, value: { pid: 0, status: 0 } });
    world.call(child.endpoint, "exit", { status: 0x1ff });
    world.vfsReplies();
    expect(world.call(INIT, "waitPid", { pid: child.pid + 1, options: 0 })).toEqual(failed("ECHILD"));
    expect(world.call(INIT, "waitPid", { pid: child.pid, options: 0 })).toEqual({ ok: true, value: { pid: child.pid, status: exitStatus(0xff) } });
    expect(world.call(INIT, "times", {})).toMatchObject({ value: { childUser: 7, childSystem: 3 } });
  });

  it("gives orphans to init, which hears of those that are dead already", () => {
    const parent = world.fork(INIT);
    const orphan = world.fork(parent.endpoint);
    const zombie = world.fork(parent.endpoint);
    world.call(zombie.endpoint, "exit", { status: 1 });
    world.vfsReplies();
    setAction(world, INIT, SIGCHLD, 0x5000);
    world.call(INIT, "pause", {});
    world.news();
    world.call(parent.endpoint, "exit", { status: 0 });
    expect(world.news()).toContain(`sigsend ${INIT}`);
    world.vfsReplies();
    const pids = [waitAny(world, INIT, 1), waitAny(world, INIT, 1)].map((one) => (one?.ok ? one.value.pid : 0));
    expect(pids.sort()).toEqual([parent.pid, zombie.pid].sort());
    expect(world.call(orphan.endpoint, "getPid", {})).toMatchObject({ value: { parent: 1 } });
  });

  it("hangs up on the group of a session leader that ends", () => {
    const leader = world.fork(INIT);
    world.call(leader.endpoint, "setSid", {});
    expect(world.vfsReplies()).toMatchObject([{ to: leader.endpoint, type: leader.pid }]);
    const member = world.fork(leader.endpoint);
    world.news();
    world.call(leader.endpoint, "exit", { status: 0 });
    expect(world.news()).toContain(`vfs exit ${member.endpoint}`);
    world.vfsReplies();
    world.vfsReplies();
    expect(world.call(INIT, "waitPid", { pid: member.pid, options: 0 })).toMatchObject({ value: { status: signalStatus(SIGHUP, false) } });
  });

  it("gives every slot back: a thousand children come and go", () => {
    for (let i = 0; i < 1000; i++) {
      const child = world.fork(INIT);
      world.call(child.endpoint, "exit", { status: 0 });
      world.vfsReplies();
      expect(waitAny(world, INIT)).toMatchObject({ value: { pid: child.pid } });
    }
  });
});

describe("exec", () => {
  it("goes through VFS, VM and the kernel, drops handlers and keeps what is ignored", () => {
    const child = world.fork(INIT);
    setAction(world, child.endpoint, SIGTERM, 0x5000);
    setAction(world, child.endpoint, SIGHUP, 1);
    world.news();
    const request = { pathLength: 4, frameLength: 64, path: 0x10 as VirtAddr, frame: 0x20 as VirtAddr };
    expect(world.call(child.endpoint, "exec", request)).toBeNull();
    const struct = poke(world, VFS, newMem());
    expect(world.call(VFS, "execNewMem", { process: child.endpoint, newMem: struct })).toEqual({ ok: true, value: { stackTop: 0x8000_0000, flags: 1 } });
    expect(world.vfsReplies({ pc: 0x1234 })).toEqual([]);
    expect(world.news()).toEqual([`vfs exec ${child.endpoint}`, `vm execNewmem ${child.endpoint}`, `exec ${child.endpoint} 7fffffc0 1234`]);
    world.call(INIT, "kill", { pid: child.pid, signal: SIGHUP });
    expect(world.news()).toEqual([]);
    world.call(INIT, "kill", { pid: child.pid, signal: SIGTERM });
    expect(world.news()).toContain(`vfs exit ${child.endpoint}`);
  });

  it("answers the caller where the old program is still there, and kills it where it is not", () => {
    const child = world.fork(INIT);
    const request = { pathLength: 4, frameLength: 64, path: 0x10 as VirtAddr, frame: 0x20 as VirtAddr };
    world.call(child.endpoint, "exec", request);
    expect(world.vfsReplies({ status: errorCode("ENOENT") })).toMatchObject([{ to: child.endpoint, type: errorCode("ENOENT") }]);
    world.call(child.endpoint, "exec", request);
    world.call(VFS, "execNewMem", { process: child.endpoint, newMem: poke(world, VFS, newMem()) });
    world.news();
    expect(world.vfsReplies({ status: errorCode("EIO") })).toEqual([]);
    expect(world.news()).toEqual([`kill ${child.endpoint} ${SIGKILL}`]);
  });

  it("gives a set-id program its owner's rights and marks it, and lets only VFS and RS ask", () => {
    const child = world.fork(INIT);
    world.call(child.endpoint, "setUid", { id: 100 });
    world.vfsReplies();
    const struct = poke(world, VFS, newMem(true));
    expect(world.call(INIT, "execNewMem", { process: child.endpoint, newMem: struct })).toEqual(failed("EPERM"));
    expect(world.call(VFS, "execNewMem", { process: child.endpoint, newMem: struct })).toMatchObject({ value: { flags: 3 } });
    expect(world.call(child.endpoint, "getUid", {})).toEqual({ ok: true, value: { real: 100, effective: 77 } });
    expect(world.call(child.endpoint, "isSetUgid", {})).toEqual({ ok: true, value: { tainted: 1 } });
  });
});

describe("services", () => {
  it("forks one for RS at once, execs it without touching what the kernel started, and ends it at RS's word", () => {
    const made = world.call(RS, "srvFork", { uid: 5, gid: 6, asUser: 0 });
    const pid = made?.ok ? made.value.pid : 0;
    const service = 36570 as Endpoint;
    expect(world.news()).toEqual([`vm fork ${RS}`, `vfs srvFork ${service}`]);
    expect(world.vfsReplies()).toEqual([]);
    expect(world.call(RS, "execNewMem", { process: service, newMem: poke(world, RS, newMem()) })).toMatchObject({ ok: true });
    const restart = { process: service, result: 0, alreadyStarted: 1, pc: 0 as VirtAddr };
    expect(world.call(RS, "execRestart", restart)).toEqual(done);
    expect(world.news()).toEqual([`vm execNewmem ${service}`]);
    expect(world.call(TTY, "srvKill", { pid, signal: SIGKILL })).toEqual(failed("EPERM"));
    expect(world.call(RS, "srvKill", { pid, signal: SIGKILL })).toEqual(done);
    // Gone from the kernel before VFS answers; RS hears of its child through its own manager.
    expect(world.news()).toEqual([
      `stop ${service}`, `vm willexit ${service}`, `vfs exit ${service}`, `clear ${service}`, `kill ${RS} ${SIGCHLD}`,
    ]);
    world.vfsReplies();
    expect(world.news()).toEqual([`vm exit ${service}`]);
    expect(waitAny(world, RS, 1)).toMatchObject({ value: { pid, status: SIGKILL } });
  });

  it("answers the child of a guest RS, which goes on running", () => {
    world.rsHosted = false;
    const before = world.harness.sent.length;
    world.call(RS, "srvFork", { uid: 0, gid: 0, asUser: 0 });
    expect(world.harness.sent.slice(before).filter(({ to }) => to === 36570)).toHaveLength(1);
  });

  it("has the kernel see to a signal for itself, once, where somebody means PM alone", () => {
    const own = (world.call(RS, "getEpInfo", { endpoint: PM }) as any).value.pid;
    expect(world.call(INIT, "kill", { pid: own, signal: SIGKILL })).toEqual(done);
    expect(world.news()).toEqual([`kill ${PM} ${SIGKILL}`]);
    expect(world.call(INIT, "kill", { pid: own, signal: 0 })).toEqual(done);
    expect(world.news()).toEqual([]);
  });

  it("does not let a system process exit, nor others make services", () => {
    expect(world.call(TTY, "exit", { status: 0 })).toBeNull();
    expect(world.news()).toEqual([`kill ${TTY} ${SIGKILL}`]);
    expect(world.call(TTY, "srvFork", { uid: 0, gid: 0, asUser: 0 })).toEqual(failed("EPERM"));
    expect(world.call(INIT, "execRestart", { process: PM, result: 0, alreadyStarted: 0, pc: 0 as VirtAddr })).toEqual(failed("EPERM"));
  });
});
