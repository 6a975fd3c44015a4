import { NR_SYS_CALLS, kernelContract, type KernelCallName } from "@procyon-os/contract-kernel";
import { abort } from "./calls/abort.ts";
import { checkHosted } from "./calls/check-hosted.ts";
import { clear } from "./calls/clear.ts";
import { endksig } from "./calls/endksig.ts";
import { execHosted, queryHosted } from "./calls/exec-hosted.ts";
import { exec } from "./calls/exec.ts";
import { exit } from "./calls/exit.ts";
import { fork } from "./calls/fork.ts";
import { getinfo } from "./calls/getinfo.ts";
import { getksig } from "./calls/getksig.ts";
import { int86 } from "./calls/int86.ts";
import { iopenable } from "./calls/iopenable.ts";
import { irqctl } from "./calls/irqctl.ts";
import { kill } from "./calls/kill.ts";
import { mcontext } from "./calls/mcontext.ts";
import { newmap } from "./calls/newmap.ts";
import { devio, sdevio, vdevio } from "./calls/port-io.ts";
import { privctl } from "./calls/privctl.ts";
import { runctl } from "./calls/runctl.ts";
import { safecopyFrom, safecopyTo, vsafecopy } from "./calls/safecopies.ts";
import { safemap, saferevmap, safeunmap } from "./calls/safemaps.ts";
import { safememset } from "./calls/safememset.ts";
import { schedctl } from "./calls/schedctl.ts";
import { schedule } from "./calls/schedule.ts";
import { setalarm } from "./calls/setalarm.ts";
import { setgrant } from "./calls/setgrant.ts";
import { sigreturn } from "./calls/sigreturn.ts";
import { sigsend } from "./calls/sigsend.ts";
import { statectl } from "./calls/statectl.ts";
import { stime } from "./calls/stime.ts";
import { sysctl } from "./calls/sysctl.ts";
import { times } from "./calls/times.ts";
import { trace } from "./calls/trace.ts";
import { umap, umapRemote } from "./calls/umap.ts";
import { update } from "./calls/update.ts";
import { memset, physcopy, readbios, vircopy } from "./calls/virtual-copies.ts";
import { vmctl } from "./calls/vmctl.ts";
import { vtimer } from "./calls/vtimer.ts";
import type { KernelCall } from "./kernel-call.ts";

/** Every call of the contract, once. */
const handlers: { readonly [Name in KernelCallName]: KernelCall } = {
  fork, exec, clear, schedule, privctl, trace, kill, getksig, endksig, sigsend, sigreturn, newmap, memset, umap, vircopy, physcopy,
  umapRemote, irqctl, int86, devio, sdevio, vdevio, setalarm, times, getinfo, abort, iopenable, safecopyfrom: safecopyFrom,
  safecopyto: safecopyTo, vsafecopy, setgrant, readbios, stime, execHosted, queryHosted, checkHosted, vmctl, sysctl, vtimer, runctl, safemap, saferevmap, safeunmap,
  getmcontext: mcontext("getmcontext"), setmcontext: mcontext("setmcontext"), update, exit, schedctl, statectl, safememset,
};

/** The handlers by number; null where MINIX has no call. */
export const callTable: readonly (KernelCall | null)[] = Array.from({ length: NR_SYS_CALLS }, (_, number) => {
  const found = Object.entries(kernelContract.calls).find(([, call]) => call.number === number);
  return found === undefined ? null : handlers[found[0] as KernelCallName];
});
