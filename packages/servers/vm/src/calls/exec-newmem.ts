import { decodeExecNewmem, EXC_NM_RF_LOAD_TEXT, EXEC_NEWMEM_BYTES, VM_STACKTOP } from "@procyon-os/contract-vm";
import { errorCode, fail, ok, type Program, type VirtAddr } from "@procyon-os/message";
import { readFrom } from "../caller-memory.ts";
import { enoughFrames } from "../frames.ts";
import type { VmHandlers } from "../handlers.ts";
import { dataPieces, planProgram, segmentsOf, type Layout } from "../new-program.ts";
import { bind, flushTables, newSpace } from "../page-table.ts";
import { freeSpace, newMap, PROCESS_BASE, processAt } from "../processes.ts";
import { addRegion, anonRegion, TOP_PAGE } from "../regions.ts";
import { reserveFor } from "../reserve.ts";
import { makeResident } from "../resident.ts";
import { dropYieldedOf } from "./yield-block.ts";
import type { AddressSpace, VmState } from "../state.ts";

/** Most page tables that a new program's text, data and stack need beyond one for each 4 MB. */
const SPARE_TABLES = 4;

/** Builds the new image beside the old one: where memory does not last, the old one goes on (V06). */
function* buildImage(vm: VmState, layout: Layout, reserve: number): Program<AddressSpace | null> {
  const { text, data, stack, argsPages, hosted } = layout;
  const filled = text[1] - text[0] + (hosted ? 0 : data[1] - data[0]) + argsPages;
  if (!enoughFrames(vm, 1 + filled + Math.ceil(filled / 1024) + SPARE_TABLES + reserve)) return null;
  const space = newSpace(vm);
  if (space === null) return null;
  const at = (page: number): number => PROCESS_BASE + page;
  let result = 0;
  if (text[1] > text[0]) {
    addRegion(space, { ...anonRegion(at(text[0]), text[1] - text[0], "text"), loading: true });
    result = yield* makeResident(vm, space, at(text[0]), at(text[1]), true);
  }
  for (const [first, end] of dataPieces(layout)) {
    addRegion(space, anonRegion(at(first), end - first, end === data[1] ? "heap" : "none"));
    // A program's data are read from its file; a hosted program's are empty, and come when they are touched.
    if (result === 0 && !hosted) result = yield* makeResident(vm, space, at(first), at(end), true);
  }
  addRegion(space, anonRegion(at(stack[0]), stack[1] - stack[0], "stack"));
  if (result === 0 && argsPages > 0) result = yield* makeResident(vm, space, at(stack[1] - argsPages), at(stack[1]), true);
  if (result === 0) return space;
  if (result !== errorCode("ENOMEM")) throw new Error(`exec: a new image gives ${result}`);
  freeSpace(vm, space);
  yield* flushTables(vm);
  return null;
}

/** VM_EXEC_NEWMEM. */
export const execNewmem: VmHandlers["execNewmem"] = function* (vm, caller, request) {
  const process = processAt(vm, request.process);
  const asker = processAt(vm, caller);
  if (process === null || asker === null) return fail("ESRCH");
  if (request.size !== EXEC_NEWMEM_BYTES) return fail("EINVAL");
  const bytes = yield* readFrom(vm, asker, request.arguments, EXEC_NEWMEM_BYTES);
  if (!bytes.ok) return bytes;
  const layout = planProgram(decodeExecNewmem(bytes.value));
  if (!layout.ok) return layout;
  const space = yield* buildImage(vm, layout.value, reserveFor(vm, process));
  if (space === null) return fail("ENOMEM");

  const old = process.space;
  process.space = space;
  if (old.sees) vm.givenUp.push({ space, first: 0, end: TOP_PAGE });
  process.hosted = layout.value.hosted;
  Object.assign(process, segmentsOf(layout.value));
  yield* newMap(process);
  yield* bind(vm, process.endpoint, process.slot, space);
  dropYieldedOf(vm, process.endpoint);
  freeSpace(vm, old);
  yield* flushTables(vm);
  return ok({ flags: EXC_NM_RF_LOAD_TEXT, stackTop: VM_STACKTOP as VirtAddr });
};
