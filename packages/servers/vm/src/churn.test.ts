import { MAP_ANON, MAP_CONTIG, MAP_PREALLOC } from "@procyon-os/contract-vm";
import { PM, type Endpoint, type VirtAddr } from "@procyon-os/message";
import { expect, it } from "vitest";
import { FakeMachine } from "./testing/fake-machine.ts";
import { exec, mmap, munmap, spawn } from "./testing/programs.ts";

const WINDOW = 0x90000000;
const PAGES = 24;

/** What a process must see: the byte of each page that it has mapped, by address. */
type Model = Map<number, number>;

class Churn {
  readonly machine = new FakeMachine(16);
  readonly models = new Map<Endpoint, Model>();
  private x: number;
  private nextSlot = 40;

  constructor(seed: number) {
    this.x = seed;
    this.models.set(spawn(this.machine, this.nextSlot++), new Map());
  }

  below(limit: number): number {
    this.x = (Math.imul(this.x, 1103515245) + 12345) & 0x7fffffff;
    return (this.x >>> 8) % limit;
  }

  step(): void {
    const endpoints = [...this.models.keys()];
    const process = endpoints[this.below(endpoints.length)] as Endpoint;
    const model = this.models.get(process) as Model;
    const at = WINDOW + this.below(PAGES) * 4096;
    const count = 1 + this.below(6);
    switch (this.below(8)) {
      case 0: return this.fork(process, model);
      case 1: return this.exit(process);
      case 2: return this.map(process, model, at, count);
      case 3: return this.unmap(process, model, at, count);
      case 4: return this.exec(process, model);
      case 5: {
        this.machine.call(PM, "brk", { process, address: (0x5000 + this.below(0x40) * 0x1000) as VirtAddr });
        return;
      }
      default: return this.access(process, model, at);
    }
  }

  private fork(process: Endpoint, model: Model): void {
    if (this.models.size >= 8) return;
    const made = this.machine.fork(process, this.nextSlot);
    if (!made.ok) return;
    this.nextSlot++;
    this.models.set(made.value.child, new Map(model));
    this.machine.process(made.value.child).esp = 0x7ffff000;
  }
  private exit(process: Endpoint): void {
    if (this.models.size === 1) return;
    this.machine.exit(process);
    this.models.delete(process);
  }
  private map(process: Endpoint, model: Model, at: number, count: number): void {
    const flags = MAP_ANON | [0, MAP_PREALLOC, MAP_PREALLOC | MAP_CONTIG][this.below(3)]!;
    const got = mmap(this.machine, process, count * 4096, at, flags);
    if (!got.ok) return;
    for (let page = 0; page < count; page++) {
      expect(model.has(got.value.address + page * 4096)).toBe(false);
      model.set(got.value.address + page * 4096, 0);
    }
  }
  private unmap(process: Endpoint, model: Model, at: number, count: number): void {
    const pages = Array.from({ length: count }, (_, page) => at + page * 4096);
    const all = pages.every((page) => model.has(page));
    expect(munmap(this.machine, process, at, count * 4096).ok).toBe(all);
    if (all) for (const page of pages) model.delete(page);
  }
  private exec(process: Endpoint, model: Model): void {
    if (exec(this.machine, process, { dataBytes: 0x1000 + this.below(0x400000) }).ok) model.clear();
  }
  private access(process: Endpoint, model: Model, at: number): void {
    const value = this.below(256);
    const write = this.below(2) === 0;
    const physical = this.machine.touch(process, at, write);
    const expected = model.get(at);
    if (expected === undefined) {
      expect(physical).toBe("SIGSEGV");
    } else if (physical !== "SIGSEGV") {
      expect(this.machine.memory[physical]).toBe(expected);
      if (!write) return;
      this.machine.memory[physical] = value;
      model.set(at, value);
    } else {
      expect(this.machine.state.free.pages).toBeLessThan(128); // the reserve of 16 MB
    }
  }
}

it.each([1, 2, 3, 4])("[V12] every process sees its own memory and every frame has one use, whatever happens (seed %i)", (seed) => {
  const churn = new Churn(seed);
  for (let step = 0; step < 600; step++) {
    churn.step();
    churn.machine.check();
  }
});
