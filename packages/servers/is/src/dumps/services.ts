import {
  decodeRprocPub, RPROC_TABLE_BYTES, RPROCPUB_BYTES, rprocInfo, RS_ACTIVE, RS_EXITING, RS_IN_USE, RS_NOPINGREPLY, RS_UPDATING, SF_USE_COPY, SF_USE_REPL,
  SI_PROC_TAB, SI_PROCPUB_TAB,
} from "@procyon-os/contract-rs";
import { NR_SYS_PROCS, RS } from "@procyon-os/message";
import { letters, PAGE_LINES, tableOf, type Dump } from "../dump.ts";
import { entriesOf, serverTable } from "../tables.ts";

const flagLetters = [[RS_ACTIVE, "A"], [RS_UPDATING, "U"], [RS_EXITING, "E"], [RS_NOPINGREPLY, "N"]] as const;
const systemLetters = [[SF_USE_COPY, "C"], [SF_USE_REPL, "R"]] as const;
const heading = ["label", "endpoint", "pid", "flags", "dev", "period", "alive", "starts", "command"];

/** Shift-F6: every instance that RS has. */
export const services: Dump = {
  title: "RS table", pageLines: PAGE_LINES,
  *read() {
    const own = yield* serverTable("rs", RS, SI_PROC_TAB, RPROC_TABLE_BYTES);
    if (!(own instanceof Uint8Array)) return own;
    const open = yield* serverTable("rs", RS, SI_PROCPUB_TAB, RPROCPUB_BYTES * NR_SYS_PROCS);
    if (!(open instanceof Uint8Array)) return open;
    const entries = entriesOf(own, rprocInfo.bytes, rprocInfo.decode, ({ flags }) => (flags & RS_IN_USE) !== 0);
    return tableOf([-15, 8, 5, -6, -5, 6, 7, 6, 0], heading, entries, (one) => {
      const { label, sysFlags, major, deviceStyle } = decodeRprocPub(open, one.index * RPROCPUB_BYTES);
      return [
        label, one.endpoint, one.pid, letters(one.flags, flagLetters) + letters(sysFlags, systemLetters), major === 0 ? "-" : `${major}/${deviceStyle}`, one.period,
        one.aliveTime, `${one.restarts}x`, one.command === "" ? "-" : one.command,
      ];
    });
  },
};
