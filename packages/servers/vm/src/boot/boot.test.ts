import { INIT, PM, RS, VM } from "@procyon-os/message";
import { expect, it } from "vitest";
import { vm } from "../main.ts";
import { FakeMachine } from "../testing/fake-machine.ts";
import { walk } from "../testing/page-walk.ts";

it("[V18] gives every boot process page tables that a walker of its own understands", () => {
  const machine = new FakeMachine(32);
  expect(machine.initResult).toBe(0);
  machine.check();
  for (const endpoint of [RS, PM, VM]) expect(machine.peek(endpoint, 0x1000 + vm.dataBytes - 1)).toBe(endpoint);
  expect(machine.peek(INIT, 0x1000)).toBe(0x90);
});

it("[V16] gives every boot process the whole address space, and frees its old heap and stack", () => {
  const machine = new FakeMachine(32);
  const use = machine.check();
  expect(use.free + use.tables + use.pages + use.own).toBe(32 * 256 - 256 - 16); // all but the first megabyte and the kernel
  const { map, esp } = machine.process(INIT);
  expect(map.data).toEqual({ vir: 4, phys: 0x19004, length: 3 });
  expect(map.stack.phys + map.stack.length).toBe(0xfffff);
  expect(esp).toBe(0x80000000 - 12);
  expect(machine.peek(INIT, esp)).toBe(0);
});

it("maps the kernel for nobody but the supervisor, and the first page of a process not at all", () => {
  const machine = new FakeMachine(32);
  for (const endpoint of [RS, PM, VM, INIT]) {
    const { cr3 } = machine.process(endpoint);
    expect(walk(machine.ram.view, cr3, 0x200123)).toEqual({ physical: 0x200123, writable: true, user: false });
    expect(walk(machine.ram.view, cr3, 0x19000000)).toBeNull();
  }
  expect(machine.touch(INIT, 0, false)).toBe("SIGSEGV");
  expect(machine.touch(INIT, 0x200000 - 0x19000000, false)).toBe("SIGSEGV"); // the kernel's page, were there no segment limit
  machine.check();
});

it("shows physical memory in VM's own directory only", () => {
  const machine = new FakeMachine(32);
  expect(walk(machine.ram.view, machine.process(VM).cr3, 0x99000000 + 0x300000)?.physical).toBe(0x300000);
  expect(walk(machine.ram.view, machine.process(RS).cr3, 0x99000000 + 0x300000)).toBeNull();
});
