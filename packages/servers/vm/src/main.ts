import { NR_VM_CALLS, VM_PAGEFAULT, VM_RQ_BASE, vmContract } from "@procyon-os/contract-vm";
import {
  ANY, enterInstance, errorCode, i32, instanceLocal, isFromKernel, isNotify, m1, messageSource, messageType, newMessage, SIGKMEM, u32, VM, type Instance,
  type Message, type Program, type ServiceImage,
} from "@procyon-os/message";
import { sefReceive, sefStartup } from "@procyon-os/sef";
import { dispatch, isCallOf, panic, sendReply, setMoreMemory, type Received } from "@procyon-os/syslib";
import { bootVm } from "./boot/boot.ts";
import { callTable } from "./call-table.ts";
import { handleKernelRequests } from "./kernel-requests.ts";
import { ownMemory } from "./own-memory.ts";
import { handlePageFault } from "./page-fault.ts";
import { closeWindows } from "./page-table.ts";
import { processAt } from "./processes.ts";
import { vmState, type VmProcess, type VmState } from "./state.ts";

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
  const caller = processAt(vm, messageSource(message));
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
    const process = processAt(vm, source);
    if (process !== null) yield* handlePageFault(vm, process, faultAddress.read(message), faultBits.read(message));
    return;
  }
  const reply = yield* answer(vm, received);
  if (reply !== null) yield* sendReply(received, reply); // never wait for a client
}

/** After each message: the kernel forgets what it cached of tables that changed. */
function* settle(vm: VmState): Program<void> {
  const own = vm.processes[VM];
  if (own) yield* closeWindows(vm, own.space);
}

const running = instanceLocal<{ state: VmState | null }>("vm", () => ({ state: null }));

/** The state of an instance of VM, for `checkVm`; null before it has booted. Not while it handles a request. */
export function vmStateOf(instance: Instance): VmState | null {
  enterInstance(instance);
  return running().state;
}

/** VM: makes all page tables, resolves page faults, and answers calls about memory, forever. */
export function* main(): Program<never> {
  const vm: VmState = yield* sefStartup(vmState, {
    initFresh: bootVm,
    *signalHandler(state, signal) {
      if (signal !== SIGKMEM) return;
      yield* handleKernelRequests(state);
      yield* settle(state);
    },
  });
  running().state = vm;
  setMoreMemory((bytes) => ownMemory(vm, bytes));
  for (;;) {
    const received = yield* sefReceive(ANY);
    if (received.result !== 0) yield* panic(`receive failed: ${received.result}`);
    yield* serve(vm, received);
    yield* settle(vm);
  }
}

/** VM as a hosted service. */
export const vm: ServiceImage = { name: "@procyon-os/vm", version: "0.1.0", dataBytes: 64 * 1024, stackBytes: 4096, contract: vmContract, main };
