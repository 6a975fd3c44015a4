// What could leak: processes, privilege structures, grants in use and free pages, counted from outside of the machine.
import { CPF_USED, GRANT_BYTES } from "@procyon-os/contract-kernel";

const PRESENT = 0x001;
const BIG_PAGE = 0x080;
// Of the memory map: the data segment, in clicks (reference/kernel.md 4.2).
const D_VIR = 3;
const D_PHYS = 4;

/** The physical address behind a virtual one of a process; null where nothing is mapped. */
function physical(memory, process, virtual) {
  const linear = (virtual + ((process.map[D_PHYS] - process.map[D_VIR]) << 12)) >>> 0;
  if (process.cr3 === 0) return linear;
  const directory = memory.read32(process.cr3 + (linear >>> 22) * 4);
  if (!(directory & PRESENT)) return null;
  if (directory & BIG_PAGE) return ((directory & 0xffc00000) >>> 0) + (linear & 0x3fffff);
  const entry = memory.read32(((directory & 0xfffff000) >>> 0) + ((linear >>> 12) & 0x3ff) * 4);
  return entry & PRESENT ? ((entry & 0xfffff000) >>> 0) + (linear & 0xfff) : null;
}

/** How many grants of a process are in use. */
function grantsOf(memory, process) {
  const { grantTable, grantEntries } = process.privileges;
  let used = 0;
  for (let slot = 0; slot < grantEntries; slot++) {
    const at = physical(memory, process, grantTable + slot * GRANT_BYTES);
    if (at !== null && (memory.read32(at) & CPF_USED) !== 0) used++;
  }
  return used;
}

/** The counts of a machine at rest. Pages are those that VM calls free; `byName` has the grants of each service. */
export function countsOf(machine) {
  const { kernel, board } = machine.system;
  const pages = Number(/free\s+\d+ KB\s+(\d+)/.exec(machine.must("memstat"))?.[1] ?? NaN);
  const processes = kernel.processes.slots.filter((process) => !process.isFree && !process.isTask);
  const services = processes.filter(({ privileges }) => privileges.grantEntries > 0);
  const byName = services.filter(({ privileges }, index) => services.findIndex((other) => other.privileges === privileges) === index)
    .map((process) => [process.name, grantsOf(board.memory, process)]);
  const grants = byName.reduce((sum, [, count]) => sum + count, 0);
  const privileges = new Set(processes.map((process) => process.privileges.id)).size;
  return { processes: processes.length, privileges, grants, pages, byName: byName.map((entry) => entry.join(" ")).join(", ") };
}
