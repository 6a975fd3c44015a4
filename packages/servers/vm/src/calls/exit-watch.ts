import { fail, NONE, NR_PROCS, ok } from "@procyon-os/message";
import { notify } from "@procyon-os/syslib";
import type { VmHandlers } from "../handlers.ts";
import { processAt } from "../processes.ts";
import { saveFact } from "../recovery/saved.ts";
import { VMF_WATCHEXIT } from "../state.ts";

/** VM_WATCH_EXIT. */
export const watchExit: VmHandlers["watchExit"] = function* (vm, _caller, request) {
  const process = processAt(vm, request.process);
  if (process === null) return fail("ESRCH");
  process.flags |= VMF_WATCHEXIT;
  return ok({});
};

/** VM_NOTIFY_SIG: nothing is recorded of a process that nobody watches. */
export const notifySig: VmHandlers["notifySig"] = function* (vm, _caller, request) {
  const process = processAt(vm, request.process);
  if (process === null) return fail("ESRCH");
  if ((process.flags & VMF_WATCHEXIT) === 0) return ok({});
  if (!vm.exits.includes(process.endpoint)) {
    if (vm.exits.length === NR_PROCS) return fail("ENOMEM");
    vm.exits.push(process.endpoint);
    saveFact(vm, "exits");
  }
  if (request.ipcServer !== 0 && request.ipcServer !== process.endpoint) yield* notify(request.ipcServer);
  return ok({});
};

/** VM_QUERY_EXIT: takes the oldest record. */
export const queryExit: VmHandlers["queryExit"] = function* (vm) {
  const process = vm.exits.shift() ?? NONE;
  saveFact(vm, "exits");
  return ok({ process, more: vm.exits.length > 0 });
};
