import { BIG_PAGE, PRESENT, setTableEntry, USER, WRITABLE } from "../page-table.ts";
import { WINDOW_FIRST_PDE } from "../physical.ts";
import type { AddressSpace, VmState } from "../state.ts";

/** The directory of an instance of VM shows all of physical memory in a window (see `physical.ts`). */
export function mapWindow(vm: VmState, space: AddressSpace): void {
  const pages = Math.ceil(vm.references.length / 1024);
  for (let i = 0; i < pages; i++) {
    setTableEntry(vm, space.directory, WINDOW_FIRST_PDE + i, (i << 22) | PRESENT | WRITABLE | USER | BIG_PAGE);
  }
}
