import { fail, ok } from "@procyon-os/message";
import { holdDmaFrames } from "./dma.ts";
import { dropYieldedOf } from "./yield-block.ts";
import { giveUp } from "../frames.ts";
import type { VmHandlers } from "../handlers.ts";
import { flushTables, showDirectory } from "../page-table.ts";
import { findProcess, freeSpace } from "../processes.ts";
import { VMF_EXITING } from "../state.ts";

/** VM_WILLEXIT. */
export const willexit: VmHandlers["willexit"] = function* (vm, caller, request) {
  const found = findProcess(vm, caller, request.process);
  if (!found.ok) return found;
  found.value.flags |= VMF_EXITING;
  return ok({});
};

/** VM_EXIT: nothing of the process is left, its page tables included. */
export const exit: VmHandlers["exit"] = function* (vm, caller, request) {
  const found = findProcess(vm, caller, request.process);
  if (!found.ok) return found;
  const process = found.value;
  if ((process.flags & VMF_EXITING) === 0) return fail("EINVAL");
  holdDmaFrames(vm, process);
  dropYieldedOf(vm, process.endpoint);
  freeSpace(vm, process.space);
  for (const { start, count } of process.own) giveUp(vm, start, count);
  showDirectory(vm, process.slot, null);
  vm.processes[process.slot] = null;
  yield* flushTables(vm);
  return ok({});
};
