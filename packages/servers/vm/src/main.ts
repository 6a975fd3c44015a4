import { NR_VM_CALLS, VM_PAGEFAULT, VM_RQ_BASE, vmContract } from "@procyon-os/contract-vm";
import {
  ANY, enterInstance, errorCode, i32, instanceLocal, isFromKernel, isNotify, m1, messageSource, messageType, newMessage, ok, SIGKMEM, u32, VM, type Instance,
  type Message, type Program, type Result, type ServiceImage,
} from "@procyon-os/message";
import { messagesReceived, queueReply, SEF_LU_STATE_NULL, sefReceive, sefStartup, type InitInfo } from "@procyon-os/sef";
import { dispatch, isCallOf, panic, setMoreMemory, type Received } from "@procyon-os/syslib";
import { bootVm } from "./boot/boot.ts";
import { callTable } from "./call-table.ts";
import { endLimbo } from "./frames.ts";
import { tellGivenUp } from "./given-up.ts";
import { handleKernelRequests } from "./kernel-requests.ts";
import { ownMemory } from "./own-memory.ts";
import { handlePageFault } from "./page-fault.ts";
import { closeWindows } from "./page-table.ts";
import { lookUp } from "./processes.ts";
import { lookAhead, type Ahead } from "./recovery/ahead.ts";
import { saveAll, saveChanged, saveForUpdate, vmState, type SavedVm } from "./recovery/saved.ts";
import { endUpdate, takeOver, takeUpdate } from "./recovery/take-over.ts";
import type { VmProcess, VmState } from "./state.ts";

const faultAddress = m1.i1(u32);
const faultBits = m1.i2(i32);

/** Whether the caller's mask has a call: the one place where that is decided (V01). */
function mayCall(process: VmProcess, number: number): boolean {
  return ((process.callMask[number < 32 ? 0 : 1] >>> (number & 31)) & 1) === 1;
}

/** A request: the reply, or null where there is none. */
function* answer(vm: VmState, received: Received): Program<Message | null> {
  const { message } = received;
  const number = messageType(message) - VM_RQ_BASE;
  const caller = lookUp(vm, messageSource(message));
  if (caller === null) return newMessage(errorCode("EDEADEPT"));
  if (number < 0 || number >= NR_VM_CALLS || !isCallOf(vmContract, message)) return newMessage(errorCode("ENOSYS"));
  if (!mayCall(caller, number)) return newMessage(errorCode("EPERM"));
  return yield* dispatch(vmContract, callTable, vm, received);
}

/** One message. A page fault is believed only where the kernel says that it made the message. */
function* serve(vm: VmState, received: Received): Program<void> {
  const { message, status } = received;
  if (isNotify(status)) return;
  const source = messageSource(message);
  if (messageType(message) === VM_PAGEFAULT && isFromKernel(status)) {
    const process = lookUp(vm, source);
    if (process !== null) yield* handlePageFault(vm, process, faultAddress.read(message), faultBits.read(message));
    return;
  }
  const reply = yield* answer(vm, received);
  if (reply !== null) queueReply(received, reply);
}

/** After each message: the kernel forgets what it cached of tables that changed and which maps are over, and what was given up is free. */
function* settle(vm: VmState): Program<void> {
  const own = vm.processes[VM];
  if (own) yield* closeWindows(vm, own.space);
  endLimbo(vm);
  yield* tellGivenUp(vm);
}

const running = instanceLocal<{ state: VmState | null; ahead: Ahead | null }>("vm", () => ({ state: null, ahead: null }));

/** The state of an instance of VM, for `checkVm`; null before it has booted. Not while it handles a request. */
export function vmStateOf(instance: Instance): VmState | null {
  const before = enterInstance(instance);
  const { state } = running();
  enterInstance(before);
  return state;
}

/**
 * The instance has its state: from here on it has memory of its own, and saves what it has to.
 * @param save brings what is saved up to date for the first time
 */
function begin(outcome: Result<VmState>, save: (vm: VmState) => void): Result<SavedVm> {
  if (!outcome.ok) return outcome;
  const vm = outcome.value;
  running().state = vm;
  setMoreMemory((bytes) => ownMemory(vm, bytes));
  save(vm);
  return ok(vm.saved);
}

const live = (): VmState => running().state as VmState;

/** VM: makes all page tables, resolves page faults, and answers calls about memory, forever. */
export function* main(): Program<never> {
  let update: InitInfo | null = null;
  yield* sefStartup(vmState, {
    *initFresh(info) {
      return begin(yield* bootVm(info), saveAll);
    },
    *initRestart(_info, saved) {
      return begin(yield* takeOver(saved), saveAll);
    },
    *getReady(saved, { received }) {
      running().ahead = yield* lookAhead(saved, received);
    },
    *initLu(info, saved) {
      update = info;
      const { ahead } = running();
      running().ahead = null;
      return begin(yield* takeUpdate(info, saved, ahead), () => undefined);
    },
    initLuTells: true,
    *luStateChanged(_from, to) {
      if (to !== SEF_LU_STATE_NULL) saveForUpdate(live());
    },
    *signalHandler(_state, signal) {
      if (signal !== SIGKMEM) return;
      live().round = messagesReceived();
      yield* handleKernelRequests(live());
      yield* settle(live());
      live().takenOver = null;
    },
  });
  const vm = live();
  if (update !== null) yield* endUpdate(vm, update);
  for (;;) {
    const received = yield* sefReceive(ANY);
    if (received.result !== 0) yield* panic(`receive failed: ${received.result}`);
    vm.round = messagesReceived();
    yield* serve(vm, received);
    yield* settle(vm);
    vm.takenOver = null;
    saveChanged(vm);
  }
}

/** VM as a hosted service. */
export const vm: ServiceImage = { name: "@procyon-os/vm", version: "0.1.0", dataBytes: 64 * 1024, stackBytes: 4096, contract: vmContract, state: vmState, main };
