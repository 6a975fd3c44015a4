import {
  VMCTL_CLEAR_PAGEFAULT, VMCTL_ENABLE_PAGING, VMCTL_I386_FREEPDE, VMCTL_MEMREQ_GET, VMCTL_MEMREQ_REPLY, VMCTL_SETADDRSPACE, VM_PAGEFAULT,
  enablePagingArgument, memoryMap,
} from "@procyon-os/contract-kernel";
import { ANY, DATA_START, RECEIVE, SELF, type Endpoint, type Message, type Program } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import { ipc, store, sys } from "./machine.ts";

// Where this VM keeps its tables; all of memory up to 16 MB is mapped as it is.
const TABLES = 0x800000;
const DIRECTORIES = TABLES; // page of directories, used as a page table
const BIG_PAGES = 4;
const DIRECTORIES_SLOT = 4;
const WINDOWS = [5, 6];
export const PROCESS_START = 0x19000000;
export const PRESENT = 1;
export const WRITABLE = 3;
const USER = 4;

/** A VM for tests: makes page tables by hand, and answers faults as it is told. */
export class FakeVm {
  readonly faults: { from: number; address: number; code: number }[] = [];
  readonly requests: { target: number; start: number; length: number; write: number }[] = [];
  /** What a fault or request gets: map the page and go on (0), or an error. */
  answer: (target: number, address: number) => number = () => 0;
  /** Pages that tables are made of. */
  readonly tables = new Set<number>([DIRECTORIES]);
  nextPage = TABLES + 0x1000;
  private readonly directoryOf = new Map<number, number>();
  readonly kernel: () => Kernel;
  /** Whether memory as it lies is the kernel's alone: then nobody can be without a page table. */
  private readonly strict: boolean;

  constructor(kernel: () => Kernel, strict = false) {
    this.kernel = kernel;
    this.strict = strict;
  }

  /** A zeroed page. */
  page(): number {
    const page = this.nextPage;
    this.nextPage += 0x1000;
    return page;
  }

  /** The page directory of a process: the one it has, or the one it will get. */
  directory(slot: number): number {
    const { memory, processes } = this.kernel();
    const { cr3 } = processes.at(slot);
    const known = cr3 === 0 ? this.directoryOf.get(slot) : cr3;
    if (known !== undefined) return known;
    const directory = this.page();
    this.tables.add(directory);
    for (let entry = 0; entry < BIG_PAGES; entry++) memory.write32(directory + entry * 4, (entry * 0x400000) | (this.strict ? 0x183 : 0x187));
    memory.write32(directory + DIRECTORIES_SLOT * 4, DIRECTORIES | USER | WRITABLE);
    memory.write32(DIRECTORIES + slot * 4, directory | WRITABLE);
    this.directoryOf.set(slot, directory);
    return directory;
  }

  /** Maps a page of a process; 0 for the physical address takes a fresh one. */
  map(slot: number, linear: number, physical = this.page(), flags = WRITABLE): number {
    const { memory } = this.kernel();
    const at = this.directory(slot) + (linear >>> 22) * 4;
    if (memory.read32(at) === 0) {
      const made = this.page();
      this.tables.add(made);
      memory.write32(at, made | USER | WRITABLE);
    }
    const table = (memory.read32(at) & ~0xfff) >>> 0;
    memory.write32(table + ((linear >>> 12) & 0x3ff) * 4, physical | USER | flags);
    return physical;
  }

  *bind(slot: number): Program<void> {
    const address = DIRECTORIES_SLOT * 0x400000 + slot * 0x1000;
    yield* sys("vmctl", { process: slot as Endpoint, parameter: VMCTL_SETADDRSPACE, value: this.directory(slot), address });
  }

  /** What the table of a process says of a linear address; 0 where there is nothing. */
  entry(slot: number, linear: number): number {
    const { memory } = this.kernel();
    const directory = memory.read32(this.directory(slot) + (linear >>> 22) * 4);
    return directory === 0 ? 0 : memory.read32(((directory & ~0xfff) >>> 0) + ((linear >>> 12) & 0x3ff) * 4);
  }

  /** Turns paging on; VM has moved then. */
  *start(): Program<void> {
    yield* this.bind(8);
    for (const value of WINDOWS) yield* sys("vmctl", { process: SELF, parameter: VMCTL_I386_FREEPDE, value, address: 0 });
    yield* store(DATA_START, enablePagingArgument.encode({ memoryMap: DATA_START + 16, dataSegmentLimit: 0x19000000 }));
    yield* store(DATA_START + 16, this.moved(8, () => WRITABLE));
    yield* sys("vmctl", { process: SELF, parameter: VMCTL_ENABLE_PAGING, value: DATA_START, address: 0 });
  }

  /** Gives a boot process a page table with its memory at PROCESS_START, as far as `present` says. */
  *move(slot: number, present: (page: number) => number = () => WRITABLE): Program<void> {
    yield* store(DATA_START, this.moved(slot, present));
    yield* sys("newmap", { process: slot as Endpoint, memoryMap: DATA_START as never });
    yield* this.bind(slot);
  }

  /** Maps the memory of a boot process at PROCESS_START; its new memory map. */
  private moved(slot: number, present: (page: number) => number): Uint8Array {
    const { map } = this.kernel().processes.at(slot);
    const [dVir = 0, dPhys = 0] = [...map.slice(3, 6)];
    const [sVir = 0] = [...map.slice(6, 9)];
    for (let page = dVir; page < sVir; page++) {
      const flags = present(page);
      if (flags !== 0) this.map(slot, PROCESS_START + page * 4096, (dPhys + page - dVir) * 4096, flags);
    }
    const data = { vir: dVir, phys: PROCESS_START / 4096 + dVir, length: sVir - dVir };
    const end = { vir: sVir, phys: PROCESS_START / 4096 + sVir, length: 0 };
    return memoryMap.encode({ text: { ...data, length: 0 }, data, stack: end });
  }

  /** Answers faults and requests for ever. */
  *serve(): Program<void> {
    for (;;) {
      const { message } = yield* ipc(RECEIVE, ANY);
      const [from, type, address = 0, code = 0] = message as Message;
      if (type === VM_PAGEFAULT) {
        this.faults.push({ from: from as number, address: address >>> 0, code });
        if (this.answer(from as number, address >>> 0) === 0) this.map(from as number, address >>> 0 & ~0xfff);
        yield* sys("vmctl", { process: from as Endpoint, parameter: VMCTL_CLEAR_PAGEFAULT, value: 0, address: 0 });
      } else yield* this.answerRequests();
    }
  }

  private *answerRequests(): Program<void> {
    for (;;) {
      const reply = yield* sys("vmctl", { process: SELF, parameter: VMCTL_MEMREQ_GET, value: 0, address: 0 });
      if ((reply[1] as number) < 0) return;
      const [target = 0, start = 0, length = 0] = reply.slice(2, 5);
      this.requests.push({ target, start: start >>> 0, length, write: (reply[8] as number) & 0xffff });
      const result = this.answer(target, start >>> 0);
      for (let page = start & ~0xfff; result === 0 && page < start + length; page += 0x1000) this.fill(target, page);
      yield* sys("vmctl", { process: reply[7] as Endpoint, parameter: VMCTL_MEMREQ_REPLY, value: result, address: 0 });
    }
  }

  /** Maps a page that is not there; one that is becomes writable. */
  fill(slot: number, linear: number): void {
    const entry = this.entry(slot, linear);
    this.map(slot, linear, entry === 0 ? this.page() : (entry & ~0xfff) >>> 0);
  }
}
