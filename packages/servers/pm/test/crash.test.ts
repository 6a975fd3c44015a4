import { encodeExecNewmem } from "@procyon-os/contract-vm";
import { INIT, RS, SENDA, SIGCHLD, SIGINT, SIGKILL, SIGTERM, SIGUSR1, TTY, VFS, type VirtAddr } from "@procyon-os/message";
import { checkSavedState } from "@procyon-os/sef";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CrashRun } from "./crash-run.ts";

beforeAll(() => checkSavedState(true));
afterAll(() => checkSavedState(false));

const newMem = encodeExecNewmem({
  textAddress: 0x1000, textBytes: 4096, dataAddress: 0x2000, dataBytes: 4096, totalBytes: 0, argsBytes: 64, separate: false, isElf: true,
  device: 1, inode: 2, ctime: 3, newUid: 77, newGid: 78, setUgid: true, programName: "cat",
});
const forever = { pid: -1, options: 0 };

/** Lives of processes, each made of the calls that take PM, VM, SCHED and VFS several steps. */
const lives: { readonly [what: string]: (run: CrashRun) => void } = {
  "fork, exec, exit and wait": (run) => {
    const child = run.fork(INIT);
    run.call(INIT, "waitPid", forever);
    run.call(child, "exec", { pathLength: 5, frameLength: 64, path: 0x100 as VirtAddr, frame: 0x200 as VirtAddr });
    run.call(VFS, "execNewMem", { process: child, newMem: run.poke(VFS, newMem) });
    run.vfs({ pc: 0x1234 });
    run.call(child, "getUid", {});
    const grandchild = run.fork(child);
    run.call(child, "exit", { status: 3 });
    run.vfsAll();
    run.call(grandchild, "getPid", {});
    run.call(grandchild, "exit", { status: 4 });
    run.call(INIT, "waitPid", forever);
    run.vfsAll();
  },
  "an exec that fails, early and late": (run) => {
    const child = run.fork(INIT);
    run.call(child, "exec", { pathLength: 5, frameLength: 64, path: 0x100 as VirtAddr, frame: 0x200 as VirtAddr });
    run.vfs({ status: -2 });
    run.call(child, "exec", { pathLength: 5, frameLength: 64, path: 0x100 as VirtAddr, frame: 0x200 as VirtAddr });
    run.call(VFS, "execNewMem", { process: child, newMem: run.poke(VFS, newMem) });
    run.vfs({ status: -8 });
    run.signal(child, SIGKILL);
    run.vfsAll();
    run.call(INIT, "waitPid", forever);
  },
  "signals to processes that run, wait and are in VFS": (run) => {
    const [one, other] = [run.fork(INIT), run.fork(INIT)];
    run.call(one, "setSid", {});
    run.vfs();
    run.handler(one, SIGUSR1, 0x5000);
    run.handler(one, SIGINT, 0x6000);
    run.handler(other, SIGTERM, 0x7000);
    run.call(other, "kill", { pid: 14, signal: SIGUSR1 });
    run.vfsAll();
    run.call(one, "pause", {});
    run.call(other, "kill", { pid: 14, signal: SIGINT });
    run.call(one, "sigreturn", { mask: 0, flags: 0, context: 0x3f000 as VirtAddr });
    run.call(one, "sigprocmask", { how: 0, set: (1 << SIGUSR1) | (1 << SIGINT) });
    run.call(other, "kill", { pid: 14, signal: SIGUSR1 });
    run.signal(one, SIGINT);
    run.call(one, "sigsuspend", { mask: 0 });
    run.vfsAll();
    run.call(other, "setUid", { id: 5 });
    run.signal(other, SIGTERM);
    run.call(one, "kill", { pid: 0, signal: SIGUSR1 });
    run.vfsAll();
    run.call(INIT, "kill", { pid: 15, signal: SIGKILL });
    run.vfsAll();
    run.call(one, "kill", { pid: 14, signal: SIGKILL });
    run.vfsAll();
    run.call(INIT, "waitPid", forever);
    run.call(INIT, "waitPid", forever);
  },
  "timers": (run) => {
    const child = run.fork(INIT);
    run.handler(child, 14, 0x5000);
    run.handler(INIT, SIGCHLD, 0x5000);
    run.call(child, "alarm", { seconds: 2 });
    run.call(INIT, "alarm", { seconds: 1 });
    const timer = run.poke(child, new Uint8Array(Int32Array.of(1, 0, 1, 500_000).buffer), 0x2100);
    run.call(child, "itimer", { which: 0, value: timer, oldValue: 0x2200 as VirtAddr });
    run.call(child, "itimer", { which: 1, value: timer, oldValue: 0x2300 as VirtAddr });
    run.tick(100);
    run.call(child, "alarm", { seconds: 0 });
    run.vfsAll();
    run.signal(child, 24);
    run.vfsAll();
    run.call(child, "itimer", { which: 1, value: 0 as VirtAddr, oldValue: 0x2300 as VirtAddr });
  },
  "ids, groups, priorities": (run) => {
    const child = run.fork(INIT);
    run.call(child, "setGroups", { count: 2, groups: run.poke(child, new Uint8Array(Uint32Array.of(10, 20).buffer)) });
    run.vfs();
    run.call(child, "setSid", {});
    run.vfs();
    run.call(child, "setGid", { id: 9 });
    run.vfsAll();
    run.call(child, "setPriority", { which: 0, who: 0, priority: 4 });
    run.call(child, "setEuid", { id: 7 });
    run.vfsAll();
    run.call(child, "getUid", {});
    run.call(child, "getGroups", { count: 2, groups: 0x2400 as VirtAddr });
  },
  "a tracer and what it traces": (run) => {
    const [child, tracer] = [run.fork(INIT), run.fork(INIT)];
    const trace = (request: number, data = 0) => run.call(tracer, "ptrace", { pid: 14, request, address: 0x2000, data });
    trace(10);
    run.call(tracer, "waitPid", { pid: 14, options: 0 });
    trace(2);
    trace(7);
    run.call(INIT, "kill", { pid: 14, signal: SIGINT });
    run.call(tracer, "waitPid", { pid: 14, options: 0 });
    trace(16);
    run.vfs({ status: -71, tracer: child });
    trace(8, 6);
    run.vfsAll();
    run.call(tracer, "waitPid", { pid: 14, options: 0 });
    run.call(INIT, "waitPid", forever);
    run.call(tracer, "exit", { status: 0 });
    run.vfsAll();
  },
  "services": (run) => {
    run.call(RS, "srvFork", { uid: 0, gid: 0, asUser: 0 }, SENDA);
    run.call(RS, "getProcNr", { pid: 14, nameLength: 0, name: 0 as VirtAddr }, SENDA);
    const service = run.vfs();
    run.call(RS, "execNewMem", { process: service, newMem: run.poke(RS, newMem) }, SENDA);
    run.call(RS, "execRestart", { process: service, result: 0, alreadyStarted: 0, pc: 0x4000 as VirtAddr }, SENDA);
    run.call(INIT, "kill", { pid: 14, signal: SIGTERM });
    run.call(RS, "srvKill", { pid: 14, signal: SIGKILL }, SENDA);
    run.call(RS, "waitPid", { pid: -1, options: 1 }, SENDA);
    run.vfsAll();
    run.call(TTY, "exit", { status: 1 });
  },
};

function runLife(what: string, kills: readonly number[] = []): { run: CrashRun; result: object } {
  const run = new CrashRun(kills);
  (lives[what] as (run: CrashRun) => void)(run);
  return { run, result: run.result() };
}

it.each(Object.keys(lives))("[R10] gives what an undisturbed PM gives, wherever it is killed: %s", (what) => {
  const undisturbed = runLife(what);
  const expected = JSON.stringify(undisturbed.result);
  const boot = new CrashRun().harness.traps;
  const end = undisturbed.run.harness.traps;
  expect(end).toBeGreaterThan(boot + 50);
  for (let kill = boot; kill < end; kill++) {
    const { run, result } = runLife(what, [kill]);
    expect(run.deaths).toBe(1);
    if (JSON.stringify(result) !== expected) expect({ kill, result }).toEqual({ kill, result: undisturbed.result }); // which is slower
  }
});
