import * as c from "@procyon-os/contract-vfs";
import { NONE, VFS } from "@procyon-os/message";
import { PAGE_LINES, tableOf, type Dump } from "../dump.ts";
import { entriesOf, fromServer } from "../tables.ts";

const reasons = ["-", "pipe", "lock", "fifo", "select", "open", "other"];
const styles = ["none", "dev", "deva", "tty", "ctty", "clone", "clone_a"];
const ids = (real: number, effective: number): string => `${real} (${effective})`;

/** Shift-F3: VFS's part of the processes. */
export const vfsTable: Dump = {
  title: "VFS process table", pageLines: PAGE_LINES,
  read: () => fromServer("vfs", VFS, c.SI_VFS_PROC_TAB, c.FPROC_TABLE_BYTES, (bytes) =>
    tableOf([4, 6, -6, 5, -10, -10, -6, -7, -7], ["nr", "pid", "tty", "umask", "uid", "gid", "leader", "blocked", "revived"],
      entriesOf(bytes, c.fprocInfo.bytes, c.fprocInfo.decode, ({ inUse }) => inUse !== 0), (one) => [
        one.index, one.pid, one.tty === 0 ? "-" : `${c.majorOf(one.tty)}/${c.minorOf(one.tty)}`, one.umask.toString(8).padStart(3, "0"), ids(one.uid, one.euid),
        ids(one.gid, one.egid), one.leader === 0 ? "no" : "yes", reasons[one.blockedOn] ?? "?", one.revived === 0 ? "no" : "yes",
      ])),
};

/** Shift-F4: drivers by major number. */
export const drivers: Dump = {
  title: "device/driver map", pageLines: PAGE_LINES,
  read: () => fromServer("vfs", VFS, c.SI_DMAP_TAB, c.DMAP_TABLE_BYTES, (bytes) =>
    tableOf([-16, 5, 8, -5, -8], ["label", "major", "endpoint", "flags", "style"],
      entriesOf(bytes, c.dmapInfo.bytes, c.dmapInfo.decode, ({ driver }) => driver !== NONE), (one) => [
        one.label, one.index, one.driver, one.flags === 0 ? "-" : "F", styles[one.style] ?? one.style,
      ])),
};
