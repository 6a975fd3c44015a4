import {
  decodeVmRegion, decodeVmStats, decodeVmUsage, MAX_VRI_COUNT, PROT_EXEC, PROT_WRITE, VM_REGION_BYTES, VM_STATS_BYTES, VM_USAGE_BYTES, VMIW_REGION, VMIW_STATS,
  VMIW_USAGE, type VmRegion,
} from "@procyon-os/contract-vm";
import { SELF, type Endpoint, type Program, type VirtAddr } from "@procyon-os/message";
import { load, scratch, vm } from "@procyon-os/syslib";
import { hex, kilobytes, letters, textLines, type Dump } from "../dump.ts";
import { processes, refused } from "../tables.ts";

const VM_PAGE_LINES = 24;
/** Where a process has so many regions, something is wrong with the answers. */
const MOST_REGIONS = 4096;

function* ask(what: number, process: Endpoint, bytes: number, count = 0, next = 0 as VirtAddr): Program<{ bytes: Uint8Array; count: number; next: VirtAddr } | null> {
  const address = yield* scratch(bytes);
  const got = yield* vm.info({ what, process, count, address, next });
  return got.ok ? { bytes: yield* load(address, bytes), ...got.value } : null;
}

function* regionsOf(process: Endpoint): Program<VmRegion[]> {
  const regions: VmRegion[] = [];
  for (let next = 0 as VirtAddr; regions.length < MOST_REGIONS; ) {
    const part = yield* ask(VMIW_REGION, process, VM_REGION_BYTES * MAX_VRI_COUNT, MAX_VRI_COUNT, next);
    if (part === null || part.count <= 0) break;
    for (let index = 0; index < part.count; index++) regions.push(decodeVmRegion(part.bytes, index * VM_REGION_BYTES));
    next = part.next;
  }
  return regions;
}

const same = (one: VmRegion, other: VmRegion | undefined): boolean =>
  other !== undefined && one.length === other.length && one.protection === other.protection && one.flags === other.flags && one.segment === other.segment;

/** A line for each region; those that are alike and follow each other are one. */
function describeRegions(regions: readonly VmRegion[]): string[] {
  const lines: string[] = [];
  for (let index = 0; index < regions.length; ) {
    const first = regions[index] as VmRegion;
    let count = 1;
    while (same(first, regions[index + count])) count++;
    const { segment, address, length, protection, flags } = first;
    const rights = `r${letters(protection, [[PROT_WRITE, "w"], [PROT_EXEC, "x"]])}`;
    lines.push(`    ${segment === 0 ? "T" : "D"} ${hex(address)} ${kilobytes(length).padStart(8)} ${rights}${flags === 0 ? "" : " shared"}${count > 1 ? ` ${count} times` : ""}`);
    index += count;
  }
  return lines;
}

/** F8: memory as a whole, and that of each process. */
export const memory: Dump = {
  title: "VM status and maps", pageLines: VM_PAGE_LINES,
  *read() {
    const stats = yield* ask(VMIW_STATS, SELF, VM_STATS_BYTES);
    const table = yield* processes();
    if (stats === null || table === null) return stats === null ? { problem: "IS: vm does not tell" } : refused("process table");
    const { pageSize, total, free, largest, cached } = decodeVmStats(stats.bytes);
    const pages = (count: number): string => kilobytes(count * pageSize);
    const lines: string[] = [];
    for (const { slot, endpoint, name } of table) {
      const usage = slot < 0 ? null : yield* ask(VMIW_USAGE, endpoint, VM_USAGE_BYTES);
      if (usage === null) continue; // it has ended, or has no memory
      const { total: all, common, shared } = decodeVmUsage(usage.bytes);
      lines.push(`${String(endpoint).padStart(8)} ${name.padEnd(8)} total ${kilobytes(all)} common ${kilobytes(common)} shared ${kilobytes(shared)}`);
      lines.push(...describeRegions(yield* regionsOf(endpoint)));
    }
    return textLines(`total ${pages(total)} free ${pages(free)} largest ${pages(largest)} cached ${pages(cached)}`, lines);
  },
};
