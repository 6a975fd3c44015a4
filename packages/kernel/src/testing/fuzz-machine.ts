import { CPF_DIRECT, CPF_MAP, CPF_READ, CPF_USED, CPF_VALID, CPF_WRITE, VMCTL_CLEAR_PAGEFAULT, VMCTL_MEMREQ_GET, VMCTL_MEMREQ_REPLY, VMPTYPE_CHECK, VMPTYPE_SMAP, VM_PAGEFAULT, encodeGrant, kernelContract } from "@procyon-os/contract-kernel";
import { ANY, CLOCK, DATA_START, INIT, LOG, MEM, MFS, PFS, RECEIVE, RS, SELF, SEND, SIGSEGV, TTY, VFS, VM, endpointSlot, newMessage, type Endpoint, type Message, type Program } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import type { BootModule } from "../options.ts";
import { D_LEN, D_VIR, S_LEN, S_VIR, dataBase } from "../processes/process.ts";
import { FakeVm, PRESENT, PROCESS_START, WRITABLE } from "./fake-vm.ts";
import { CODE, elf, int, loopOver, trap } from "./guest.ts";
import { guestModule, hostedModule, ipc, machine, release, service, store, sys, type TestMachine } from "./machine.ts";

/** The guest that makes traps: slot of DS. Its code, what it counts, its data, and the traps that it makes one after another. */
export const GUEST = 6;
export const CURSOR = CODE + 0x1000;
export const GUEST_DATA = 0x4000;
export const RECORDS = 0x20000;
export const RECORD_BYTES = 64;
export const RECORD_PAGES = 16;
const MEMORY_BYTES = 0x1000000;

/** Takes the next record, registers and vector, and makes the trap; the message lies in the record. */
export const guestCode = loopOver([
  0x8b, 0x35, ...at32(CURSOR), 0x8b, 0x06, 0x8b, 0x5e, 0x04, 0x8b, 0x4e, 0x08, // mov esi,[CURSOR]; eax, ebx, ecx from [esi]
  0x83, 0x05, ...at32(CURSOR), RECORD_BYTES, 0xff, 0x05, ...at32(CURSOR + 4), // add [CURSOR], 64; inc [CURSOR+4]
  0x83, 0x7e, 0x0c, 32, 0x74, 0x04, ...int(33), 0xeb, 0x02, ...int(32), // cmp [esi+12], 32; je int 32
]);
function at32(value: number): number[] {
  return [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24];
}

export const FUZZERS: readonly number[] = [PFS, GUEST];
/** Processes whose memory the fuzzers may change where they have every privilege, by slot. */
export const VICTIMS: readonly number[] = [MEM, TTY, MFS];
export const BYSTANDERS: readonly number[] = [RS, VM, VFS, LOG, INIT];
export const CHILD_SLOTS: readonly number[] = [30, 31, 32, 33, 34];
const GRANT_TABLE = DATA_START + 0x8000;
const GRANTED = DATA_START + 0x9000;

export interface FuzzMachine {
  readonly vm: FakeVm;
  readonly test: TestMachine;
  /** Ticks that RS has lived through. */
  readonly alive: () => number;
  /** Pages that belong to fuzzers and victims, now and before. */
  readonly theirs: Set<number>;
}

/** A process that grants some of its memory to anybody, and listens. */
function* granter(access: number): Program<void> {
  const flags = CPF_USED | CPF_VALID | CPF_DIRECT | access;
  yield* store(GRANT_TABLE, encodeGrant({ kind: "direct", flags, to: ANY, start: GRANTED, length: 0x2000 }));
  yield* sys("setgrant", { table: GRANT_TABLE as never, entries: 1 });
  for (;;) yield* ipc(RECEIVE, ANY);
}
const listener = function* (): Program<void> {
  for (;;) yield* ipc(RECEIVE, ANY);
};

/** Pages go to whom they belong: so it is known afterwards who may have changed what. */
class FuzzVm {
  readonly theirs = new Set<number>();
  private readonly readOnly = new Set<string>();
  private readonly vm: FakeVm;

  constructor(vm: FakeVm) {
    this.vm = vm;
  }

  own(slot: number): void {
    const { map } = this.vm.kernel().processes.at(slot);
    for (let page = map[D_VIR] as number; page < (map[S_VIR] as number); page++) {
      const entry = this.vm.entry(slot, PROCESS_START + page * 4096);
      if (entry !== 0) this.theirs.add(entry >>> 12);
    }
  }

  *serve(): Program<void> {
    for (;;) {
      const { message } = yield* ipc(RECEIVE, ANY);
      const [from = 0, type, address = 0] = message as Message;
      if (type === VM_PAGEFAULT) yield* this.fault(from as Endpoint, address >>> 0);
      else yield* this.requests();
    }
  }

  private *fault(from: Endpoint, linear: number): Program<void> {
    const done = this.provide(from, linear, 1, true);
    if (!done) yield* sys("kill", { process: from, signal: SIGSEGV });
    yield* sys("vmctl", { process: from, parameter: VMCTL_CLEAR_PAGEFAULT, value: 0, address: 0 });
  }

  private *requests(): Program<void> {
    for (;;) {
      const reply = yield* sys("vmctl", { process: SELF, parameter: VMCTL_MEMREQ_GET, value: 0, address: 0 });
      if ((reply[1] as number) < 0) return;
      const [target = 0, start = 0, length = 0] = reply.slice(2, 5);
      const [source = 0, sourceStart = 0, requestor = 0, write = 0] = reply.slice(5, 9);
      const type = reply[1] as number;
      let done = false;
      if (type === VMPTYPE_CHECK) done = this.provide(target as Endpoint, start >>> 0, length >>> 0, (write & 0xffff) !== 0);
      else if (type === VMPTYPE_SMAP) done = this.share(target, start >>> 0, source, sourceStart >>> 0, length >>> 0, (write & 0xffff) !== 0);
      else if (type === VMPTYPE_SMAP + 1) done = this.provide(target as Endpoint, start >>> 0, length >>> 0, false);
      yield* sys("vmctl", { process: requestor as Endpoint, parameter: VMCTL_MEMREQ_REPLY, value: done ? 0 : -14, address: 0 });
    }
  }

  /** Makes a range of a process present; false where it has no such memory. */
  private provide(endpoint: Endpoint, linear: number, length: number, write: boolean): boolean {
    const kernel = this.vm.kernel();
    const process = kernel.processes.find(endpoint);
    const end = linear + length;
    if (process === null || process.cr3 === 0 || linear < PROCESS_START || end > 0xffffffff || length > 0x20000) return false;
    const { map } = process;
    const base = dataBase(process);
    const limit = base + Math.max((map[D_VIR] as number) + (map[D_LEN] as number), (map[S_VIR] as number) + (map[S_LEN] as number)) * 4096;
    if (linear < base || end > limit) return false;
    const slot = endpointSlot(endpoint);
    for (let at = linear - (linear % 0x1000); at < end; at += 0x1000) {
      if (write && this.readOnly.has(`${process.cr3} ${at}`)) return false;
      const entry = this.vm.entry(slot, at);
      if (entry === 0 && this.vm.nextPage > MEMORY_BYTES - 0x40000) return false;
      const physical = this.vm.map(slot, at, entry === 0 ? this.vm.page() : (entry & ~0xfff) >>> 0);
      if (entry === 0 && !BYSTANDERS.includes(slot)) this.theirs.add(physical >>> 12);
    }
    return true;
  }

  private share(target: number, start: number, source: number, sourceStart: number, length: number, write: boolean): boolean {
    if (!this.provide(source as Endpoint, sourceStart, length, false) || !this.provide(target as Endpoint, start, length, false)) return false;
    const from = endpointSlot(source as Endpoint);
    const to = endpointSlot(target as Endpoint);
    const { cr3 } = this.vm.kernel().processes.at(to);
    for (let offset = 0; offset < length; offset += 0x1000) {
      const physical = (this.vm.entry(from, sourceStart + offset) & ~0xfff) >>> 0;
      this.vm.map(to, start + offset, physical, write ? WRITABLE : PRESENT);
      if (write) this.readOnly.delete(`${cr3} ${start + offset}`);
      else this.readOnly.add(`${cr3} ${start + offset}`);
    }
    return true;
  }
}

/** What the fuzzers get: everything, what every service gets, or nothing. */
export type FuzzPrivileges = "all" | "basic" | "none";
const basicCalls = ["exit", "safecopyfrom", "safecopyto", "vsafecopy", "getinfo", "times", "setalarm", "setgrant", "safemap", "saferevmap", "safeunmap", "sysctl", "statectl", "safememset", "irqctl", "devio", "vdevio", "sdevio", "umap"] as const;
const callMask = (names: readonly (keyof typeof kernelContract.calls)[]): number[] => {
  const mask = [0, 0];
  for (const name of names) mask[kernelContract.calls[name].number >> 5] = (mask[kernelContract.calls[name].number >> 5] as number) | (1 << (kernelContract.calls[name].number & 31));
  return mask;
};
const CHECKED = 0x012 | 0x020 | 0x040; // SRV_F, ports and lines by lists
// Not the interrupt controllers and the timer.
const openPorts = [{ base: 0x60, limit: 0x9f }, { base: 0xa2, limit: 0xffff }];
export const fuzzPrivileges = {
  all: { flags: CHECKED, ioRangeCount: 2, ioRanges: openPorts, irqCount: 4, irqs: [3, 5, 9, 11] },
  basic: { flags: CHECKED, callMask: callMask(basicCalls), ipcTo: [0, 0] },
  none: { flags: 6, callMask: [0, 0], ipcTo: [0, 0], trapMask: 8 },
} as const;

/** A machine with paging on, two fuzzers, their victims and others; nobody but the kernel reaches memory as it lies. */
export function fuzzMachine(hosted: () => Program<void>, privileges: FuzzPrivileges, cpuCount: number, seed: number): FuzzMachine {
  let kernel: Kernel | null = null;
  let alive = 0;
  const vm = new FakeVm(() => kernel as Kernel, true);
  const pages = new FuzzVm(vm);
  const listens = elf(loopOver(trap(RECEIVE, ANY, CODE + 0x4000)), 0x8000);
  const modules: BootModule[] = [
    hostedModule(PFS, "fuzz", hosted), guestModule(GUEST, "gfuzz", elf(guestCode, RECORDS + RECORD_PAGES * 0x1000)),
    guestModule(MEM, "victim", listens), hostedModule(TTY, "victim2", listener), hostedModule(MFS, "victim3", () => granter(CPF_READ | CPF_WRITE | CPF_MAP)),
    guestModule(VFS, "other", listens), hostedModule(LOG, "other2", () => granter(CPF_READ | CPF_MAP)), hostedModule(INIT, "other3", () => ipc(RECEIVE, RS)),
  ];
  const vmModule = hostedModule(VM, "vm", function* () {
    yield* vm.start();
    yield* vm.move(RS);
    for (const { slot } of modules) {
      // Some pages are not there yet, and some may not be written yet.
      yield* vm.move(slot, (page) => (slot === INIT || page < 3 || page % 5 !== 0 ? (page % 7 === 6 && slot !== LOG ? PRESENT : WRITABLE) : 0));
      if (!BYSTANDERS.includes(slot)) pages.own(slot);
    }
    yield* ipc(SEND, RS, newMessage(1));
    yield* pages.serve();
  });
  const rs = hostedModule(RS, "rs", function* () {
    yield* release(VM, { flags: 0x210 });
    yield* ipc(RECEIVE, VM);
    // The fuzzers last: whoever may send to them later would let them send too.
    for (const { slot } of [...modules.slice(2), ...modules.slice(0, 2)]) {
      if (slot === INIT) yield* release(slot, { flags: 6, trapMask: 8, callMask: [0, 0] });
      else yield* release(slot, FUZZERS.includes(slot) ? fuzzPrivileges[privileges] as never : VICTIMS.includes(slot) || slot === VFS ? { callMask: callMask(["setgrant"]) } : {});
      if (FUZZERS.includes(slot)) yield* sys("schedctl", { flags: 1, process: slot as Endpoint, quantumMs: 1, priority: 15, cpu: slot === GUEST ? cpuCount - 1 : 0 });
    }
    for (;;) {
      yield* sys("setalarm", { expiresAt: 1 as never, absolute: false });
      yield* ipc(RECEIVE, CLOCK);
      alive++;
    }
  });
  const image = service("svc", listener);
  const test = machine([rs, vmModule, ...modules], { cpuCount, seed, memoryBytes: MEMORY_BYTES, debug: {}, resolveService: (reference) => (reference === "svc" ? image : null) });
  kernel = test.kernel;
  return { vm, test, alive: () => alive, theirs: pages.theirs };
}
