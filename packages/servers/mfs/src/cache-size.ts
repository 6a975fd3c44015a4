import { decodeVmStats, VM_STATS_BYTES, VMIW_STATS } from "@procyon-os/contract-vm";
import { SELF, type Program, type VirtAddr } from "@procyon-os/message";
import { load, scratch, vm } from "@procyon-os/syslib";
import { MINIMUM_BUFFERS } from "./cache.ts";

const MEMORY_MAJOR = 1;
/** Buffers where VM does not answer. */
const DEFAULT_BUFFERS = 1024;
const KILOBYTE = 1024;

/** What the size of the pool depends on. */
export interface PoolNeeds {
  readonly device: number;
  readonly blockSize: number;
  readonly blocks: number;
  readonly usedBlocks: number;
}

/** How many buffers a mount may have (reference/posix-abi.md 5.3); a device in memory gains nothing from more than the least. */
export function* poolSize({ device, blockSize, blocks, usedBlocks }: PoolNeeds): Program<number> {
  if (device >> 8 === MEMORY_MAJOR) return MINIMUM_BUFFERS;
  const address = yield* scratch(VM_STATS_BYTES);
  const info = yield* vm.info({ what: VMIW_STATS, process: SELF, count: 0, address, next: 0 as VirtAddr });
  if (!info.ok) return DEFAULT_BUFFERS;
  const { free, pageSize } = decodeVmStats(yield* load(address, VM_STATS_BYTES));
  const used = (usedBlocks * blockSize) / KILOBYTE;
  const bytes = Math.min((free * pageSize) / 10, 40 * KILOBYTE * Math.sqrt(used), (blocks * blockSize) / 2);
  return Math.max(MINIMUM_BUFFERS, Math.floor(bytes / blockSize));
}
