import { REG_EIP, REG_ESP, RTS_PAGEFAULT, SYS_PROC, VM_PAGEFAULT } from "@procyon-os/contract-kernel";
import { INIT, OK, SIGBUS, SIGEMT, SIGFPE, SIGILL, SIGSEGV, SIGTRAP, VM, i32, m1, newMessage, u32 } from "@procyon-os/message";
import { describeRegisters } from "../debug/describe-registers.ts";
import type { Kernel } from "../kernel.ts";
import { sendFromKernel } from "../ipc/send.ts";
import { dataBase, type Process } from "../processes/process.ts";
import { clearRts, setRts } from "../scheduling/run-queues.ts";
import { causeSignal } from "../signals/cause-signal.ts";

/** Names and signals of the CPU's exceptions, by vector (reference/kernel.md 7.1). */
const exceptions: readonly (readonly [name: string, signal: number])[] = [
  ["Divide error", SIGFPE], ["Debug exception", SIGTRAP], ["Nonmaskable interrupt", 0], ["Breakpoint", SIGEMT], ["Overflow", SIGFPE],
  ["Bounds check", SIGFPE], ["Invalid opcode", SIGILL], ["Coprocessor not available", SIGFPE], ["Double fault", SIGBUS],
  ["Coprocessor segment overrun", SIGSEGV], ["Invalid TSS", SIGSEGV], ["Segment not present", SIGSEGV], ["Stack exception", SIGSEGV],
  ["General protection", SIGSEGV], ["Page fault", SIGSEGV], ["Reserved", SIGILL], ["Coprocessor error", SIGFPE],
  ["Alignment check", SIGBUS], ["Machine check", SIGBUS], ["SIMD exception", SIGFPE],
];
export const PAGE_FAULT_VECTOR = 14;

const fault = { address: m1.i1(u32), code: m1.i2(i32) };
const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

/** An exception in user mode: a signal, or for a page fault a message to VM. `text` says more, for the console. */
export function userException(kernel: Kernel, process: Process, vector: number, text: string | null): void {
  kernel.counters.exceptions++;
  const [name, signal] = exceptions[vector] ?? [`Intel-reserved exception ${vector}`, SIGILL];
  const who = `kernel: ${process.name}(${process.endpoint}): ${name} at ${hex(process.frame[REG_EIP] as number)}`;
  if (text !== null) kernel.print(`${who}: ${text}\n`);
  // Of a program the parent hears by its status; a service that fails is worth all that can be said.
  if (process.hosted === null && process.privileges !== null && process.privileges.flags & SYS_PROC) {
    kernel.print(`${who}, vector ${vector}, error code ${hex(kernel.local.cpu.exitErrorCode)}\n${describeRegisters(kernel, process)}`);
    kernel.printStack(process);
  }
  if (signal !== 0) causeSignal(kernel, process, signal);
}

/** A page fault in user mode (reference/kernel.md 7.2). `linear` is CR2. */
export function userPageFault(kernel: Kernel, process: Process, linear: number, code: number): void {
  kernel.counters.pageFaults++;
  if (process.endpoint === VM || (process.endpoint <= INIT && process.cr3 === 0)) {
    reportFault(kernel, process, linear, code);
    causeSignal(kernel, process, SIGSEGV);
    return;
  }
  const message = newMessage(VM_PAGEFAULT);
  fault.address.write(message, linear);
  fault.code.write(message, code);
  setRts(kernel, process, RTS_PAGEFAULT);
  const vm = kernel.processes.at(VM);
  const result = sendFromKernel(kernel, process, vm, message);
  if (result === OK) return;
  // VM waits for this very process to take a message: it can only be ended.
  kernel.print(`kernel: page fault of ${process.name}(${process.endpoint}): cannot tell VM: ${result}\n`);
  clearRts(kernel, process, RTS_PAGEFAULT);
  causeSignal(kernel, process, SIGSEGV);
}

function reportFault(kernel: Kernel, process: Process, linear: number, code: number): void {
  const { frame } = process;
  kernel.print(
    `kernel: pagefault in ${process.name}(${process.endpoint}) on CPU ${kernel.local.id}: pc ${hex(frame[REG_EIP] as number)} ` +
      `sp ${hex(frame[REG_ESP] as number)} linear ${hex(linear)} user ${hex(linear - dataBase(process))} code ${hex(code)}\n`,
  );
  if (process.hosted === null) kernel.print(describeRegisters(kernel, process));
  kernel.printStack(process);
}
