import { pmSuite, rsSuite, vfsSuite, vmSuite } from "./core.ts";
import { dsSuite } from "./data-store.ts";
import { atWiniSuite, logSuite, memorySuite, ttySuite } from "./drivers.ts";
import { mfsSuite, pfsSuite } from "./file-servers.ts";
import { isSuite } from "./information.ts";
import { schedSuite } from "./scheduler.ts";
import type { Suite } from "./suite.ts";

/** What is known of the machine's services, by their names. */
export const suites: { readonly [name: string]: Suite } = {
  ds: dsSuite, rs: rsSuite, pm: pmSuite, sched: schedSuite, vfs: vfsSuite, vm: vmSuite, mfs: mfsSuite, pfs: pfsSuite,
  tty: ttySuite, log: logSuite, memory: memorySuite, at_wini: atWiniSuite, is: isSuite,
};
