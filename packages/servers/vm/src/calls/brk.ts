import { GET_REGS, REGISTER_BYTES, SIGCONTEXT_BYTES, SIGFRAME_BYTES } from "@procyon-os/contract-kernel";
import { fail, ok, type Endpoint, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { kernelStructure } from "@procyon-os/syslib";
import type { VmHandlers } from "../handlers.ts";
import { flushTables } from "../page-table.ts";
import { dataBase, findProcess, pageOf, processAt } from "../processes.ts";
import { addRegion, anonRegion, isFree, regionAt, unmapRange } from "../regions.ts";
import { makeResident } from "../resident.ts";
import { use } from "../slab.ts";
import type { VmProcess, VmState } from "../state.ts";

/** Room that must stay free below the stack: 384 words (reference/vm.md 4.3). */
const SAFETY_CLICKS = 1;
const ESP_OFFSET = 56;

/** The stack pointer of a process, or null where the kernel does not know it. */
function* stackPointer(endpoint: Endpoint): Program<number | null> {
  const bytes = yield* kernelStructure(GET_REGS, REGISTER_BYTES, endpoint);
  return bytes === null ? null : new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(ESP_OFFSET, true);
}

/** Whether data of so many clicks and a stack down to `sp` fit; then the stack segment reaches down to it. */
function adjustStack({ data, stack }: VmProcess, dataClicks: number, sp: number): boolean {
  const spClick = sp >>> 12;
  if (spClick >= stack.vir + stack.length) return false;
  // A library may run on a stack of its own in the data segment: no collision, and no reason to grow.
  const inData = data.vir <= spClick && spClick <= data.vir + data.length;
  const grow = inData ? 0 : Math.max(0, stack.vir - spClick);
  if (stack.vir - grow < data.vir + dataClicks + SAFETY_CLICKS) return false;
  stack.vir -= grow;
  stack.phys -= grow;
  stack.length += grow;
  return true;
}

/** Moves the end of the heap: growth is mapped and comes when touched, what is given up is freed. */
function moveBreak(vm: VmState, process: VmProcess, clicks: number): boolean {
  const { space, data } = process;
  const oldEnd = dataBase(process) + data.vir + data.length;
  const newEnd = dataBase(process) + data.vir + clicks;
  if (newEnd > oldEnd) {
    if (!isFree(space, oldEnd, newEnd)) return false;
    const heap = oldEnd > data.phys ? regionAt(space, oldEnd - 1) : null;
    if (heap !== null && heap.tag === "heap") use(heap, (one) => (one.count += newEnd - oldEnd));
    else addRegion(space, anonRegion(oldEnd, newEnd - oldEnd, "heap"));
  } else {
    unmapRange(vm, space, newEnd, oldEnd);
  }
  data.length = clicks;
  return true;
}

/** VM_BRK. */
export const brk: VmHandlers["brk"] = function* (vm, caller, request) {
  const found = findProcess(vm, caller, request.process);
  if (!found.ok) return found;
  const process = found.value;
  const clicks = Math.ceil(request.address / 4096) - process.data.vir;
  if (clicks < 0) return fail("ENOMEM");
  const sp = yield* stackPointer(process.endpoint);
  if (sp === null || !adjustStack(process, clicks, sp)) return fail("ENOMEM");
  if (!moveBreak(vm, process, clicks)) return fail("ENOMEM");
  yield* flushTables(vm);
  return ok({});
};

/** Checks that a signal frame fits below the stack pointer, and makes its memory resident. */
function* signalRoom(vm: VmState, process: VmProcess, sp: number): Program<Result<null, "ENOMEM">> {
  const low = sp - SIGCONTEXT_BYTES - SIGFRAME_BYTES;
  if (low < 0 || !adjustStack(process, process.data.length, low)) return fail("ENOMEM");
  const result = yield* makeResident(vm, process.space, pageOf(process, low), pageOf(process, sp - 1) + 1, true);
  yield* flushTables(vm);
  return result === 0 ? ok(null) : fail("ENOMEM");
}

/** VM_PUSH_SIG. */
export const pushSig: VmHandlers["pushSig"] = function* (vm, _caller, request) {
  const process = processAt(vm, request.process);
  if (process === null) return fail("EDEADEPT");
  const sp = yield* stackPointer(process.endpoint);
  if (sp === null) return fail("EINVAL");
  const room = yield* signalRoom(vm, process, sp);
  return room.ok ? ok({ stackPointer: sp as VirtAddr }) : room;
};
