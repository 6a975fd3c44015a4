import {
  BILLABLE, CHECK_IO_PORT, CHECK_IRQ, CHECK_MEM, DYN_PRIV_ID, GET_PRIVTAB, pointerPrivilegeId, PREEMPTIBLE, privilegeEntry, SYS_PROC,
} from "@procyon-os/contract-kernel";
import { NONE, NOTIFY, NR_SYS_PROCS, RECEIVE, SEND, SENDA, SENDREC } from "@procyon-os/message";
import { kernelStructure } from "@procyon-os/syslib";
import { hex, letters, PAGE_LINES, tableOf, type Dump } from "../dump.ts";
import { entriesOf, processes, refused } from "../tables.ts";

const flagLetters = [[PREEMPTIBLE, "P"], [BILLABLE, "B"], [DYN_PRIV_ID, "D"], [SYS_PROC, "S"], [CHECK_IO_PORT, "I"], [CHECK_IRQ, "Q"], [CHECK_MEM, "M"]] as const;
const trapLetters = [[1 << SEND, "S"], [1 << SENDA, "A"], [1 << RECEIVE, "R"], [1 << SENDREC, "B"], [1 << NOTIFY, "N"]] as const;
const widths = [4, 4, -8, -8, -6, 6, -17, -17];

/** F4: what each process may do. */
export const privileges: Dump = {
  title: "privileges", pageLines: PAGE_LINES,
  *read() {
    const table = yield* processes();
    const bytes = yield* kernelStructure(GET_PRIVTAB, privilegeEntry.bytes * NR_SYS_PROCS);
    if (table === null || bytes === null) return refused("privileges");
    const all = entriesOf(bytes, privilegeEntry.bytes, privilegeEntry.decode, ({ processSlot }) => processSlot !== NONE);
    return tableOf(widths, ["nr", "id", "name", "flags", "traps", "grants", "ipc to", "kernel calls"], table, (one) => {
      const own = all.find(({ id }) => id === pointerPrivilegeId(one.privileges));
      if (own === undefined) return [one.slot, "-", one.name];
      return [
        one.slot, `(${own.id})`, one.name, letters(own.flags, flagLetters), letters(own.trapMask, trapLetters), own.grantEntries,
        own.ipcTo.map((word) => hex(word)).join(" "), own.callMask.map((word) => hex(word)).join(" "),
      ];
    });
  },
};
