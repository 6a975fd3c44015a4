import { expect, it } from "vitest";
import { Slab, use } from "./slab.ts";
import { FakeMachine } from "./testing/fake-machine.ts";
import { mapped, munmap, spawn } from "./testing/programs.ts";

interface Thing {
  size: number;
  readonly name: string;
}

it("[V11] lets nobody write a record outside use() while checks are on, and anybody read it", () => {
  const slab = new Slab<Thing>("things", true);
  const one = slab.allocate({ size: 1, name: "one" });
  expect(() => (one.size = 2)).toThrow("outside use()");
  expect(() => delete (one as Partial<Thing>).size).toThrow("of its shape");
  use(one, (thing) => (thing.size = 3));
  expect(one).toEqual({ size: 3, name: "one" });
  expect(() => (one.size = 2)).toThrow("outside use()");
  expect(() => use(one, () => use(one, () => {}))).toThrow("within use()");
});

it("[V11] finds a record that is freed twice, used after, or another slab's", () => {
  const slab = new Slab<Thing>("things", true);
  const [one, two] = [slab.allocate({ size: 1, name: "one" }), slab.allocate({ size: 2, name: "two" })];
  slab.free(one);
  expect(() => one.size).toThrow("after it was freed");
  expect(() => use(one, (thing) => (thing.size = 1))).toThrow("after it was freed");
  expect(() => slab.free(one)).toThrow("for the second time");
  expect(() => new Slab<Thing>("others", true).free(two)).toThrow("not of this slab");
  expect(() => use(two, () => slab.free(two))).toThrow("inside use()");
  expect([slab.live, slab.made]).toEqual([1, 2]);
});

it("costs nothing but a count while checks are off", () => {
  const slab = new Slab<Thing>("things", false);
  const one = slab.allocate({ size: 1, name: "one" });
  use(one, (thing) => (thing.size = 2));
  one.size = 3;
  slab.free(one);
  expect([one.size, slab.live]).toEqual([3, 0]);
  expect(() => slab.free(one)).toThrow("when none is in use");
});

it("[V11] guards the regions and the free memory of a VM that was started with vm_sanity=1", () => {
  const machine = new FakeMachine(16, 1, "vm_sanity=1");
  const child = spawn(machine, 40);
  const at = mapped(machine, child, 0x5000);
  munmap(machine, child, at + 0x2000, 0x1000);
  machine.check();
  const process = machine.state.processes[40];
  const [region] = process === null || process === undefined ? [] : [process.space.regions.root?.value];
  expect(() => Object.assign(region as object, { count: 1 })).toThrow("slab regions: write of count of a record outside use()");
  machine.exit(child);
  expect(machine.check().free).toBe(machine.state.free.pages);
});
