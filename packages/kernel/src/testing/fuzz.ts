import { kernelContract } from "@procyon-os/contract-kernel";
import { ANY, CLOCK, DATA_START, IPC_VECTOR, KERNEL_CALL_VECTOR, MEM, NONE, PM, RECEIVE, RS, SELF, TTY, VFS, newFrame, newMessage, type Program } from "@procyon-os/message";
import { SeededRandom } from "../debug/random.ts";
import { clearIpc } from "../ipc/clear-endpoint.ts";
import type { Kernel } from "../kernel.ts";
import { D_LEN, D_PHYS } from "../processes/process.ts";
import { clearRts } from "../scheduling/run-queues.ts";
import { CODE, elf, loopOver, trap } from "./guest.ts";
import { guestModule, hostedModule, ipc, machine, release, store, sys } from "./machine.ts";

const { calls } = kernelContract;
// What ends the machine, or takes the process itself or RS away, is no fuzz; VMCTL turns paging on.
const left: readonly number[] = [calls.abort.number, calls.exit.number, calls.vmctl.number, calls.clear.number, calls.update.number, calls.statectl.number];
const numbers = Array.from({ length: 62 }, (_, number) => number);
/** Any process but RS, which manages its own signals, and the fuzzer itself: it would stop. */
const endpoints = [VFS, MEM, NONE, ANY, 4711, -2, -1, 20, 36558 + 20];
const interesting = [0, 1, 2, 3, 4, 5, 16, -1, 0x7fffffff, 0x80000000, 0xffffffff, DATA_START, DATA_START + 0xfff, 0x11ffe, 0xfff, 36, 0x400, 0x1003, SELF];

/** How a fuzz went. */
export interface FuzzResult {
  readonly rounds: number;
  readonly stops: number;
  readonly alive: number;
  /** Whether memory of the processes beside the fuzzer is as it was. */
  readonly othersUnchanged: boolean;
  readonly panic: string | null;
}

function* fuzz(random: SeededRandom, rounds: number, done: { rounds: number }, privileged: boolean): Program<void> {
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
  // Without privileges nothing is left out: nothing may get through.
  const allowed = privileged ? numbers.filter((number) => !left.includes(number)) : numbers;
  yield* store(DATA_START, Uint8Array.from({ length: 0x8000 }, () => random.below(256)));
  for (; done.rounds < rounds; done.rounds++) {
    const message = newMessage();
    for (let word = 2; word < 9; word++) message[word] = random.below(3) === 0 ? pick(endpoints) : random.below(2) === 0 ? pick(interesting) : random.below(0x100);
    const frame = newFrame(random.below(2) === 0 ? KERNEL_CALL_VECTOR : IPC_VECTOR);
    frame.message = message;
    if (frame.vector === KERNEL_CALL_VECTOR) {
      message[1] = kernelContract.base + pick(allowed);
      message[2] = pick(endpoints); // most calls name a process here
      for (const word of [3, 5]) if (message[word] === RS || message[word] === PM) message[word] = MEM;
    } else {
      message[1] = random.below(0x2000);
      frame.ecx = pick([0, 1, 4, 5, 5, 16, 17, 99, -1]); // not what would wait for ever
      frame.eax = frame.ecx === 16 ? random.below(5000) : frame.ecx === 1 ? pick([NONE, ANY, 4711, TTY]) : pick(endpoints);
      frame.ebx = pick(interesting);
      if (random.below(10) === 0) frame.message = null;
    }
    yield frame;
  }
}

/** Random kernel calls and IPC traps of one process, with every privilege or with none, beside others that only listen. */
export function runFuzz(seed: number, rounds: number, privileged: boolean): FuzzResult {
  const done = { rounds: 0 };
  let alive = 0;
  const listener = (slot: number) => hostedModule(slot, `l${slot}`, function* () {
    for (;;) yield* ipc(RECEIVE, ANY);
  });
  const fuzzer = hostedModule(PM, "fuzz", function* () {
    yield* fuzz(new SeededRandom(seed), rounds, done, privileged);
    for (;;) yield* ipc(RECEIVE, RS);
  });
  const guest = guestModule(VFS, "guest", elf(loopOver(trap(RECEIVE, ANY, CODE + 0x2000)), 0x4000));
  const rs = hostedModule(RS, "rs", function* () {
    for (const slot of [VFS, MEM, TTY]) yield* release(slot);
    yield* release(PM, privileged ? {} : { flags: 6, callMask: [0, 0], ipcTo: [0, 0], trapMask: 8 });
    yield* sys("schedctl", { flags: 1, process: PM, quantumMs: 200, priority: 15, cpu: -1 });
    for (;;) {
      yield* sys("setalarm", { expiresAt: 1 as never, absolute: false });
      yield* ipc(RECEIVE, CLOCK);
      alive++;
    }
  });
  const test = machine([rs, fuzzer, guest, listener(MEM), listener(TTY)], { debug: {} });
  test.kernel.run(1e5);
  const before = privileged ? 0 : othersMemory(test.kernel); // with privileges it may give them other memory
  let stops = 0;
  let panic: string | null = null;
  for (let slice = 0; slice < rounds && done.rounds < rounds && panic === null; slice++) {
    const result = test.run(2e5);
    if (result.kind === "panic") panic = result.report;
    test.kernel.check();
    stops += goOn(test.kernel);
  }
  const othersUnchanged = privileged || othersMemory(test.kernel) === before;
  if (panic === null) test.run(1e7);
  return { rounds: done.rounds, stops, alive, othersUnchanged, panic };
}

/** Whatever stopped the fuzzer, it goes on: the machine is what is tested. */
function goOn(kernel: Kernel): number {
  const process = kernel.processes.at(PM);
  if (process.isFree || process.rts === 0) return 0;
  clearIpc(kernel, process);
  process.pendingSignals = process.takenSignals = 0;
  clearRts(kernel, process, 0xffff);
  return 1;
}

/** A sum over the memory of everybody but the fuzzer: program, data and page tables. */
function othersMemory(kernel: Kernel): number {
  let sum = 0;
  for (const slot of [RS, VFS, MEM, TTY]) {
    const { map } = kernel.processes.at(slot);
    const start = (map[D_PHYS] as number) * 4096;
    // A guest that is sent a message has it in its buffer; the rest of it is its own.
    const bytes = slot === VFS ? 0x1000 : (map[D_LEN] as number) * 4096;
    for (let at = start; at < start + bytes; at += 4) sum = Math.imul(sum ^ kernel.memory.read32(at), 0x01000193);
  }
  return sum;
}
