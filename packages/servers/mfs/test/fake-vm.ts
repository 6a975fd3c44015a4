import { encodeVmStats, vmContract, VM_BLOCKID_NONE } from "@procyon-os/contract-vm";
import { callByNumber, decodeRequest, encodeReply, fail, messageType, ok, type Message, type VirtAddr } from "@procyon-os/message";
import type { ServiceHarness } from "@procyon-os/service-harness";

const { calls } = vmContract;
const nameOf = callByNumber(vmContract);

/** VM as a file server sees it: memory to map, and a cache of yielded blocks. */
export class FakeVm {
  readonly yielded = new Map<string, Uint8Array>();
  /** So many blocks are kept at most; the oldest goes first. */
  capacity = 50;
  hits = 0;
  /** Every so-manieth exchange is refused, as for memory that is not one block; 0: none. */
  refuseEvery = 0;
  refused = 0;
  private exchanges = 0;
  private next: number;

  constructor(firstAddress: number) {
    this.next = firstAddress;
  }

  /** Another process: its memory is mapped from the beginning again. The yielded blocks are those of its endpoint. */
  restart(firstAddress: number): void {
    this.next = firstAddress;
  }

  answer(message: Message, harness: ServiceHarness): Message {
    switch (nameOf(messageType(message))) {
      case "mmap": {
        const { length } = decodeRequest(calls.mmap, message);
        if (this.next + length > harness.memory.length) return encodeReply(calls.mmap, fail("ENOMEM"));
        this.next += length;
        return encodeReply(calls.mmap, ok({ address: (this.next - length) as VirtAddr }));
      }
      case "info": {
        const { address } = decodeRequest(calls.info, message);
        harness.memory.set(encodeVmStats({ pageSize: 4096, total: 16384, free: 8192, largest: 8192, cached: 0 }), address);
        return encodeReply(calls.info, ok({ count: 0, next: 0 as VirtAddr }));
      }
      case "munmap":
        return encodeReply(calls.munmap, ok({}));
      case "forgetblocks":
        this.yielded.clear();
        return encodeReply(calls.forgetblocks, ok({}));
      case "forgetblock": {
        const { high, low } = decodeRequest(calls.forgetblock, message);
        this.yielded.delete(`${high}:${low}`);
        return encodeReply(calls.forgetblock, ok({}));
      }
      case "yieldblockgetblock":
        return this.exchange(message, harness);
      default:
        throw new Error(`VM got ${messageType(message)}`);
    }
  }

  private exchange(message: Message, harness: ServiceHarness): Message {
    const { address, length, yieldHigh, yieldLow, getHigh, getLow } = decodeRequest(calls.yieldblockgetblock, message);
    if (address % 4096 !== 0 || length % 4096 !== 0) throw new Error(`a block of ${length} bytes at ${address} is yielded`);
    if (this.refuseEvery > 0 && ++this.exchanges % this.refuseEvery === 0) {
      this.refused++;
      return encodeReply(calls.yieldblockgetblock, fail("EINVAL"));
    }
    const memory = harness.memory.subarray(address, address + length);
    const key = `${yieldHigh}:${yieldLow}`;
    if (yieldHigh !== VM_BLOCKID_NONE && !this.yielded.has(key)) {
      this.yielded.set(key, memory.slice());
      memory.fill(0);
      for (const oldest of this.yielded.keys()) {
        if (this.yielded.size <= this.capacity) break;
        this.yielded.delete(oldest);
      }
    }
    const wanted = `${getHigh}:${getLow}`;
    const content = this.yielded.get(wanted);
    if (content === undefined || content.length !== length) return encodeReply(calls.yieldblockgetblock, fail("ESRCH"));
    this.yielded.delete(wanted);
    this.hits++;
    memory.set(content);
    return encodeReply(calls.yieldblockgetblock, ok({}));
  }
}
