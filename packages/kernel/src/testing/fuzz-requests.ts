import {
  BIOS_SEG, CPF_DIRECT, CPF_MAP, CPF_READ, CPF_USED, CPF_VALID, CPF_WRITE, GRANT_BYTES, PHYS_SEG, SEGMENT_TYPE, asynEntry, encodeGrant, ioRange,
  kernelContract, memoryMap, privilegeEntry, safecopyElement, signalMessage,
} from "@procyon-os/contract-kernel";
import { ANY, IPC_VECTOR, KERNEL_CALL_VECTOR, NONE, SELF, newMessage, type Endpoint, type Message } from "@procyon-os/message";
import type { SeededRandom } from "../debug/random.ts";
import { everything } from "./machine.ts";

type Call = (typeof kernelContract.calls)[keyof typeof kernelContract.calls];
const calls = new Map<number, readonly [name: string, call: Call]>(Object.entries(kernelContract.calls).map(([name, call]) => [call.number, [name, call]]));
const NUMBERS = 62;

/** A trap that a fuzzer makes. */
export interface FuzzTrap {
  readonly vector: number;
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly message: Message;
}

/** Whom and what a fuzzer may name. */
export interface FuzzTargets {
  /** Whether it has every privilege: then calls that rightly change others are aimed at the fuzzer's victims only. */
  readonly privileged: boolean;
  /** Those whose memory and state it may change, as endpoints. */
  victims(): readonly number[];
  /** Their children, which have no page table and so no memory of their own. */
  children(): readonly number[];
  /** Everybody. */
  everybody(): readonly number[];
  /** Where it has its own memory, `DATA_BYTES` of it. */
  readonly data: number;
  /** Pages of victims in physical memory. */
  physical(): readonly number[];
  /** Tables of pages that victims have: physical root and where the kernel sees it. */
  directories(): readonly (readonly [root: number, address: number])[];
}

/** Bytes of a fuzzer's data that traps point into; the first page holds structures that make sense. */
export const DATA_BYTES = 0x8000;
const nobody = [NONE, ANY, 4711, -1, -2, -5, 36558 + 20, 300, 0x7fffffff, -0x80000000];
const sizes = [0, 1, 2, 4, 16, 36, 48, 64, 100, 584, 2000, 4095, 4096, 4097, 0x1003, 0x6000, 0x10000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff];
const words = [0, 1, 2, 3, 4, 5, 7, 15, 16, 25, 31, 32, 63, 64, 255, 256, 511, 0x1000, 0xffff, 0x10000, -1, -2, -100, 0x7fffffff, 0x80000000];
/** Of each call the numbers that mean something in a field; without them most calls would end at their first check. */
const meaning: { readonly [field: string]: readonly number[] } = {
  "privctl.request": [1, 2, 3, 3, 5, 6, 7, 8, 9, 10], "trace.request": [-1, 1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 100, 101], "irqctl.request": [1, 2, 3, 4],
  "devio.request": [0x11, 0x12, 0x21, 0x22, 0x31, 0x32], "sdevio.request": [0x11, 0x12, 0x21, 0x22, 0x111, 0x112, 0x121, 0x122], "vdevio.request": [0x11, 0x12, 0x21, 0x22, 0x31, 0x32],
  "vmctl.parameter": [12, 13, 14, 15, 16, 18, 19, 23, 24, 25, 26, 27, 28, 29, 30, 31, 31, 15, 12], "getinfo.what": Array.from({ length: 26 }, (_, what) => what),
  "statectl.request": [1, 2, 3, 4, 5, 6], "sysctl.code": [1, 2], "fork.slot": [30, 31, 32, 33, 34, -1, 256, 260], "schedctl.flags": [0, 1], "runctl.action": [0, 1],
  "irqctl.line": [0, 1, 2, 3, 5, 9, 14, 15, 16], "abort.how": [0, 1, 2, 3, 4, 5], "safememset.pattern": [0, 255], "vdevio.count": [0, 1, 4, 8, 16, 17, -1],
  "vsafecopy.elements": [0, 1, 2, 4, 64, 65, -1], "setgrant.entries": [0, 1, 2, 8, 1000], "execHosted.referenceBytes": [4, 1, 0], "execHosted.argumentsBytes": [4, 0],
  "queryHosted.referenceBytes": [4], "checkHosted.referenceBytes": [4], "update.source": [],
};
const segments = [0, 1, 2, 3, 0x100, BIOS_SEG, PHYS_SEG, PHYS_SEG, 0x1001, 0x1003, 0xffff];
// Not the clock and the interrupt controllers: without them nothing goes on, as with reset.
const ports = [0x60, 0x61, 0x70, 0x71, 0x80, 0x1f0, 0x1f7, 0x3f6, 0x3f8, 0x3f9, 0x3fd, 0xfffe, 0xffff, 0x10000, -1];
/** Calls that only look: they may name anybody. */
const looks = new Set(["umap", "umapRemote", "times", "getinfo", "checkHosted", "getmcontext", "safecopyfrom", "safecopyto", "safememset", "safemap", "sdevio", "sysctl"]);
/** Calls that write to the memory of whom they name. */
const writes = new Set(["vircopy", "physcopy", "trace", "sigsend", "sigreturn"]);
/** Calls that take away what the fuzzer needs itself; they are rare, and of those that are made few name itself. */
const takes = new Set(["clear", "exec", "execHosted", "update", "abort"]);

/** Random traps, by the contract: each field gets what its type and its call could mean, or nearly. */
export class FuzzRequests {
  private readonly random: SeededRandom;
  private readonly targets: FuzzTargets;

  constructor(random: SeededRandom, targets: FuzzTargets) {
    this.random = random;
    this.targets = targets;
  }

  trap(): FuzzTrap {
    return this.random.below(4) === 0 ? this.ipc() : this.kernelCall();
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.random.below(list.length)] as T;
  }

  private kernelCall(): FuzzTrap {
    const message = newMessage();
    let number = this.random.below(NUMBERS);
    let entry = calls.get(number);
    // What ends the machine or a process comes up now and then.
    while (this.targets.privileged && entry !== undefined && takes.has(entry[0]) && this.random.below(entry[0] === "abort" ? 60 : 6) !== 0) {
      number = this.random.below(NUMBERS);
      entry = calls.get(number);
    }
    for (let word = 2; word < 9; word++) message[word] = this.random.below(2) === 0 ? this.pick(words) : this.random.below(0x10000);
    message[1] = kernelContract.base + number;
    if (entry !== undefined) {
      const [name, { request }] = entry;
      for (const [field, { type, write }] of Object.entries(request)) write(message, this.value(name, field, type) as never);
      if (this.targets.privileged) this.restrict(name, message);
    }
    const bad = this.random.below(200) === 0;
    return { vector: KERNEL_CALL_VECTOR, eax: bad ? this.pick([0, 0xfff, 0x7fffffff, 0xfffffff0]) : 0, ebx: 0, ecx: 0, message };
  }

  private value(call: string, field: string, type: string): number | boolean {
    const meant = meaning[`${call}.${field}`];
    if (meant !== undefined && meant.length > 0 && this.random.below(12) !== 0) return this.pick(meant);
    if (field === "port") return this.pick(ports);
    if (field.toLowerCase().endsWith("segment")) return this.pick(segments);
    switch (type) {
      case "endpoint": {
        if (!writes.has(call) && this.random.below(4) === 0) return this.pick(this.targets.children());
        return this.endpoint(!this.targets.privileged || looks.has(call) || (field === "source" && call !== "update"));
      }
      case "virtAddr": return this.address();
      case "physAddr": return this.random.below(2) === 0 ? this.pick(this.targets.physical()) : this.pick([0xffffffff, 0x7ffffff0, 0x1000000, 0xfffff000]);
      case "grantId": return this.pick([0, 0, 1, 2, 3, 4, -1, 7, 0x10000, 0x7fffffff]);
      case "bool": return this.random.below(2) === 0;
      default: return field.includes("ddress") ? this.address() : this.pick(this.random.below(2) === 0 ? sizes : words);
    }
  }

  private endpoint(anybody: boolean): number {
    const choice = this.random.below(8);
    if (choice === 0) return SELF;
    if (choice === 1) return this.pick(nobody);
    return this.pick(anybody ? this.targets.everybody() : this.targets.victims());
  }

  private address(): number {
    const { data } = this.targets;
    switch (this.random.below(8)) {
      case 0: return this.pick([0, 0xfff, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff0, data + 0xfff, data + DATA_BYTES - 4, data + 0x12000]);
      case 1: return data + this.random.below(DATA_BYTES);
      case 2: return data + this.random.below(8) * 0x1000;
      default: return data + this.pick(structures).offset;
    }
  }

  /** What rightly changes memory is aimed at the victims'. */
  private restrict(name: string, message: Message): void {
    if (name === "vircopy" || name === "physcopy") {
      const { request } = kernelContract.calls[name];
      const type = request.targetSegment.read(message) & SEGMENT_TYPE;
      if (type === PHYS_SEG) {
        request.targetAddress.write(message, this.pick(this.targets.physical()));
        request.bytes.write(message, this.pick([0, 1, 36, 0x1000, 0xffffffff]));
      } else if (type === BIOS_SEG) request.targetAddress.write(message, this.pick([0, 0x400, 0x90000, 0x500]));
    } else if (name === "memset") kernelContract.calls.memset.request.bytes.write(message, this.pick([0, 1, 3, 5, 4096, 0xffffffff]));
    else if (name === "sysctl") kernelContract.calls.sysctl.request.argument.write(message, this.random.below(2) === 0 ? this.pick(sizes) : this.endpoint(true));
    else if (name === "vmctl" && kernelContract.calls.vmctl.request.parameter.read(message) === 29) this.addressSpace(message);
    else if (name === "schedule") kernelContract.calls.schedule.request.cpu.write(message, this.pick([-1, 0, 1, 7]));
  }

  private addressSpace(message: Message): void {
    const { process, value, address } = kernelContract.calls.vmctl.request;
    process.write(message, this.pick(this.targets.victims()) as Endpoint); // the fuzzers need their own memory
    // Without a table a process is wherever its segments say in the table that is loaded: rightly, in anybody's memory.
    if (this.random.below(3) === 0 && value.read(message) !== 0) return; // any numbers
    const [root, at] = this.pick(this.targets.directories());
    value.write(message, this.random.below(4) === 0 ? root ^ 0x1000 : root);
    address.write(message, this.random.below(4) === 0 ? at ^ 0x1000 : at);
  }

  private ipc(): FuzzTrap {
    const message = newMessage(this.random.below(0x2000));
    message[2] = this.random.below(0x10000);
    const ecx = this.pick([0, 1, 4, 4, 5, 5, 5, 16, 16, 17, 99, -1, 2, 3]);
    const { privileged } = this.targets;
    const partner = ecx === 16 ? this.pick([0, 1, 2, 4, 4, 4176, 4177, -1, 100]) : this.endpoint(!privileged);
    const table = this.pick(structures.filter(({ name }) => name === "asyn")) as (typeof structures)[number];
    return { vector: IPC_VECTOR, eax: partner, ebx: ecx === 16 && this.random.below(3) !== 0 ? this.targets.data + table.offset : this.address(), ecx, message };
  }
}

const structures = [
  { name: "privileges", offset: 0 }, { name: "map", offset: 0x800 }, { name: "text", offset: 0x840 }, { name: "vector", offset: 0x880 },
  { name: "asyn", offset: 0x900 }, { name: "grants", offset: 0xa00 }, { name: "ports", offset: 0xb00 }, { name: "signal", offset: 0xc00 }, { name: "range", offset: 0xd00 },
  { name: "context", offset: 0xd80 },
] as const;

/** A page of structures that calls understand. Its memory map is of memory that nobody has. */
export function structurePage(victims: readonly number[], data: number): Uint8Array {
  const page = new Uint8Array(0x1000);
  const at = (name: (typeof structures)[number]["name"]): number => structures.find((one) => one.name === name)?.offset ?? 0;
  const [first = 0, second = 0] = victims as readonly Endpoint[];
  page.set(privilegeEntry.encode({ ...everything, flags: 0x1a }), at("privileges"));
  page.set(memoryMap.encode({ text: { vir: 0, phys: 0x30000, length: 0 }, data: { vir: 0, phys: 0x30000, length: 16 }, stack: { vir: 16, phys: 0x30010, length: 0 } }), at("map"));
  page.set([0x73, 0x76, 0x63, 0, 0x61, 0, 0x62, 0], at("text"));
  [[first, SELF], [SELF, first], [second, SELF], [SELF, SELF]].forEach(([from, to], index) => {
    page.set(safecopyElement.encode({ from: from as Endpoint, to: to as Endpoint, grant: 0 as never, offset: 4, address: data + 0x2000, bytes: 64 }), at("vector") + index * safecopyElement.bytes);
  });
  [first, second, NONE, first].forEach((to, index) => page.set(asynEntry.encode({ flags: [1, 5, 0x11, 0x21][index] as number, to: to as Endpoint, result: 0, message: newMessage(5) }), at("asyn") + index * asynEntry.bytes));
  for (let index = 0; index < 3; index++) {
    const flags = CPF_USED | CPF_VALID | CPF_DIRECT | CPF_READ | CPF_WRITE | CPF_MAP;
    page.set(encodeGrant({ kind: "direct", flags, to: ANY, start: data + 0x1000 * index, length: [0x2000, 64, 0xffffffff][index] as number }), at("grants") + index * GRANT_BYTES);
  }
  for (let index = 0; index < 16; index++) page.set([0x80, 0, 1, 2], at("ports") + index * 4);
  page.set(signalMessage.encode({ signal: 11, mask: 0, handler: 0x1000, signalReturn: 0x1000, stackPointer: 0x5000 }), at("signal"));
  page.set(ioRange.encode({ base: 0x80, limit: 0x90 }), at("range"));
  return page;
}
