import type { MemoryMap } from "@procyon-os/contract-kernel";
import { VM, type Endpoint } from "@procyon-os/message";
import { walk, type Walked } from "./page-walk.ts";

/** What the fake kernel knows of a process. */
export interface FakeProcess {
  slot: number;
  endpoint: Endpoint;
  readonly hosted: boolean;
  map: MemoryMap;
  cr3: number;
  esp: number;
  inhibited: boolean;
  faulting: boolean;
  readonly signals: number[];
}

/** RAM, and the processes that have address spaces in it. */
export class FakeMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly processes = new Map<Endpoint, FakeProcess>();
  paging = false;

  constructor(bytes: number) {
    this.bytes = new Uint8Array(bytes);
    this.view = new DataView(this.bytes.buffer);
  }

  add(one: Pick<FakeProcess, "slot" | "endpoint" | "hosted" | "map">): FakeProcess {
    const process: FakeProcess = { ...one, cr3: 0, esp: 0, inhibited: false, faulting: false, signals: [] };
    this.processes.set(one.endpoint, process);
    return process;
  }

  process(endpoint: Endpoint): FakeProcess {
    const process = this.processes.get(endpoint);
    if (process === undefined) throw new Error(`no process ${endpoint}`);
    return process;
  }

  /** Linear address of a user address. */
  linear(process: FakeProcess, address: number): number {
    return ((process.map.data.phys - process.map.data.vir) * 4096 + address) >>> 0;
  }

  walk(process: FakeProcess, address: number): Walked | null {
    return walk(this.view, process.cr3, this.linear(process, address));
  }

  /** Where a byte of VM lies: through its page table with the rights of user mode, else through its segment. */
  own(address: number, write: boolean): number {
    const vm = this.process(VM);
    if (!this.paging) return this.linear(vm, address);
    const found = this.walk(vm, address);
    if (found === null || !found.user || (write && !found.writable)) throw new Error(`VM faults at 0x${address.toString(16)}`);
    return found.physical;
  }

  readOwn(address: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const piece = Math.min(length - at, 4096 - ((address + at) % 4096));
      const physical = this.own(address + at, false);
      bytes.set(this.bytes.subarray(physical, physical + piece), at);
      at += piece;
    }
    return bytes;
  }
  writeOwn(address: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const piece = Math.min(bytes.length - at, 4096 - ((address + at) % 4096));
      this.bytes.set(bytes.subarray(at, at + piece), this.own(address + at, true));
      at += piece;
    }
  }
}
