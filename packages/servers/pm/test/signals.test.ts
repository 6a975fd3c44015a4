import { SA_NODEFER, SA_RESETHAND, decodeSigAction, signalStatus, stopStatus } from "@procyon-os/contract-pm";
import {
  INIT, RS, SIGALRM, SIGCHLD, SIGHUP, SIGINT, SIGKILL, SIGSEGV, SIGSNDELAY, SIGSTOP, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, TTY, errorCode,
  type Endpoint, type VirtAddr,
} from "@procyon-os/message";
import { beforeEach, describe, expect, it } from "vitest";
import { World, done, failed, poke, setAction } from "./world.ts";

let world: World;
let child: { endpoint: Endpoint; pid: number };
beforeEach(() => {
  world = new World();
  child = world.fork(INIT);
  world.news();
});
const kill = (pid: number, signal: number, from: Endpoint = INIT) => world.call(from, "kill", { pid, signal });
const mask = (how: number, set: number, who = child.endpoint) => world.call(who, "sigprocmask", { how, set });
const died = () => world.news().includes(`vfs exit ${child.endpoint}`);
const EINTR = errorCode("EINTR");

describe("delivery", () => {
  it("ends a pause with EINTR after the handler is set up", () => {
    setAction(world, child.endpoint, SIGUSR1, 0x5000);
    expect(world.call(child.endpoint, "pause", {})).toBeNull();
    const before = world.harness.sent.length;
    expect(kill(child.pid, SIGUSR1)).toEqual(done);
    expect(world.news()).toEqual([`stop ${child.endpoint}`, `vm pushSig ${child.endpoint}`, `sigsend ${child.endpoint}`, `resume ${child.endpoint}`]);
    expect(world.harness.sent.slice(before).find(({ to }) => to === child.endpoint)?.message[1]).toBe(EINTR);
  });

  it("gets a process out of a call of VFS first", () => {
    setAction(world, child.endpoint, SIGUSR1, 0x5000);
    kill(child.pid, SIGUSR1);
    expect(world.news()).toEqual([`stop ${child.endpoint}`, `vfs unpause ${child.endpoint}`]);
    world.vfsReplies();
    expect(world.news()).toEqual([`vm pushSig ${child.endpoint}`, `sigsend ${child.endpoint}`, `resume ${child.endpoint}`]);
  });

  it("waits for the end of a send, and of what VFS does for it in between", () => {
    setAction(world, child.endpoint, SIGUSR1, 0x5000);
    world.sending.add(child.endpoint);
    kill(child.pid, SIGUSR1);
    kill(child.pid, SIGUSR1);
    expect(world.news()).toEqual([`busy ${child.endpoint}`]);
    world.sending.delete(child.endpoint);
    world.kernelSignal(child.endpoint, SIGSNDELAY);
    expect(world.news()).toEqual([`stop ${child.endpoint}`, `vfs unpause ${child.endpoint}`, `endksig ${child.endpoint}`]);
    world.vfsReplies();
    expect(world.news()).toContain(`sigsend ${child.endpoint}`);
  });

  it("keeps signals while VFS works for the process, then acts on them in order", () => {
    setAction(world, child.endpoint, SIGUSR1, 0x5000);
    setAction(world, child.endpoint, SIGUSR2, 0x6000);
    world.call(child.endpoint, "setSid", {});
    kill(child.pid, SIGUSR2);
    kill(child.pid, SIGUSR1);
    expect(world.news()).toEqual([`vfs setSid ${child.endpoint}`, `stop ${child.endpoint}`]);
    world.vfsReplies();
    world.vfsReplies();
    expect(world.news().filter((line) => line.startsWith("sigsend"))).toHaveLength(2);
  });

  it("ends a process whose stack has no room for the frame", () => {
    setAction(world, child.endpoint, SIGUSR1, 0x5000);
    world.call(child.endpoint, "pause", {});
    world.vmFailure = { call: "pushSig", error: "ENOMEM" };
    kill(child.pid, SIGUSR1);
    expect(died()).toBe(true);
    expect(world.call(INIT, "waitPid", { pid: child.pid, options: 0 })).toMatchObject({ value: { status: signalStatus(SIGUSR1, false) } });
  });

  it("hands mask, handler and return stub to the kernel, and blocks what the action says", () => {
    const frame: number[] = [];
    setAction(world, child.endpoint, SIGUSR1, 0x5000, 1 << SIGHUP);
    mask(0, 1 << SIGUSR2);
    world.call(child.endpoint, "pause", {});
    const before = world.harness.memory.slice();
    kill(child.pid, SIGUSR1);
    // The frame that the kernel was given lies in PM's scratch memory, found by its stack pointer.
    const view = new DataView(world.harness.memory.buffer);
    for (let at = 0x1000; at < 0x40000; at += 4) if (view.getUint32(at + 16, true) === 0x7000_0000 && before[at] !== world.harness.memory[at]) frame.push(at);
    const at = frame[0] as number;
    expect([0, 4, 8, 12].map((offset) => view.getUint32(at + offset, true))).toEqual([SIGUSR1, 1 << SIGUSR2, 0x5000, 0x999]);
    expect(mask(4, 0)).toEqual({ ok: true, value: { oldMask: (1 << SIGUSR1) | (1 << SIGUSR2) | (1 << SIGHUP) } });
    expect(world.call(child.endpoint, "sigreturn", { mask: 1 << SIGUSR2, flags: 0, context: 0x100 as VirtAddr })).toEqual(done);
    expect(mask(4, 0)).toEqual({ ok: true, value: { oldMask: 1 << SIGUSR2 } });
  });

  it("does a handler once with SA_RESETHAND, and again inside itself with SA_NODEFER", () => {
    setAction(world, child.endpoint, SIGUSR1, 0x5000, 0, SA_RESETHAND | SA_NODEFER);
    world.call(child.endpoint, "pause", {});
    kill(child.pid, SIGUSR1);
    expect(mask(4, 0)).toEqual({ ok: true, value: { oldMask: 0 } });
    world.news();
    kill(child.pid, SIGUSR1);
    expect(died()).toBe(true);
  });
});

describe("masks", () => {
  it("blocks, shows what waits, and acts when it is unblocked; SIGKILL and SIGSTOP cannot be blocked", () => {
    expect(mask(0, -1)).toEqual({ ok: true, value: { oldMask: 0 } });
    kill(child.pid, SIGTERM);
    expect(world.call(child.endpoint, "sigpending", {})).toEqual({ ok: true, value: { set: 1 << SIGTERM } });
    const blocked = mask(4, 0);
    expect(blocked?.ok && blocked.value.oldMask & ((1 << SIGKILL) | (1 << SIGSTOP))).toBe(0);
    expect(died()).toBe(false);
    expect(mask(1, 1 << SIGTERM)).toBeNull();
    expect(died()).toBe(true);
  });

  it("forgets what waits when it is ignored", () => {
    mask(0, 1 << SIGTERM);
    kill(child.pid, SIGTERM);
    setAction(world, child.endpoint, SIGTERM, 1);
    mask(2, 0);
    expect(died()).toBe(false);
  });

  it("suspends under another mask and comes back to the old one", () => {
    setAction(world, child.endpoint, SIGUSR1, 0x5000);
    mask(0, (1 << SIGUSR1) | (1 << SIGHUP));
    kill(child.pid, SIGUSR1);
    expect(world.call(child.endpoint, "sigsuspend", { mask: 1 << SIGTERM })?.ok).toBe(false);
    expect(world.news()).toContain(`sigsend ${child.endpoint}`);
    expect(world.call(child.endpoint, "sigreturn", { mask: (1 << SIGUSR1) | (1 << SIGHUP), flags: 0, context: 0x100 as VirtAddr })).toEqual(done);
    expect(mask(4, 0)).toEqual({ ok: true, value: { oldMask: (1 << SIGUSR1) | (1 << SIGHUP) } });
  });

  it("gives back an action as it was set, without what cannot be masked", () => {
    setAction(world, child.endpoint, SIGUSR1, 0x5000, -1, 8);
    const oldAction = 0x3000 as VirtAddr;
    world.call(child.endpoint, "sigaction", { signal: SIGUSR1, action: 0 as VirtAddr, oldAction, returnStub: 0 as VirtAddr });
    const old = decodeSigAction(world.harness.clients.space(child.endpoint).slice(oldAction));
    expect(old).toEqual({ handler: 0x5000, mask: ~((1 << SIGKILL) | (1 << SIGSTOP)), flags: 8 });
    const bad = { signal: 26, action: oldAction, oldAction: 0 as VirtAddr, returnStub: 0 as VirtAddr };
    expect(world.call(child.endpoint, "sigaction", bad)).toEqual(failed("EINVAL"));
    expect(world.call(child.endpoint, "sigaction", { ...bad, signal: SIGUSR1, action: 0x7fff_0000 as VirtAddr })).toEqual(failed("EFAULT"));
  });
});

describe("kill", () => {
  it("names what is wrong", () => {
    expect(kill(child.pid, 26)).toEqual(failed("EINVAL"));
    expect(kill(child.pid, -1)).toEqual(failed("EINVAL"));
    expect(kill(1, SIGKILL)).toEqual(failed("EINVAL"));
    expect(kill(29_999, SIGTERM)).toEqual(failed("ESRCH"));
    expect(kill(child.pid, 0)).toEqual(done);
    world.call(child.endpoint, "setUid", { id: 100 });
    world.vfsReplies();
    expect(kill(1, SIGTERM, child.endpoint)).toEqual(failed("EPERM"));
    expect(kill(10, SIGSEGV, INIT)).toEqual(failed("EPERM"));
  });

  it("reaches a whole group, and does not answer who killed itself", () => {
    world.call(child.endpoint, "setSid", {});
    world.vfsReplies();
    const member = world.fork(child.endpoint);
    world.news();
    expect(kill(0, SIGTERM, child.endpoint)).toBeNull();
    expect(world.news().filter((line) => line.startsWith("vfs exit"))).toEqual([`vfs exit ${member.endpoint}`, `vfs exit ${child.endpoint}`]);
    expect(kill(child.pid, SIGTERM)).toEqual(done); // a zombie counts as found
  });

  it("sends what is for a system process through the kernel to its manager", () => {
    expect(kill(10, SIGKILL)).toEqual(done);
    expect(world.news()).toEqual([`kill ${TTY} ${SIGKILL}`]);
  });

  it("tells RS first of a SIGTERM to all, and spares services from a SIGKILL to all", () => {
    kill(-1, SIGTERM);
    const lines = world.news();
    expect(lines.find((line) => line.startsWith("kill"))).toBe(`kill ${RS} ${SIGTERM}`);
    expect(lines).toContain(`kill ${TTY} ${SIGTERM}`);
    kill(-1, SIGKILL);
    expect(world.news().filter((line) => line.startsWith("kill"))).toEqual([]);
  });
});

describe("from the kernel", () => {
  it("sends SIGINT of a terminal to the whole group, SIGKILL to one process", () => {
    world.call(child.endpoint, "setSid", {});
    world.vfsReplies();
    const member = world.fork(child.endpoint);
    world.news();
    world.kernelSignal(member.endpoint, SIGINT);
    expect(world.news().filter((line) => line.startsWith("vfs exit"))).toHaveLength(2);
  });

  it("ends a process on a fault that it blocks or ignores, with a core image, but not on a kill with the same number", () => {
    setAction(world, child.endpoint, SIGSEGV, 1);
    kill(child.pid, SIGSEGV);
    expect(world.news()).toEqual([]);
    world.kernelSignal(child.endpoint, SIGSEGV);
    expect(world.asked).toEqual([`dumpCore ${child.endpoint}`]);
    expect(world.call(INIT, "waitPid", { pid: child.pid, options: 1 })).toMatchObject({ value: { pid: 0 } });
    world.vfsReplies({ status: 0 });
    expect(world.call(INIT, "waitPid", { pid: child.pid, options: 0 })).toMatchObject({ value: { status: signalStatus(SIGSEGV, true) } });
  });

  it("ignores SIGCHLD by default", () => {
    world.kernelSignal(child.endpoint, SIGCHLD);
    expect(died()).toBe(false);
  });
});

describe("timers", () => {
  const itimer = (which: number, interval: number, value: number): Uint8Array => new Uint8Array(Int32Array.of(interval, 0, value, which).buffer);

  it("asks for one alarm of the kernel for all processes, the next one first", () => {
    const other = world.fork(INIT);
    const now = world.harness.uptime;
    world.call(child.endpoint, "alarm", { seconds: 10 });
    world.call(other.endpoint, "alarm", { seconds: 5 });
    expect(world.harness.alarm).toBe(now + 300);
    expect(world.call(child.endpoint, "alarm", { seconds: 20 })).toEqual({ ok: true, value: { remaining: 10 } });
    world.tick(300);
    expect(world.news()).toContain(`vfs exit ${other.endpoint}`);
    expect(world.harness.alarm).toBe(now + 1200);
  });

  it("repeats an interval until it is set to nothing", () => {
    setAction(world, child.endpoint, SIGALRM, 0x5000);
    const value = poke(world, child.endpoint, itimer(0, 2, 1), 0x4000);
    expect(world.call(child.endpoint, "itimer", { which: 0, value, oldValue: 0 as VirtAddr })).toEqual(done);
    const now = world.harness.uptime;
    world.tick(60);
    expect(world.harness.alarm).toBe(now + 180);
    poke(world, child.endpoint, itimer(0, 0, 0), 0x4000);
    const oldValue = 0x4100 as VirtAddr;
    world.call(child.endpoint, "itimer", { which: 0, value, oldValue });
    expect([...new Int32Array(world.harness.clients.space(child.endpoint).slice(oldValue, oldValue + 16).buffer)]).toEqual([2, 0, 2, 0]);
    expect(world.call(child.endpoint, "itimer", { which: 3, value, oldValue })).toEqual(failed("EINVAL"));
    expect(world.call(child.endpoint, "itimer", { which: 0, value: 0 as VirtAddr, oldValue: 0 as VirtAddr })).toEqual(failed("EINVAL"));
  });

  it("lets the kernel count virtual time, and sets the next interval when a signal says that it is over", () => {
    setAction(world, child.endpoint, SIGVTALRM, 0x5000);
    const value = poke(world, child.endpoint, itimer(0, 3, 1), 0x4000);
    world.call(child.endpoint, "itimer", { which: 1, value, oldValue: 0 as VirtAddr });
    expect(world.news()).toContain(`vtimer ${child.endpoint} 1 60`);
    world.kernelSignal(child.endpoint, SIGVTALRM);
    expect(world.news()).toContain(`vtimer ${child.endpoint} 1 180`);
  });
});

describe("tracing", () => {
  const trace = (from: Endpoint, pid: number, request: number, data = 0) => world.call(from, "ptrace", { pid, request, address: 0, data });

  it("stops at a signal, tells the tracer, and goes on with the signal that it says", () => {
    expect(trace(child.endpoint, 0, 0)).toEqual({ ok: true, value: { data: 0 } });
    expect(trace(INIT, child.pid, 7)).toEqual(failed("EBUSY"));
    world.call(INIT, "waitPid", { pid: child.pid, options: 0 });
    const before = world.harness.sent.length;
    kill(child.pid, SIGUSR1, child.endpoint);
    expect(world.harness.sent.slice(before).find(({ to }) => to === INIT)?.message[2]).toBe(stopStatus(SIGUSR1));
    expect(trace(INIT, child.pid, 1)).toEqual({ ok: true, value: { data: 5 } });
    expect(trace(INIT, child.pid, 7, 99)).toEqual(failed("EINVAL"));
    expect(trace(INIT, child.pid, 7, SIGTERM)).toMatchObject({ ok: true });
    expect(died()).toBe(true);
  });

  it("attaches to an own process only, once, and kills it when the tracer dies", () => {
    const tracer = world.fork(INIT);
    world.call(tracer.endpoint, "setUid", { id: 100 });
    world.vfsReplies();
    expect(trace(tracer.endpoint, child.pid, 11)).toEqual(failed("EPERM"));
    world.call(child.endpoint, "setUid", { id: 100 });
    world.vfsReplies();
    expect(trace(tracer.endpoint, child.pid, 11)).toMatchObject({ ok: true });
    expect(trace(INIT, child.pid, 11)).toEqual(failed("EBUSY"));
    expect(trace(INIT, 5, 11)).toEqual(failed("EPERM"));
    world.news();
    world.call(tracer.endpoint, "exit", { status: 0 });
    expect(died()).toBe(true);
  });
});
