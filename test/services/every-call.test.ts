import { dsContract } from "@procyon-os/contract-ds";
import { kernelContract } from "@procyon-os/contract-kernel";
import { rsContract } from "@procyon-os/contract-rs";
import { vmContract } from "@procyon-os/contract-vm";
import type { Protocol } from "@procyon-os/message";
import { ds, kernel, rs, vm } from "@procyon-os/syslib";
import { beforeAll, expect, it } from "vitest";
import { every, everyFiles } from "./every-call.mjs";
import { Machine, rootImage } from "./machine.mjs";
import { unit, unitFiles } from "./units.mjs";

const contracts: readonly [Protocol<any>, object][] = [[kernelContract, kernel], [vmContract, vm], [dsContract, ds], [rsContract, rs]];
const calls = contracts.flatMap(([{ name, calls: all }]) => Object.keys(all).map((call) => `${name}.${call}`));

/** What is not OK, and why: what a service cannot do to itself, or must not do to the others. */
const refused: { readonly [call: string]: string } = {
  "kernel.fork": "EINVAL", "kernel.exec": "EINVAL", "kernel.clear": "EINVAL", "kernel.schedule": "EPERM", "kernel.schedctl": "EINVAL",
  "kernel.privctl": "EPERM", "kernel.endksig": "EPERM", "kernel.sigsend": "EINVAL", "kernel.sigreturn": "EINVAL", "kernel.newmap": "EINVAL",
  "kernel.iopenable": "EINVAL", "kernel.update": "EINVAL", "kernel.abort": "EINVAL", "kernel.execHosted": "EINVAL", "kernel.safemap": "EPERM",
  "vm.munmapText": "EFAULT", "vm.getdma": "EAGAIN", "vm.mapPhys": "EPERM", "vm.unmapPhys": "EINVAL", "vm.exit": "EINVAL", "vm.willexit": "EINVAL",
  "vm.fork": "ENOSYS", "vm.brk": "EINVAL", "vm.execNewmem": "ESRCH", "vm.pushSig": "EDEADEPT", "vm.rsUpdate": "EINVAL", "vm.rsMemctl": "EINVAL",
  "ds.snapshot": "ESRCH",
  "rs.down": "ESRCH", "rs.refresh": "ESRCH", "rs.restart": "ESRCH", "rs.clone": "ESRCH", "rs.up": "EFAULT", "rs.edit": "EFAULT", "rs.update": "EFAULT",
  "rs.init": "EINVAL", "rs.luPrepare": "EINVAL",
};
const results = new Map<string, string>();
let said: string[] = [];

beforeAll(() => {
  const machine = new Machine([rootImage({ ...unitFiles, ...everyFiles })], { packages: [unit, every] });
  machine.must("service up /test/unit -config /test/unit.conf -label other -args listening");
  machine.must("sleep 1000 & sleep 1"); // the shell has its child run before this ends
  const user = machine.system.kernel.processes.slots.find(({ name }: { name: string }) => name === "sleep");
  machine.must(`service up /test/every -config /test/every.conf -label every -args '${machine.service("other")?.endpoint} ${user?.endpoint}'`);
  machine.until(() => machine.messages.includes("every: done\n"), "end of the calls");
  machine.run("service down every");
  machine.pass(1);
  machine.system.kernel.check();
  said = machine.messages.split("\n").filter((line: string) => line.startsWith("every: ")).map((line: string) => line.slice(7));
  for (const line of said) {
    const [, name, result] = /^(\w+\.\w+) (\w+)$/.exec(line) ?? [];
    if (name !== undefined) results.set(name, result as string);
  }
});

it("[L01] has a wrapper for every call of the kernel, VM, DS and RS, made from its contract", () => {
  for (const [{ calls: all }, stubs] of contracts) expect(Object.keys(stubs)).toEqual(Object.keys(all));
  expect([...results.keys()].sort()).toEqual([...calls].sort()); // the service below makes each of them
});

it.each(calls)("[L01] %s gives a service on a running machine what its contract says", (name) => {
  expect(results.get(name)).toBe(refused[name] ?? "OK");
  const [server, call] = name.split(".") as [string, string];
  const errors = contracts.find(([contract]) => contract.name === server)?.[0].calls[call].errors ?? {};
  if (name in refused) expect(Object.keys(errors)).toContain(refused[name]);
});

it("[L01] the calls did what they say: copies, maps, timers, devices, values", () => {
  expect(said.filter((line) => line.startsWith("FAIL"))).toEqual([]);
  expect(said).toContain("printed by hand");
});
