import { encodeExecNewmem, MAP_ANON, type ExecNewmem } from "@procyon-os/contract-vm";
import { INIT, PM, type Endpoint, type VirtAddr } from "@procyon-os/message";
import type { FakeMachine } from "./fake-machine.ts";

const ARGUMENTS = 0x8000 as VirtAddr; // in PM's data

/** Where a test program has its parts: text at 0x1000, data at 0x3000, the heap behind it at 0x5000. */
export const program: ExecNewmem = {
  textAddress: 0x1000, textBytes: 0x1800, dataAddress: 0x3000, dataBytes: 0x1f00, totalBytes: 0, argsBytes: 100, separate: false,
  isElf: true, device: 0, inode: 0, ctime: 0, newUid: 0, newGid: 0, setUgid: false, programName: "test",
};
export const HEAP_END = 0x5000;
export const STACK_TOP = 0x80000000;

/** Gives a process a new program, as PM does. */
export function exec(machine: FakeMachine, process: Endpoint, change: Partial<ExecNewmem> = {}) {
  const bytes = encodeExecNewmem({ ...program, ...change });
  bytes.forEach((byte, i) => machine.poke(PM, ARGUMENTS + i, byte));
  const outcome = machine.call(PM, "execNewmem", { process, arguments: ARGUMENTS, size: bytes.length });
  if (outcome.ok) machine.process(process).esp = STACK_TOP - 100;
  return outcome;
}

/** A child of INIT in a slot, with the test program. */
export function spawn(machine: FakeMachine, slot: number): Endpoint {
  const child = machine.fork(INIT, slot);
  if (!child.ok) throw new Error(child.error);
  const started = exec(machine, child.value.child);
  if (!started.ok) throw new Error(started.error);
  return child.value.child;
}

/** mmap of a process: the outcome. */
export function mmap(machine: FakeMachine, process: Endpoint, length: number, address = 0, flags: number = MAP_ANON) {
  return machine.call(process, "mmap", { address: address as VirtAddr, length, protection: 3, flags, file: -1, offset: 0 });
}

/** mmap that works: the address. */
export function mapped(machine: FakeMachine, process: Endpoint, length: number, address = 0, flags: number = MAP_ANON): VirtAddr {
  const outcome = mmap(machine, process, length, address, flags);
  if (!outcome.ok) throw new Error(outcome.error);
  return outcome.value.address;
}

export function munmap(machine: FakeMachine, process: Endpoint, address: number, length: number) {
  return machine.call(process, "munmap", { address: address as VirtAddr, length });
}
