import { MFS } from "@procyon-os/message";
import { KERNEL_BASE, KERNEL_BYTES } from "../memory/segments.ts";
import { PROCESS_START } from "./fake-vm.ts";
import { FUZZERS, type FuzzMachine, type FuzzPrivileges } from "./fuzz-machine.ts";

const PAGES = 0x40; // of a process at most
const GRANTED = [0xa000, 0xb000]; // what MFS lets everybody write, in its own addresses

/** All of memory as it was, so that it can be said what has changed since, and whose it is. */
export class FuzzMemory {
  private readonly machine: FuzzMachine;
  private readonly before: Int32Array;
  private readonly end: number; // pages from here on were free

  constructor(machine: FuzzMachine) {
    this.machine = machine;
    this.before = this.sums();
    this.end = machine.vm.nextPage;
  }

  /**
   * The first page that has changed though it is of nobody whose memory the fuzzers may change, and how many were compared. Page
   * tables are VM's and the CPU's, the kernel's segment tables its own.
   */
  changed(privileges: FuzzPrivileges, guestPages: ReadonlySet<number>): { problem: string | null; compared: number } {
    const after = this.sums();
    const { theirs, vm } = this.machine;
    const all = privileges === "all";
    const fuzzers = new Set([...FUZZERS.flatMap((slot) => [...this.pagesOf(slot)]), ...guestPages, ...GRANTED.map((address) => vm.entry(MFS, PROCESS_START + address) >>> 12)]);
    let compared = 0;
    for (let page = 0; page < after.length; page++) {
      const at = page << 12;
      if (vm.tables.has(at) || (at >= KERNEL_BASE && at < KERNEL_BASE + KERNEL_BYTES) || at >= this.end) continue;
      if (theirs.has(page) && (all || fuzzers.has(page))) continue;
      if (all && (at < 0x1000 || (at >= 0x90000 && at < 0x100000))) continue; // BIOS memory, which a call writes
      compared++;
      if (this.before[page] !== after[page]) return { problem: `page 0x${at.toString(16)} has changed, of ${this.owners(page)}`, compared };
    }
    return { problem: null, compared };
  }

  private owners(page: number): string {
    const { processes } = this.machine.test.kernel;
    const owners = processes.slots.filter(({ cr3, slot }) => cr3 !== 0 && this.pagesOf(slot).has(page)).map(({ name, slot }) => `${name} (${slot})`);
    return owners.length === 0 ? "nobody" : owners.join(", ");
  }

  private pagesOf(slot: number): Set<number> {
    return new Set(Array.from({ length: PAGES }, (_, page) => this.machine.vm.entry(slot, PROCESS_START + page * 0x1000) >>> 12));
  }

  /** A sum of each page. */
  private sums(): Int32Array {
    const { words } = this.machine.test.kernel.memory;
    const sums = new Int32Array(words.length >>> 10);
    for (let page = 0; page < sums.length; page++) {
      let sum = 0;
      for (let at = page << 10; at < (page + 1) << 10; at++) sum = Math.imul(sum ^ (words[at] as number), 0x01000193) + 1;
      sums[page] = sum;
    }
    return sums;
  }
}
