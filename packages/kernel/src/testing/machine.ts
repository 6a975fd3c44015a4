import { localBus } from "@procyon-os/bus";
import { DYN_PRIV_ID, SRV_F, SYS_PRIV_ALLOW, SYS_PRIV_SET_SYS, kernelContract, privilegeEntry, SCHEDCTL_FLAG_KERNEL, USER_Q, USER_QUANTUM } from "@procyon-os/contract-kernel";
import { Board, CYCLES_PER_CRYSTAL, Cpu } from "@procyon-os/hardware";
import {
  DATA_START, IPC_VECTOR, KERNEL_CALL_VECTOR, LOAD_VECTOR, NONE, RS, STORE_VECTOR, Trap, encodeRequest, newFrame, newMessage, type Endpoint, type Frame,
  type Message, type Program, type ServiceImage,
} from "@procyon-os/message";
import { Kernel } from "../kernel.ts";
import type { BootModule, KernelOptions, RunResult } from "../options.ts";

type Calls = typeof kernelContract.calls;
type RequestOf<Name extends keyof Calls> = Parameters<typeof encodeRequest<Calls[Name]>>[2];

const wholeAnswer = (answer: Frame): Frame => answer;
const answeredMessage = ({ message }: Frame): Message => message ?? newMessage();

/** An IPC trap; its answer. */
export function ipc(call: number, partner: Endpoint, message: Message | null = null, table = 0): Program<Frame> {
  const frame = newFrame(IPC_VECTOR);
  frame.ecx = call;
  frame.eax = partner;
  frame.ebx = table;
  frame.message = message;
  return new Trap(frame, wholeAnswer);
}

/** A kernel call; its answer, whose word 1 is the result. */
export function sys<Name extends keyof Calls>(name: Name, request: RequestOf<Name>): Program<Message> {
  const frame = newFrame(KERNEL_CALL_VECTOR);
  frame.message = encodeRequest(kernelContract.base, kernelContract.calls[name], request);
  return new Trap(frame, answeredMessage);
}

/** Memory of the hosted program itself. */
export function* store(address: number, bytes: Uint8Array): Program<void> {
  const frame = newFrame(STORE_VECTOR);
  frame.eax = address;
  frame.bytes = bytes;
  yield frame;
}
export function* load(address: number, bytes: number): Program<Uint8Array> {
  const frame = newFrame(LOAD_VECTOR);
  frame.eax = address;
  frame.ecx = bytes;
  return (yield frame).bytes ?? new Uint8Array(0);
}

/** A hosted service for tests. */
export function service(name: string, main: (args: readonly string[]) => Program<unknown>, dataBytes = 0x10000): ServiceImage {
  return { name, version: "1.0.0", dataBytes, stackBytes: 0x1000, main };
}

/** A boot module of a test. */
export function hostedModule(slot: number, name: string, main: () => Program<unknown>): BootModule {
  return { slot, name, fullVm: false, stackKb: 8, program: { kind: "hosted", image: service(name, main), args: [name] } };
}
export function guestModule(slot: number, name: string, file: Uint8Array): BootModule {
  return { slot, name, fullVm: false, stackKb: 8, program: { kind: "elf", file } };
}

const ALL = 0xffffffff;
/** What RS gives a boot service: everything. */
export const everything = {
  processSlot: 0, id: 0, flags: SRV_F, asynTable: 0, asynSize: 0, trapMask: -1, ipcTo: [ALL, ALL], callMask: [ALL, ALL],
  signalManager: RS, backupSignalManager: NONE, notifyPending: [0, 0], asynPending: [0, 0], intPending: 0, signalsPending: 0, alarmExpires: 0,
  ioRangeCount: 0, ioRanges: [], memRangeCount: 0, memRanges: [], irqCount: 0, irqs: [], grantTable: 0, grantEntries: 0,
};

/** Lets a boot process run, as RS does: privileges, scheduling, ALLOW. */
export function* release(slot: number, changes: Partial<typeof everything> = {}): Program<void> {
  const entry = { ...everything, id: slot + 5, ...changes };
  yield* store(DATA_START, privilegeEntry.encode({ ...entry, flags: entry.flags & ~DYN_PRIV_ID }));
  const process = slot as Endpoint;
  const nothing = { physStart: 0 as never, physLength: 0 };
  yield* sys("privctl", { process, request: SYS_PRIV_SET_SYS, argument: DATA_START as never, ...nothing });
  yield* sys("schedctl", { flags: SCHEDCTL_FLAG_KERNEL, process, quantumMs: USER_QUANTUM, priority: USER_Q, cpu: -1 });
  yield* sys("privctl", { process, request: SYS_PRIV_ALLOW, argument: 0 as never, ...nothing });
}

/** An RS that lets everyone run and then does what the test wants. */
export function testRs(others: readonly BootModule[], then: () => Program<unknown>): BootModule {
  return hostedModule(RS, "rs", function* () {
    for (const { slot } of others) yield* release(slot);
    yield* then();
  });
}

/** A program that waits for ever. */
export function* waitForever(): Program<void> {
  for (;;) yield* ipc(2, NONE as never);
}

export interface TestMachine {
  readonly kernel: Kernel;
  readonly printed: string[];
  run(cycles?: number): RunResult;
}

/** A booted machine. */
export function machine(modules: readonly BootModule[], options: Partial<KernelOptions> & { cpuCount?: number; memoryBytes?: number } = {}): TestMachine {
  const { cpuCount = 1, memoryBytes = 0x1000000, ...rest } = options;
  const board = new Board({
    memoryBytes, cpus: cpuCount, disks: [], rtcStart: { year: 2012, month: 2, day: 29, hour: 12, minute: 0, second: 0 } as never,
  });
  const cpus = Array.from({ length: cpuCount }, (_, id) => new Cpu(board.memory, board.ports, id));
  const printed: string[] = [];
  const kernel = new Kernel({
    board, cpus, bus: localBus, resolveService: () => null, modules, params: {}, onMessage: (text) => printed.push(text), seed: 1,
    debug: { checkAlways: true }, ...rest,
  });
  kernel.boot();
  return {
    kernel, printed,
    run: (cycles = 1e8) => {
      const until = kernel.cpus[0]!.time + cycles;
      for (;;) {
        const result = kernel.run(until - kernel.cpus[0]!.time);
        if (result.kind !== "idle") return result;
        if (result.wakesAt * CYCLES_PER_CRYSTAL > until) {
          kernel.skipTo(Math.floor(until / CYCLES_PER_CRYSTAL));
          return result;
        }
        kernel.skipTo(result.wakesAt);
      }
    },
  };
}
