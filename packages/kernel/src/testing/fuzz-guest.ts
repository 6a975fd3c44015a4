import { REG_EFLAGS, REG_EIP, REG_ESP, RTS_PAGEFAULT, RTS_VMREQUEST } from "@procyon-os/contract-kernel";
import { KERNEL_CALL_VECTOR, SENDA } from "@procyon-os/message";
import type { SeededRandom } from "../debug/random.ts";
import { PROCESS_START } from "./fake-vm.ts";
import { CURSOR, GUEST, GUEST_DATA, RECORDS, RECORD_BYTES, RECORD_PAGES, guestCode, type FuzzMachine } from "./fuzz-machine.ts";
import { DATA_BYTES, type FuzzRequests, type FuzzTrap } from "./fuzz-requests.ts";
import { CODE } from "./guest.ts";

const SEGMENT_CLICKS = 0x30;
/** More traps than that are not made between two looks. */
const SLICE_MOST = 1000;

/** The guest that fuzzes: its traps are written into its memory, and it makes one after another. */
export class FuzzGuest {
  /** The pages that it needs, by address; they are put back where they belong, whatever it has mapped over them. */
  private readonly pages = new Map<number, number>();
  private readonly machine: FuzzMachine;
  private readonly requests: FuzzRequests;
  private readonly random: SeededRandom;

  constructor(machine: FuzzMachine, requests: FuzzRequests, random: SeededRandom) {
    this.machine = machine;
    this.requests = requests;
    this.random = random;
    const addresses = [CODE, CURSOR, ...range(GUEST_DATA, DATA_BYTES), ...range(RECORDS, RECORD_PAGES * 0x1000)];
    for (const address of addresses) {
      const physical = machine.vm.map(GUEST, PROCESS_START + address);
      machine.theirs.add(physical >>> 12);
      this.pages.set(address, physical);
    }
  }

  /** Its page numbers. */
  get own(): ReadonlySet<number> {
    return new Set([...this.pages.values()].map((physical) => physical >>> 12));
  }

  /** How many traps it has made since it was last asked; it gets new ones, at most so many. */
  next(page: Uint8Array, most: number): number {
    const { memory, processes } = this.machine.test.kernel;
    const counter = this.at(CURSOR);
    const made = memory.read32(counter + 4);
    for (const [address, physical] of this.pages) this.machine.vm.map(GUEST, PROCESS_START + address, physical);
    processes.at(GUEST).staleTlb = 0xff;
    memory.write(this.at(CODE), Uint8Array.from(guestCode));
    memory.write32(counter, RECORDS);
    memory.write32(counter + 4, 0);
    if (this.random.below(4) === 0) memory.write(this.at(GUEST_DATA), page);
    if (this.random.below(40) === 0) {
      for (const address of range(GUEST_DATA + 0x1000, DATA_BYTES - 0x1000)) memory.write(this.at(address), Uint8Array.from({ length: 0x1000 }, () => this.random.below(256)));
    }
    for (let index = 0; index < most; index++) this.write(RECORDS + index * RECORD_BYTES, this.requests.trap());
    return made >= 0 && made <= 2 * SLICE_MOST ? made : 0; // else it has written over the counter
  }

  /** Its registers and segments as at the beginning, where nothing is under way that would miss them. */
  reset(): void {
    const { kernel } = this.machine.test;
    const process = kernel.processes.at(GUEST);
    if (process.isFree || process.hosted !== null || process.rts & (RTS_PAGEFAULT | RTS_VMREQUEST)) return;
    const start = PROCESS_START >>> 12;
    process.frame.fill(0);
    process.frame[REG_EIP] = CODE;
    process.frame[REG_ESP] = CURSOR + 0xf00;
    process.frame[REG_EFLAGS] = 0x200;
    process.map.set([0, start, 0, 0, start, SEGMENT_CLICKS, SEGMENT_CLICKS + 2, start + SEGMENT_CLICKS + 2, 0]);
    kernel.updateSegments(process);
  }

  private at(address: number): number {
    return (this.pages.get(address & ~0xfff) as number) + (address & 0xfff);
  }

  private write(address: number, { vector, eax, ebx, ecx, message }: FuzzTrap): void {
    const { memory } = this.machine.test.kernel;
    const to = this.at(address);
    const messageAt = address + 16;
    const isCall = vector === KERNEL_CALL_VECTOR;
    memory.write32(to, isCall && eax === 0 ? messageAt : eax);
    memory.write32(to + 4, !isCall && ecx !== SENDA && (ebx & 7) !== 0 ? messageAt : ebx);
    memory.write32(to + 8, ecx);
    memory.write32(to + 12, vector);
    message.forEach((word, index) => memory.write32(to + 16 + index * 4, word));
  }
}

/** The pages of a range. */
function range(start: number, bytes: number): readonly number[] {
  return Array.from({ length: bytes / 0x1000 }, (_, page) => start + page * 0x1000);
}
