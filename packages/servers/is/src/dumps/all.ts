import { keyName, SHIFT } from "../key.ts";
import { PAGE_LINES, row, textLines, type Dump } from "../dump.ts";
import { dataStore } from "./data-store.ts";
import { image, interrupts, kernelInfo, memoryMaps, messages, parameters, processTable, stacks } from "./kernel.ts";
import { pmTable, signals } from "./pm.ts";
import { privileges } from "./privileges.ts";
import { services } from "./services.ts";
import { drivers, vfsTable } from "./vfs.ts";
import { memory } from "./vm.ts";

/** Shift-F5: which key shows what. */
const keyMap: Dump = {
  title: "function key mappings", pageLines: PAGE_LINES,
  *read() {
    return textLines(row([-10, 0], ["key", "dump"]), [...dumps].map(([key, { title }]) => row([-10, 0], [keyName(key), title])));
  },
};

/** Every dump, by its key: 1 to 12, and with shift 13 to 24 (reference/rs-sef-ds-syslib.md 6). */
export const dumps: ReadonlyMap<number, Dump> = new Map([
  [1, processTable], [2, memoryMaps], [3, image], [4, privileges], [5, parameters], [6, interrupts], [7, messages], [8, memory], [10, kernelInfo],
  [SHIFT + 1, pmTable], [SHIFT + 2, signals], [SHIFT + 3, vfsTable], [SHIFT + 4, drivers], [SHIFT + 5, keyMap], [SHIFT + 6, services],
  [SHIFT + 8, dataStore], [SHIFT + 9, stacks],
]);
