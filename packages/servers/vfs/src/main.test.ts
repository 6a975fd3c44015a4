import { charContract, encodeCharReply } from "@procyon-os/contract-char";
import { decodeStat } from "@procyon-os/contract-fs";
import { DMAP_TABLE_BYTES, dmapInfo, FP_BLOCKED_ON_PIPE, FPROC_TABLE_BYTES, fprocInfo, F_GETLK, F_SETLK, F_SETLKW, SI_DMAP_TAB, SI_VFS_PROC_TAB, decodeFlock, encodeFdSet, encodeFlock, encodeTimeval } from "@procyon-os/contract-vfs";
import { CLOCK, decodeRequest, errorCode, messageType, MFS, NONE, RS, SENDA, SENDREC, SIGPIPE, SUSPEND, TTY, type Endpoint, type GrantId, type VirtAddr } from "@procyon-os/message";
import { describe, expect, it } from "vitest";
import { elf, frame } from "../test/programs.ts";
import { DISK, INIT, LOG, World } from "../test/world.ts";

const CHILD = 36_558 * 2 + 20 as Endpoint;
const at = (address: number): VirtAddr => address as VirtAddr;
const { calls } = charContract;

function withChild(): World {
  const world = new World().mountRoot();
  world.pm("fork", { process: CHILD, parent: INIT, pid: 20 });
  return world;
}

describe("requests of PM that come again", () => {
  it("answers a repetition as the first time, without doing it again", () => {
    const world = withChild();
    world.root.add("/file", 0o100644, "x");
    world.open(INIT, "/file", 0);
    const other = (CHILD + 1) as Endpoint;
    for (let i = 0; i < 3; i++) world.pm("fork", { process: other, parent: INIT, pid: 21, sequence: 1 });
    expect(world.toPm.slice(-3)).toEqual(Array.from({ length: 3 }, () => ({ name: "fork", status: 0, pc: 0, sequence: 1, process: other })));
    world.pm("setUid", { process: other, effective: 5, real: 5, sequence: 2 });
    world.pm("setUid", { process: other, effective: 6, real: 6, sequence: 2 }); // would be another request: the number counts
    expect(world.toPm.slice(-2).map(({ name, sequence }) => [name, sequence])).toEqual([["setUid", 2], ["setUid", 2]]);
    world.root.add("/secret", 0o100400, "x");
    expect(world.open(other, "/secret", 0)).toBe("EACCES");
    for (let i = 0; i < 2; i++) world.pm("exit", { process: other, sequence: 3 });
    expect(world.toPm.slice(-2).map(({ name, process }) => [name, process])).toEqual([["exit", other], ["exit", other]]);
    world.call(INIT, "close", { fd: 0 });
    expect(world.root.references()).toBe(1);
  });

  it("works on once what is asked twice before it is done", () => {
    const world = withChild();
    world.call(CHILD, "pipe", {});
    expect(world.read(CHILD, 0, 1)).toBeNull();
    const before = world.toPm.length;
    for (let i = 0; i < 2; i++) world.pm("unpause", { process: CHILD, sequence: 100 });
    expect(world.late(CHILD, "read")).toEqual({ ok: false, error: "EINTR" });
    expect(world.toPm.slice(before).map(({ name }) => name)).toEqual(["unpause", "unpause"]);
    for (let i = 0; i < 2; i++) world.pm("reboot", { sequence: 1 });
    expect(world.toPm.at(-1)?.name).toBe("reboot");
    expect(world.root.log.filter((line) => line === "sync")).toHaveLength(1);
  });
});

describe("paths and files", () => {
  it("lets a call with a path wait until the root file system is mounted", () => {
    const world = new World();
    expect(world.open(INIT, "/motd", 0)).toBeNull();
    world.root.add("/motd", 0o100644, "hello");
    world.mountRoot();
    expect(world.late(INIT, "open")).toEqual({ ok: true, value: { result: 0 } });
    expect(world.read(INIT, 0, 100)).toBe("hello");
    expect(world.read(INIT, 0, 100)).toBe("");
  });

  it("makes, writes, seeks, reads and removes a file, and gives every reference back", () => {
    const world = new World().mountRoot();
    expect(world.open(INIT, "/file", 0o102)).toBe(0);
    expect(world.write(INIT, 0, "abcdef")).toBe(6);
    expect(world.call(INIT, "lseek", { fd: 0, offset: -3, whence: 2 })).toEqual({ ok: true, value: { position: 3 } });
    expect(world.read(INIT, 0, 10)).toBe("def");
    world.call(INIT, "unlink", world.path3(INIT, "/file"));
    world.call(INIT, "close", { fd: 0 });
    expect(world.open(INIT, "/file", 0)).toBe("ENOENT");
    expect([...world.root.nodes.values()].filter(({ references }) => references > 0).map(({ number }) => number)).toEqual([1]);
  });

  it("answers the listed errors of paths and descriptors", () => {
    const world = withChild();
    world.root.add("/secret", 0o100600, "x");
    world.root.add("/d", 0o040755);
    world.root.add("/loop", 0o120777, "loop");
    world.pm("setUid", { process: CHILD, effective: 5, real: 5 });
    expect(world.open(CHILD, "/secret", 0)).toBe("EACCES");
    expect(world.open(CHILD, "/d", 1)).toBe("EACCES");
    expect(world.open(INIT, "/d", 1)).toBe("EISDIR");
    expect(world.open(INIT, "/d", 3)).toBe("EINVAL");
    expect(world.open(INIT, "/secret/x", 0)).toBe("ENOTDIR");
    expect(world.open(INIT, "/secret", 0o301)).toBe("EEXIST");
    expect(world.open(INIT, "/loop", 0)).toBe("ELOOP");
    expect(world.call(INIT, "read", { fd: 7, count: 1, buffer: at(0x4000) })).toEqual({ ok: false, error: "EBADF" });
    expect(world.call(INIT, "chdir", { pathLength: 2000, path: at(0x800), inline: "" })).toEqual({ ok: false, error: "ENAMETOOLONG" });
    expect(world.call(INIT, "chdir", { pathLength: 0, path: at(0x800), inline: "" })).toEqual({ ok: false, error: "EINVAL" });
    expect(world.call(CHILD, "chroot", world.path3(CHILD, "/d"))).toEqual({ ok: false, error: "EPERM" });
    expect(world.call(CHILD, "access", { ...world.path3(CHILD, "/secret"), mode: 4 })).toEqual({ ok: false, error: "EACCES" });
  });

  it("keeps a process in its root: `..` above it stays there, links begin there", () => {
    const world = withChild();
    world.root.add("/jail", 0o040755);
    world.root.add("/jail/inside", 0o100644, "in");
    world.root.add("/jail/link", 0o120777, "/inside");
    world.call(CHILD, "chroot", world.path3(CHILD, "/jail"));
    world.call(CHILD, "chdir", world.path3(CHILD, "/"));
    expect(world.open(CHILD, "../../link", 0)).toBe(0);
    expect(world.read(CHILD, 0, 9)).toBe("in");
    expect(world.open(INIT, "/inside", 0)).toBe("ENOENT");
  });

  it("shares the position after fork, closes on exec's flag only, and takes the lowest descriptor", () => {
    const world = new World().mountRoot();
    world.root.add("/file", 0o100644, "abcdef");
    expect(world.open(INIT, "/file", 0)).toBe(0);
    world.pm("fork", { process: CHILD, parent: INIT, pid: 20 });
    expect(world.read(INIT, 0, 2)).toBe("ab");
    expect(world.read(CHILD, 0, 2)).toBe("cd");
    expect(world.call(CHILD, "fcntl", { fd: 0, command: 0, argument: 5, lock: at(0) })).toEqual({ ok: true, value: { result: 5 } });
    expect(world.call(CHILD, "dup", { fd: 0, fd2: 0 })).toEqual({ ok: true, value: { result: 1 } });
    world.pm("exit", { process: CHILD });
    expect(world.toPm.at(-1)?.name).toBe("exit");
    expect(world.read(INIT, 0, 9)).toBe("ef");
  });

  it("appends at the end whatever the position, and truncates at open", () => {
    const world = new World().mountRoot();
    world.root.add("/log", 0o100644, "one\n");
    world.open(INIT, "/log", 0o2001);
    world.write(INIT, 0, "two\n");
    world.open(INIT, "/log", 0);
    expect(world.read(INIT, 1, 99)).toBe("one\ntwo\n");
    world.open(INIT, "/log", 0o1001);
    expect(world.read(INIT, 1, 99)).toBe("");
    expect(world.call(INIT, "fstat", { fd: 1, buffer: at(0x5000) })).toEqual({ ok: true, value: {} });
    expect(decodeStat(world.harness.clients.space(INIT), 0x5000)).toMatchObject({ size: 0, mode: 0o100644 });
  });
});

describe("pipes", () => {
  function pipeWorld(): World {
    const world = new World().mountRoot();
    expect(world.call(INIT, "pipe", {})).toEqual({ ok: true, value: { readFd: 0, writeFd: 1 } });
    world.pm("fork", { process: CHILD, parent: INIT, pid: 20 });
    return world;
  }

  it("lets a reader wait for a writer and gives it what is there", () => {
    const world = pipeWorld();
    expect(world.read(INIT, 0, 100)).toBeNull();
    expect(world.write(CHILD, 1, "hello")).toBe(5);
    expect(world.lateRead(INIT)).toBe("hello");
  });

  it("ends with no bytes when the last writer is gone", () => {
    const world = pipeWorld();
    world.call(INIT, "close", { fd: 1 });
    expect(world.read(INIT, 0, 100)).toBeNull();
    world.pm("exit", { process: CHILD });
    expect(world.lateRead(INIT)).toBe("");
  });

  it("raises SIGPIPE and answers EPIPE when nobody can read", () => {
    const world = pipeWorld();
    world.call(INIT, "close", { fd: 0 });
    world.call(CHILD, "close", { fd: 0 });
    expect(world.write(CHILD, 1, "x")).toBe("EPIPE");
    expect(world.signals).toEqual([SIGPIPE]);
  });

  it("writes at most PIPE_BUF bytes whole or not at all, and more in pieces", () => {
    const world = pipeWorld();
    const write = (process: Endpoint, count: number) => world.call(process, "write", { fd: 1, count, buffer: at(0x4000) });
    expect(write(CHILD, 30_000)).toEqual({ ok: true, value: { result: 30_000 } });
    expect(write(CHILD, 3000)).toBeNull();
    expect(world.read(INIT, 0, 30_000)?.length).toBe(30_000);
    expect(world.late(CHILD, "write")).toEqual({ ok: true, value: { result: 3000 } });
    expect(write(CHILD, 40_000)).toBeNull();
    let total = 0;
    while (total < 43_000) total += world.read(INIT, 0, 50_000)?.length ?? 0;
    expect(world.late(CHILD, "write")).toEqual({ ok: true, value: { result: 40_000 } });
  });

  it("answers EAGAIN with O_NONBLOCK, EINTR on a signal, and tells PM after the answer", () => {
    const world = pipeWorld();
    world.call(INIT, "fcntl", { fd: 0, command: 4, argument: 0o4000, lock: at(0) });
    expect(world.read(INIT, 0, 1)).toBe("EAGAIN");
    world.call(INIT, "fcntl", { fd: 0, command: 4, argument: 0, lock: at(0) });
    expect(world.read(CHILD, 0, 1)).toBeNull();
    world.pm("unpause", { process: CHILD });
    expect(world.lateRead(CHILD)).toBe("EINTR");
    expect(world.toPm.at(-1)?.name).toBe("unpause");
    world.pm("unpause", { process: CHILD }); // in no call: answered at once
    expect(world.toPm.filter(({ name }) => name === "unpause")).toHaveLength(2);
  });

  it("gives the inode of a pipe back to PFS with its last descriptor", () => {
    const world = pipeWorld();
    world.pm("exit", { process: CHILD });
    world.call(INIT, "close", { fd: 0 });
    world.call(INIT, "close", { fd: 1 });
    expect(world.pipes.references()).toBe(0);
  });

  it("opens a FIFO when both ends are there", () => {
    const world = withChild();
    world.root.add("/fifo", 0o010666);
    expect(world.open(INIT, "/fifo", 0)).toBeNull();
    expect(world.open(CHILD, "/fifo", 1)).toBe(0);
    expect(world.late(INIT, "open")).toEqual({ ok: true, value: { result: 0 } });
    world.write(CHILD, 0, "through");
    expect(world.read(INIT, 0, 99)).toBe("through");
    expect(world.open(INIT, "/fifo", 2)).toBe("ENXIO");
  });
});

describe("locks and select", () => {
  const lock = (world: World, process: Endpoint, command: number, type: number, start: number, length: number): unknown => {
    world.put(process, 0x6000, encodeFlock({ type, whence: 0, start, length, pid: 0 }));
    return world.call(process, "fcntl", { fd: 0, command, argument: 0, lock: at(0x6000) });
  };
  const fine = { ok: true, value: { result: 0 } };

  it("holds locks against others, splits them, lets F_SETLKW wait, and drops them at close", () => {
    const world = new World().mountRoot();
    world.root.add("/file", 0o100644, "abcdef");
    world.open(INIT, "/file", 2);
    world.pm("fork", { process: CHILD, parent: INIT, pid: 20 });
    expect(lock(world, INIT, F_SETLK, 2, 0, 100)).toEqual(fine);
    expect(lock(world, CHILD, F_SETLK, 1, 50, 1)).toEqual({ ok: false, error: "EAGAIN" });
    expect(lock(world, INIT, F_SETLK, 3, 40, 20)).toEqual(fine);
    expect(lock(world, CHILD, F_SETLK, 1, 50, 1)).toEqual(fine);
    lock(world, CHILD, F_GETLK, 2, 90, 1);
    expect(decodeFlock(world.harness.clients.space(CHILD).subarray(0x6000))).toMatchObject({ type: 2, start: 60, length: 40, pid: 1 });
    expect(lock(world, CHILD, F_SETLKW, 2, 90, 1)).toBeNull();
    world.call(INIT, "close", { fd: 0 });
    expect(world.late(CHILD, "fcntl")).toEqual(fine);
  });

  it("has eight places for locks", () => {
    const world = new World().mountRoot();
    world.root.add("/file", 0o100644, "abcdef");
    world.open(INIT, "/file", 2);
    for (let i = 0; i < 8; i++) expect(lock(world, INIT, F_SETLK, 2, i * 10, 1)).toEqual(fine);
    expect(lock(world, INIT, F_SETLK, 2, 90, 1)).toEqual({ ok: false, error: "ENOLCK" });
  });

  it("wakes select when a pipe becomes readable, and ends it when the time is over", () => {
    const world = new World().mountRoot();
    world.call(INIT, "pipe", {});
    world.pm("fork", { process: CHILD, parent: INIT, pid: 20 });
    const select = (process: Endpoint, ticks: number) => {
      world.put(process, 0x7000, encodeFdSet([0]));
      world.put(process, 0x7100, encodeTimeval({ seconds: 0, microseconds: Math.floor((ticks * 1_000_000) / 60) }));
      return world.call(process, "select", { count: 1, read: at(0x7000), write: at(0), error: at(0), timeout: at(0x7100) });
    };
    expect(select(INIT, 30)).toBeNull();
    world.write(CHILD, 1, "x");
    expect(world.late(INIT, "select")).toEqual({ ok: true, value: { result: 1 } });
    expect(world.get(INIT, 0x7000, 1)).toBe("\x01");
    world.read(INIT, 0, 1);
    expect(select(CHILD, 0)).toEqual({ ok: true, value: { result: 0 } });
    expect(select(CHILD, 30)).toBeNull();
    world.harness.uptime += 31;
    world.notify(CLOCK);
    expect(world.late(CHILD, "select")).toEqual({ ok: true, value: { result: 0 } });
    expect(world.get(CHILD, 0x7000, 1)).toBe("\0");
  });
});

describe("character devices", () => {
  const last = (world: World) => world.toDrivers.at(-1) as World["toDrivers"][number];
  const task = (world: World, status: number, user = 1) => world.send(TTY, encodeCharReply({ kind: "task", user: user as Endpoint, status }), SENDA);

  /** INIT leads a session and has the console open. */
  function console_(): World {
    const world = withChild();
    world.pm("setSid", { process: INIT });
    expect(world.open(INIT, "/dev/console", 2)).toBeNull();
    expect(decodeRequest(calls.open, last(world).message)).toMatchObject({ minor: 0, user: INIT, access: 6 });
    task(world, 1, INIT);
    expect(world.late(INIT, "open")).toEqual({ ok: true, value: { result: 0 } });
    return world;
  }

  it("a read that the terminal suspends ends with the bytes that it announces", () => {
    const world = console_();
    expect(world.read(INIT, 0, 80)).toBeNull();
    const { grant } = decodeRequest(calls.read, last(world).message);
    task(world, SUSPEND);
    expect(world.open(CHILD, "/nothing", 0)).toBe("ENOENT"); // VFS goes on meanwhile
    world.notify(TTY);
    expect(messageType(last(world).message)).toBe(0x40d);
    world.put(INIT, 0x14000, "ls\n");
    world.send(TTY, encodeCharReply({ kind: "revive", user: 1 as Endpoint, status: 3, grant }), SENDA);
    world.send(TTY, encodeCharReply({ kind: "noStatus" }), SENDA);
    expect(world.lateRead(INIT)).toBe("ls\n");
  });

  it("a signal cancels a suspended read", () => {
    const world = console_();
    world.read(INIT, 0, 80);
    task(world, SUSPEND);
    world.pm("unpause", { process: INIT });
    expect(messageType(last(world).message)).toBe(0x400);
    task(world, errorCode("EINTR"));
    expect(world.lateRead(INIT)).toBe("EINTR");
    expect(world.toPm.at(-1)?.name).toBe("unpause");
  });

  it.each([{ suspended: true }, { suspended: false }])("a read goes on when the terminal died and came back (suspended before: $suspended)", ({ suspended }) => {
    const world = console_();
    world.read(INIT, 0, 80);
    if (suspended) task(world, SUSPEND);
    world.announce("drv.chr.tty", TTY);
    if (!suspended) {
      expect(decodeRequest(calls.cancel, last(world).message).user).toBe(0x6ace);
      task(world, errorCode("ERESTART"), 0x6ace); // the new instance has not seen the read
    }
    expect(messageType(last(world).message)).toBe(0x40e); // reopen, which this one does not know
    task(world, errorCode("EINVAL"));
    expect(decodeRequest(calls.open, last(world).message)).toMatchObject({ minor: 0, user: INIT, access: 6 });
    task(world, 1, INIT);
    expect(messageType(last(world).message)).toBe(0x400); // should it have the old request, it drops it
    task(world, errorCode("EINTR"));
    expect(messageType(last(world).message)).toBe(0x414);
    world.put(INIT, 0x14000, "ok");
    task(world, 2);
    expect(world.lateRead(INIT)).toBe("ok");
  });

  it("a write goes on when the terminal died over it and announced nothing", () => {
    const world = console_();
    const tick = (): void => {
      world.harness.uptime += 61;
      world.notify(CLOCK);
    };
    world.write(INIT, 0, "hi");
    tick();
    tick();
    expect(decodeRequest(calls.cancel, last(world).message).user).toBe(0x6ace);
    task(world, errorCode("EINTR"), 0x6ace);
    task(world, errorCode("EINTR")); // the cancel of the lost request
    expect(messageType(last(world).message)).toBe(0x415);
    task(world, 2);
    expect(world.late(INIT, "write")).toEqual({ ok: true, value: { result: 2 } });
  });

  it("leaves a request alone that the new instance has already", () => {
    const world = console_();
    world.read(INIT, 0, 80);
    world.announce("drv.chr.tty", TTY);
    world.put(INIT, 0x14000, "once");
    task(world, 4);
    task(world, 0, 0x6ace);
    expect(world.lateRead(INIT)).toBe("once");
    task(world, 0); // the reopen
    expect(world.toDrivers.filter(({ message }) => messageType(message) === 0x414)).toHaveLength(1);
  });

  it("/dev/tty is the process's terminal, or ENXIO", () => {
    const world = console_();
    expect(world.open(INIT, "/dev/tty", 2)).toBe(1);
    expect(world.open(CHILD, "/dev/tty", 2)).toBe("ENXIO");
    world.write(INIT, 1, "hi");
    expect(decodeRequest(calls.write, last(world).message)).toMatchObject({ minor: 0, count: 2 });
    expect(last(world).to).toBe(TTY);
  });

  it("an asynchronous driver's read is asked again after its restart, behind a new open", () => {
    const world = new World().mountRoot();
    expect(world.open(INIT, "/dev/klog", 0)).toBeNull();
    world.send(LOG, encodeCharReply({ kind: "open", user: INIT, status: 0 }), SENDA);
    expect(world.late(INIT, "open")).toEqual({ ok: true, value: { result: 0 } });
    expect(world.read(INIT, 0, 10)).toBeNull();
    world.announce("drv.chr.log", LOG);
    const types = world.toDrivers.slice(-3).map(({ message }) => messageType(message));
    expect(types).toEqual([0x40e, 0x400, 0x414]); // reopen, drop the old request, ask again
    const { grant } = decodeRequest(calls.read, last(world).message);
    world.put(INIT, 0x14000, "new");
    world.send(LOG, encodeCharReply({ kind: "revive", user: 1 as Endpoint, status: 3, grant: grant as GrantId }), SENDA);
    expect(world.lateRead(INIT)).toBe("new");
  });

  it("answers ENOTTY for an ioctl of a file, and passes one on to a terminal", () => {
    const world = console_();
    world.root.add("/file", 0o100644, "");
    world.open(INIT, "/file", 0);
    const ioctl = (fd: number) => world.call(INIT, "ioctl", { fd, request: 0x80245408, argument: at(0x5000) });
    expect(ioctl(1)).toEqual({ ok: false, error: "ENOTTY" });
    expect(ioctl(0)).toBeNull();
    expect(decodeRequest(calls.ioctl, last(world).message)).toMatchObject({ request: 0x80245408, realUser: INIT });
    task(world, 0);
    expect(world.late(INIT, "ioctl")).toEqual({ ok: true, value: { result: 0 } });
  });
});

it("answers an asynchronous caller asynchronously: it need not wait at that moment", () => {
  const world = new World().mountRoot();
  const unknown = (status: number) => world.harness.send(RS, new Int32Array(9), status).map(({ how, to }) => ({ how, to }));
  expect(unknown(SENDA)).toContainEqual({ how: SENDA, to: RS });
  expect(unknown(SENDREC)).not.toContainEqual({ how: SENDA, to: RS });
});

describe("exec, mounts and the end", () => {
  function exec(world: World, path: string, ...args: string[]): World["toPm"][number] | undefined {
    const bytes = frame(...args);
    world.put(INIT, 0x800, `${path}\0`);
    world.put(INIT, 0x1000, bytes);
    world.pm("exec", { process: INIT, pathLength: path.length + 1, frameLength: bytes.length, path: at(0x800), frame: at(0x1000) });
    return world.toPm.at(-1);
  }
  const argvAt = (world: World, frameBytes: number, index: number): string => {
    const base = world.stackTop - frameBytes;
    const space = world.harness.clients.space(INIT);
    const pointer = new DataView(space.buffer).getUint32(base + 4 + index * 4, true);
    return String.fromCharCode(...space.subarray(pointer, space.indexOf(0, pointer)));
  };

  it("loads an ELF program: its bytes at their address, its arguments below the stack's top", () => {
    const world = new World().mountRoot();
    world.root.add("/prog", 0o100755, elf("machine code"));
    expect(exec(world, "/prog", "prog", "one")).toMatchObject({ name: "exec", status: 0, pc: 0x8000 });
    expect(world.get(INIT, 0x8000, 12)).toBe("machine code");
    expect([0, 1].map((i) => argvAt(world, frame("prog", "one").length, i))).toEqual(["prog", "one"]);
  });

  it("runs a script's interpreter with the line's words and the script's path", () => {
    const world = new World().mountRoot();
    world.root.add("/sh", 0o100755, elf("sh"));
    world.root.add("/script", 0o100755, "#! /sh -x  -y\necho\n");
    expect(exec(world, "/script", "ignored", "arg")).toMatchObject({ status: 0, pc: 0x8000 });
    const length = frame("/sh", "-x", "-y", "/script", "arg").length;
    expect([0, 1, 2, 3, 4].map((i) => argvAt(world, length, i))).toEqual(["/sh", "-x", "-y", "/script", "arg"]);
  });

  it.each([
    ["/none", errorCode("ENOENT")], ["/text", errorCode("ENOEXEC")], ["/data", errorCode("EACCES")], ["/dir", errorCode("ENOEXEC")],
    ["/hosted", errorCode("ENOEXEC")],
  ])("refuses %s", (path, status) => {
    const world = new World().mountRoot();
    world.root.add("/text", 0o100755, "just text");
    world.root.add("/data", 0o100644, elf("x"));
    world.root.add("/dir", 0o040755);
    world.root.add("/hosted", 0o100755, "#!hosted @procyon-os/ds@1.0.0\n");
    expect(exec(world, path, "x")?.status).toBe(status);
  });

  /** A second file system on /mnt. */
  function mounted() {
    const world = new World().mountRoot();
    const server = 9000 as Endpoint;
    const second = new (world.root.constructor as new (harness: () => unknown) => World["root"])(() => world.harness);
    world.others.set(server, second);
    second.add("/inner", 0o100644, "second");
    world.root.add("/mnt", 0o040755);
    world.root.add("/outer", 0o100644, "first");
    world.root.add("/c0d1", 0o060600, "", 0x0305);
    world.pm("srvFork", { process: server, parent: INIT, pid: 30, uid: 0, gid: 0 });
    world.put(INIT, 0x900, "/c0d1\0");
    world.put(INIT, 0x920, "/mnt\0");
    world.put(INIT, 0x940, "fs_c0d1\0");
    const request = { specialLength: 6, pathLength: 5, flags: 4, special: at(0x900), path: at(0x920), label: at(0x940) };
    // The harness has another slot for 9000: the process table knows the endpoint.
    expect(world.call(INIT, "mount", request)).toEqual({ ok: true, value: {} });
    return { world, server, second, request };
  }

  it("mounts a second file system on a directory, walks in and out, and unmounts it when nobody is in it", () => {
    const { world, second, request } = mounted();
    expect(world.call(INIT, "mount", request)).toEqual({ ok: false, error: "EBUSY" });
    expect(world.open(INIT, "/mnt/inner", 0)).toBe(0);
    expect(world.read(INIT, 0, 99)).toBe("second");
    expect(world.open(INIT, "/mnt/../outer", 0)).toBe(1);
    expect(world.call(INIT, "umount", world.path3(INIT, "/mnt"))).toEqual({ ok: false, error: "EBUSY" });
    world.call(INIT, "close", { fd: 0 });
    expect(world.call(INIT, "umount", world.path3(INIT, "/mnt"))).toEqual({ ok: true, value: { label: "fs_c0d1" } });
    expect(second.mounted).toBe(false);
  });

  it("sends a file server that came back what it has not answered, as it was", () => {
    const world = new World().mountRoot();
    world.root.add("/file", 0o100644, "kept");
    world.open(INIT, "/file", 0);
    world.root.isDead = true;
    const before = world.harness.sent.length;
    expect(world.read(INIT, 0, 9)).toBeNull();
    world.root.isDead = false;
    world.announce("fs.fs_imgrd", MFS);
    expect(world.lateRead(INIT)).toBe("kept");
    const asked = world.harness.sent.slice(before).filter(({ to }) => to === MFS).map(({ message }) => [...message]);
    expect(asked).toHaveLength(2);
    expect(asked[1]).toEqual(asked[0]);
  });

  it("unmounts a file system whose server is gone, in spite of open files, which can be closed", () => {
    const { world, server } = mounted();
    expect(world.open(INIT, "/mnt/inner", 0)).toBe(0);
    world.pm("exit", { process: server });
    expect(world.open(INIT, "/mnt/inner", 0)).toBe("EIO");
    expect(world.call(INIT, "umount", world.path3(INIT, "/mnt"))).toEqual({ ok: true, value: { label: "fs_c0d1" } });
    expect(world.read(INIT, 0, 9)).toBe("EIO");
    expect(world.call(INIT, "close", { fd: 0 })).toEqual({ ok: true, value: {} });
    expect(world.open(INIT, "/mnt", 0)).toBe(0); // what was covered
  });

  it("answers EIO for a file server that died, and says so", () => {
    const world = new World().mountRoot();
    world.root.add("/file", 0o100644, "x");
    world.open(INIT, "/file", 0);
    world.pm("exit", { process: MFS });
    expect(world.harness.output).toContain("file server fs_imgrd");
    expect(world.read(INIT, 0, 1)).toBe("EIO");
    expect(world.open(INIT, "/file", 0)).toBe("EIO");
  });

  it("closes, writes and unmounts everything at the end, in spite of open files", () => {
    const world = withChild();
    world.root.add("/file", 0o100644, "x");
    world.open(INIT, "/file", 2);
    world.call(CHILD, "pipe", {});
    expect(world.read(CHILD, 0, 1)).toBeNull();
    world.pm("reboot", {});
    expect(world.toPm.at(-1)?.name).toBe("reboot");
    expect(world.root.mounted).toBe(false);
    expect(world.root.references()).toBe(1);
    expect(world.root.log).toContain("sync");
    expect(world.harness.output).toBe("");
  });

  it("asks the disk driver for a block device's open again when it came back under the request", () => {
    const world = new World().mountRoot();
    world.root.add("/disk", 0o060600, "", 0x0305);
    expect(world.open(INIT, "/disk", 0)).toBeNull();
    world.announce("drv.blk.at_wini_0", DISK);
    const opens = world.toDrivers.filter(({ to, message }) => to === DISK && messageType(message) === 0x1500);
    expect(opens).toHaveLength(2);
    const reply = new Int32Array(9);
    reply[1] = 0x1580;
    reply[6] = (opens[1] as (typeof opens)[number]).message[6] as number; // the id
    world.send(DISK, reply, SENDA);
    expect(world.late(INIT, "open")).toEqual({ ok: true, value: { result: 0 } });
  });
});

describe("tables for dumps", () => {
  const where = at(0x4000);
  const bytes = (world: World, length: number): Uint8Array => world.harness.clients.space(INIT).subarray(where, where + length);

  it("copies its processes to root, and why they wait", () => {
    const world = withChild();
    world.call(CHILD, "pipe", {});
    expect(world.read(CHILD, 0, 1)).toBeNull();
    expect(world.call(INIT, "getSysInfo", { what: SI_VFS_PROC_TAB, size: FPROC_TABLE_BYTES, where })).toEqual({ ok: true, value: {} });
    const entry = (slot: number) => fprocInfo.decode(bytes(world, FPROC_TABLE_BYTES), slot * fprocInfo.bytes);
    expect(entry(20)).toMatchObject({ inUse: 1, endpoint: CHILD, pid: 20, uid: 0, blockedOn: FP_BLOCKED_ON_PIPE, revived: 0 });
    expect(entry(INIT)).toMatchObject({ inUse: 1, endpoint: INIT, pid: 1, blockedOn: 0 });
    expect(entry(100).inUse).toBe(0);
  });

  it("copies the drivers by major number", () => {
    const world = withChild();
    expect(world.call(INIT, "getSysInfo", { what: SI_DMAP_TAB, size: DMAP_TABLE_BYTES, where })).toEqual({ ok: true, value: {} });
    const entry = (major: number) => dmapInfo.decode(bytes(world, DMAP_TABLE_BYTES), major * dmapInfo.bytes);
    expect(entry(4)).toEqual({ driver: TTY, style: 3, flags: 0, label: "tty" });
    expect(entry(60)).toEqual({ driver: NONE, style: 0, flags: 0, label: "" });
  });

  it.each([[99, FPROC_TABLE_BYTES, "EINVAL"], [SI_DMAP_TAB, DMAP_TABLE_BYTES - 1, "EINVAL"], [SI_VFS_PROC_TAB, 0, "EINVAL"]] as const)("refuses table %i of %i bytes", (what, size, error) => {
    expect(withChild().call(INIT, "getSysInfo", { what, size, where })).toEqual({ ok: false, error });
  });

  it("shows them to root alone, and says where the address is bad", () => {
    const world = withChild();
    expect(world.call(INIT, "getSysInfo", { what: SI_DMAP_TAB, size: DMAP_TABLE_BYTES, where: at(0xfffff000) })).toEqual({ ok: false, error: "EFAULT" });
    world.pm("setUid", { process: CHILD, effective: 5, real: 0 });
    expect(world.call(CHILD, "getSysInfo", { what: SI_DMAP_TAB, size: DMAP_TABLE_BYTES, where })).toEqual({ ok: false, error: "EPERM" });
  });
});
