import {
  PMGETPARAM, PMSETPARAM, PROC_INFO_BYTES, PROC_INFO_TABLE_BYTES, RBT_MONITOR, SI_PROC_TAB, decodeProcInfo, encodeSysGetEnv, MP_IN_USE, MP_PRIV_PROC, MPROC_TABLE_BYTES, mprocInfo, SI_MPROC_TAB,
} from "@procyon-os/contract-pm";
import { pmToVfs, vfsToPm } from "@procyon-os/contract-vfs";
import {
  INIT, NONE, SENDA, TTY, VFS, decodeRequest, encodeRequest, errorCode, newMessage, type Endpoint, type Message, type VirtAddr,
} from "@procyon-os/message";
import { beforeEach, expect, it } from "vitest";
import { World, done, failed, poke } from "./world.ts";

let world: World;
let user: { endpoint: Endpoint; pid: number };
beforeEach(() => {
  world = new World();
  user = world.fork(INIT);
  world.news();
});
function become(id: number): void {
  world.call(user.endpoint, "setUid", { id });
  world.vfsReplies();
}
const space = (who: Endpoint, at: number, length: number) => world.harness.clients.space(who).slice(at, at + length);
const textAt = (who: Endpoint, at: number) => String.fromCharCode(...space(who, at, 64)).replace(/\0.*/s, "");

it("gives up root for good, and keeps the effective id apart from the real one", () => {
  world.call(user.endpoint, "setEuid", { id: 100 });
  world.vfsReplies();
  expect(world.call(user.endpoint, "getUid", {})).toEqual({ ok: true, value: { real: 0, effective: 100 } });
  world.call(user.endpoint, "setEuid", { id: 0 });
  world.vfsReplies();
  become(100);
  expect(world.call(user.endpoint, "setUid", { id: 0 })).toEqual(failed("EPERM"));
  expect(world.call(user.endpoint, "setGid", { id: 7 })).toEqual(failed("EPERM"));
});

it("shares groups with VFS and gives them back", () => {
  const groups = poke(world, user.endpoint, new Uint8Array(Uint32Array.of(10, 20, 30).buffer));
  expect(world.call(user.endpoint, "setGroups", { count: 3, groups })).toBeNull();
  const { count, groups01, groups23 } = decodeRequest(pmToVfs.calls.setGroups, world.harness.sent.at(-1)?.message as Message);
  expect([count, groups01, groups23]).toEqual([3, (20 << 16) | 10, 30]);
  world.vfsReplies();
  expect(world.call(user.endpoint, "getGroups", { count: 0, groups })).toEqual({ ok: true, value: { count: 3 } });
  expect(world.call(user.endpoint, "getGroups", { count: 2, groups })).toEqual(failed("EINVAL"));
  const back = 0x3000 as VirtAddr;
  world.call(user.endpoint, "getGroups", { count: 4, groups: back });
  expect([...new Uint32Array(space(user.endpoint, back, 16).buffer)]).toEqual([10, 20, 30, 0]);
  expect(world.call(user.endpoint, "setGroups", { count: 0, groups: 0 as VirtAddr })).toEqual(failed("EFAULT"));
});

it("makes a session once", () => {
  world.call(user.endpoint, "setSid", {});
  world.vfsReplies();
  expect(world.call(user.endpoint, "setSid", {})).toEqual(failed("EPERM"));
  expect(world.call(INIT, "getSid", { pid: user.pid })).toEqual({ ok: true, value: { session: user.pid } });
});

it("tells the time from boot time and ticks, and lets only root set it", () => {
  world.harness.uptime = 90;
  expect(world.call(user.endpoint, "getTimeOfDay", {})).toEqual({ ok: true, value: { seconds: 1001, microseconds: 500_000 } });
  world.call(user.endpoint, "stime", { seconds: 5000 });
  expect(world.news()).toEqual(["stime 4999"]);
  become(100);
  expect(world.call(user.endpoint, "stime", { seconds: 1 })).toEqual(failed("EPERM"));
});

it.each([[0, "i386"], [4, "noname"], [5, "3"], [6, "2.0"], [7, "Minix"]])("has %j as name %i of the system", (field, name) => {
  const buffer = 0x2000 as VirtAddr;
  expect(world.call(user.endpoint, "sysUname", { request: 0, field: field as number, length: 64, buffer })).toMatchObject({ ok: true });
  expect(textAt(user.endpoint, buffer)).toBe(name);
  expect(world.call(user.endpoint, "sysUname", { request: 0, field: 3, length: 64, buffer })).toEqual(failed("EINVAL"));
});

it("reads boot parameters, and lets two be set over them", () => {
  const svrctl = (request: number, key: string, value: string | number) => {
    const keyAt = poke(world, user.endpoint, new TextEncoder().encode(`${key}\0`), 0x2100);
    const valueAt = poke(world, user.endpoint, new TextEncoder().encode(typeof value === "string" ? `${value}\0` : ""), 0x2200);
    const keyLength = key === "" ? 0 : key.length + 1;
    const valueLength = typeof value === "string" ? value.length + 1 : value;
    const argument = poke(world, user.endpoint, encodeSysGetEnv({ key: keyAt, keyLength, value: valueAt, valueLength }), 0x2000);
    return world.call(user.endpoint, "svrctl", { request, argument });
  };
  expect(svrctl(PMGETPARAM, "rootdev", 20)).toEqual(done);
  expect(textAt(user.endpoint, 0x2200)).toBe("897");
  expect(svrctl(PMGETPARAM, "rootdev", 3)).toEqual(failed("E2BIG"));
  expect(svrctl(PMGETPARAM, "root", 20)).toEqual(failed("ESRCH"));
  expect(svrctl(PMSETPARAM, "hz", "100")).toEqual(done);
  expect(svrctl(PMGETPARAM, "hz", 20)).toEqual(done);
  expect(textAt(user.endpoint, 0x2200)).toBe("100");
  svrctl(PMSETPARAM, "a", "b");
  expect(svrctl(PMSETPARAM, "c", "d")).toEqual(failed("ENOSPC"));
  expect(svrctl(0x40104d06, "hz", 20)).toEqual(failed("EINVAL"));
});

it("lets only root raise a priority, and tells SCHED", () => {
  expect(world.call(user.endpoint, "setPriority", { which: 0, who: 0, priority: 10 })).toEqual(done);
  expect(world.news()).toEqual([`sched setNice ${user.endpoint} 11`]);
  expect(world.call(user.endpoint, "getPriority", { which: 0, who: 0 })).toEqual({ ok: true, value: { priority: 30 } });
  become(100);
  expect(world.call(user.endpoint, "setPriority", { which: 0, who: 0, priority: 5 })).toEqual(failed("EACCES"));
  expect(world.call(user.endpoint, "setPriority", { which: 0, who: 1, priority: 15 })).toEqual(failed("EPERM"));
  expect(world.call(INIT, "setPriority", { which: 0, who: 0, priority: 21 })).toEqual(failed("EINVAL"));
});

it("finds processes by pid and name for root, and itself for everyone", () => {
  const name = poke(world, user.endpoint, new TextEncoder().encode("tty\0"));
  const ask = (pid: number, nameLength: number) => world.call(user.endpoint, "getProcNr", { pid, nameLength, name });
  expect(ask(10, 0)).toMatchObject({ value: { endpoint: TTY } });
  expect(ask(-1, 4)).toMatchObject({ value: { endpoint: TTY } });
  expect(ask(-1, 0)).toEqual({ ok: true, value: { endpoint: user.endpoint, parent: INIT } });
  become(100);
  expect(ask(10, 0)).toEqual(failed("EPERM"));
  expect(ask(-1, 0)).toEqual({ ok: true, value: { endpoint: user.endpoint, parent: NONE } });
  expect(world.call(user.endpoint, "getEpInfo", { endpoint: user.endpoint })).toEqual({ ok: true, value: { pid: user.pid, uid: 100, gid: 0 } });
});

it("copies the process table for ps, to root, in one size", () => {
  const where = 0x8000 as VirtAddr;
  expect(world.call(user.endpoint, "getSysInfo", { what: SI_PROC_TAB, size: 4, where })).toEqual(failed("EINVAL"));
  expect(world.call(user.endpoint, "getSysInfo", { what: SI_PROC_TAB, size: PROC_INFO_TABLE_BYTES, where })).toEqual(done);
  const table = space(user.endpoint, where, PROC_INFO_TABLE_BYTES);
  expect(decodeProcInfo(table, 2 * PROC_INFO_BYTES)).toMatchObject({ inUse: true, pid: 4, ppid: 1, name: "rs", system: true, hosted: true, state: "R" });
  expect(decodeProcInfo(table, 12 * PROC_INFO_BYTES)).toMatchObject({ inUse: true, pid: user.pid, ppid: 1, pgrp: 1, name: "init", system: false });
  expect(decodeProcInfo(table, 200 * PROC_INFO_BYTES).inUse).toBe(false);
  become(100);
  expect(world.call(user.endpoint, "getSysInfo", { what: SI_PROC_TAB, size: PROC_INFO_TABLE_BYTES, where })).toEqual(failed("EPERM"));
});

it("copies for dumps what it knows of a process beside that: flags, ids, signals", () => {
  const where = 0x8000 as VirtAddr;
  expect(world.call(user.endpoint, "getSysInfo", { what: SI_MPROC_TAB, size: PROC_INFO_TABLE_BYTES, where })).toEqual(failed("EINVAL"));
  expect(world.call(user.endpoint, "getSysInfo", { what: SI_MPROC_TAB, size: MPROC_TABLE_BYTES, where })).toEqual(done);
  const entry = (slot: number) => mprocInfo.decode(space(user.endpoint, where, MPROC_TABLE_BYTES), slot * mprocInfo.bytes);
  expect(entry(2)).toMatchObject({ flags: MP_IN_USE | MP_PRIV_PROC, pid: 4, ppid: 1, name: "rs", tracer: -1 });
  expect(entry(12)).toMatchObject({ pid: user.pid, ppid: 1, pgrp: 1, uid: 0, name: "init", alarm: 0, pending: 0 });
  expect(entry(200).flags).toBe(0);
  become(100);
  expect(world.call(user.endpoint, "getSysInfo", { what: SI_MPROC_TAB, size: MPROC_TABLE_BYTES, where })).toEqual(failed("EPERM"));
});

it("ends the machine after VFS, with the words for it", () => {
  const other = world.fork(INIT);
  const code = poke(world, user.endpoint, new TextEncoder().encode("exit 3"));
  world.news();
  expect(world.call(user.endpoint, "reboot", { how: 6, codeLength: 0, code })).toEqual(failed("EINVAL"));
  expect(world.call(user.endpoint, "reboot", { how: RBT_MONITOR, codeLength: 6, code })).toBeNull();
  const lines = world.news();
  expect(lines).toEqual(expect.arrayContaining([`vfs exit ${user.endpoint}`, `vfs exit ${other.endpoint}`, `stop ${INIT}`]));
  expect(lines.at(-1)).toBe("vfs reboot");
  world.send(VFS, newMessage(0x98a));
  expect(world.news()).toEqual([`abort ${RBT_MONITOR} exit 3`]);
});

it("moves the break through VM, and answers unknown calls with ENOSYS", () => {
  expect(world.call(user.endpoint, "brk", { address: 0x9000 as VirtAddr })).toEqual({ ok: true, value: { break: 0x9000 } });
  world.vmFailure = { call: "brk", error: "ENOMEM" };
  expect(world.call(user.endpoint, "brk", { address: 0x9000 as VirtAddr })).toEqual(failed("ENOMEM"));
  for (const number of [0, 3, 57, 114, -1, 0x7fff_ffff]) {
    expect(world.send(user.endpoint, newMessage(number))).toMatchObject([{ to: user.endpoint, type: errorCode("ENOSYS") }]);
  }
});

it("asks VFS again, after its restart, for what it has not answered, and takes each answer once", () => {
  const other = world.fork(INIT);
  world.call(user.endpoint, "setUid", { id: 100 });
  world.call(other.endpoint, "setSid", {});
  const [first, again] = [world.harness.sent.filter(({ to }) => to === VFS).slice(-2), world.send(VFS, newMessage(0x98c), SENDA)];
  expect(again).toEqual([]);
  expect(world.harness.sent.slice(-2)).toEqual(first);
  world.vfsReplies();
  const answer = (sequence: number) => encodeRequest(vfsToPm.base, vfsToPm.calls.setUid, { process: user.endpoint, sequence });
  expect(world.send(VFS, answer(2), SENDA)).toEqual([]); // the one to the first question has come already
  world.call(user.endpoint, "setEuid", { id: 100 });
  expect(world.send(VFS, answer(2), SENDA)).toEqual([]);
  expect(world.send(VFS, answer(3), SENDA)).toMatchObject([{ to: user.endpoint, type: 0 }]);
});

it("ignores a reply of VFS that comes from another, and a message of nobody", () => {
  expect(world.send(user.endpoint, newMessage(0x98a))).toMatchObject([{ type: errorCode("ENOSYS") }]);
  expect(world.send(99_999 as Endpoint, newMessage(20))).toEqual([]);
});
