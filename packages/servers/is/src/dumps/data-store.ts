import { decodeDsEntry, DS_ENTRY_BYTES, DS_TABLE_BYTES, DSF_IN_USE, DSF_TYPE_LABEL, DSF_TYPE_MAP, DSF_TYPE_MEM, DSF_TYPE_STR, DSF_TYPE_U32, SI_DATA_STORE } from "@procyon-os/contract-ds";
import { DS } from "@procyon-os/message";
import { PAGE_LINES, tableOf, type Dump } from "../dump.ts";
import { entriesOf, fromServer } from "../tables.ts";

const types = [[DSF_TYPE_U32, "U32"], [DSF_TYPE_STR, "STR"], [DSF_TYPE_MEM, "MEM"], [DSF_TYPE_MAP, "MAP"], [DSF_TYPE_LABEL, "LABEL"]] as const;
const hasNumber = DSF_TYPE_U32 | DSF_TYPE_LABEL;

/** Shift-F8: what is published. A text is in DS's memory: its length is shown. */
export const dataStore: Dump = {
  title: "data store", pageLines: PAGE_LINES,
  read: () => fromServer("ds", DS, SI_DATA_STORE, DS_TABLE_BYTES, (bytes) =>
    tableOf([4, -32, -15, -5, 0], ["slot", "key", "owner", "type", "value"],
      entriesOf(bytes, DS_ENTRY_BYTES, decodeDsEntry, ({ flags }) => (flags & DSF_IN_USE) !== 0), ({ index, key, owner, flags, value, length }) => [
        index, key, owner, types.find(([bit]) => (flags & bit) !== 0)?.[1] ?? "?", (flags & hasNumber) !== 0 ? value : `length ${length}`,
      ])),
};
