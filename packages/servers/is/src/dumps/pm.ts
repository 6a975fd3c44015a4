import * as c from "@procyon-os/contract-pm";
import { PM } from "@procyon-os/message";
import { hex, letters, PAGE_LINES, tableOf, type Dump, type Shown } from "../dump.ts";
import { entriesOf, fromServer } from "../tables.ts";

const flagLetters = [
  [c.MP_WAITING, "W"], [c.MP_ZOMBIE, "Z"], [c.MP_PAUSED, "P"], [c.MP_ALARM_ON, "A"], [c.MP_EXITING, "E"], [c.MP_STOPPED, "S"], [c.MP_SIGSUSPENDED, "U"],
  [c.MP_REPLY, "R"], [c.MP_VFS_CALL, "F"], [c.MP_PM_SIG_PENDING, "s"], [c.MP_PRIV_PROC, "p"], [c.MP_PARTIAL_EXEC, "x"], [c.MP_DELAY_CALL, "d"],
] as const;

type Entry = c.MprocInfo & { readonly index: number };
const dump = (title: string, show: (table: readonly Entry[]) => Shown): Dump => ({
  title, pageLines: PAGE_LINES,
  read: () => fromServer("pm", PM, c.SI_MPROC_TAB, c.MPROC_TABLE_BYTES, (bytes) =>
    show(entriesOf(bytes, c.mprocInfo.bytes, c.mprocInfo.decode, ({ flags }) => (flags & c.MP_IN_USE) !== 0))),
});
const ids = (real: number, effective: number): string => (real === effective ? String(real) : `${real}(${effective})`);

/** Shift-F1: PM's processes. */
export const pmTable: Dump = dump("PM process table", (table) =>
  tableOf([-11, 4, 4, 4, 6, 6, 6, -8, -8, 4, -13], ["name", "nr", "prnt", "trcr", "pid", "ppid", "pgrp", "uid", "gid", "nice", "flags"], table, (one) => [
    one.name, one.index, one.parent, one.tracer < 0 ? "-" : one.tracer, one.pid, one.ppid, one.pgrp, ids(one.uid, one.euid), ids(one.gid, one.egid), one.nice,
    letters(one.flags, flagLetters),
  ]));

/** Shift-F2: signals and alarms. */
export const signals: Dump = dump("signals", (table) =>
  tableOf([-11, 4, 8, 8, 8, 8, 10], ["name", "nr", "ignore", "catch", "mask", "pending", "alarm"], table, (one) => [
    one.name, one.index, hex(one.ignored), hex(one.caught), hex(one.mask), hex(one.pending), one.alarm === 0 ? "-" : one.alarm,
  ]));
