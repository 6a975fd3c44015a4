import type { Port } from "@procyon-os/bus";
import { PMAGIC, REGISTER_WORDS, RTS_SLOT_FREE, VMSTYPE_NONE } from "@procyon-os/contract-kernel";
import { MESSAGE_WORDS, NONE, type Endpoint, type Frame, type Message, type ServiceImage } from "@procyon-os/message";
import type { Privileges } from "../privileges/privileges.ts";

/** Indices into a memory map: clicks of T, D and S. */
export const T_VIR = 0;
export const T_PHYS = 1;
export const T_LEN = 2;
export const D_VIR = 3;
export const D_PHYS = 4;
export const D_LEN = 5;
export const S_VIR = 6;
export const S_PHYS = 7;
export const S_LEN = 8;

/** What runs in a hosted process: its port and the trap it waits for an answer to. */
export interface HostedProgram {
  readonly port: Port;
  readonly image: ServiceImage;
  readonly reference: string;
  frame: Frame | null; // null: the program has not started
  accessDone: number; // bytes of a LOAD or STORE done so far; -1: no access is under way
}

/** A request that VM has to answer before the process goes on (reference/kernel.md 3.5). */
export interface VmRequest {
  kind: number; // VMSTYPE_*
  message: Message; // the kernel call to run again
  type: number; // VMPTYPE_*
  target: Endpoint;
  start: number; // linear; destination of a map
  length: number;
  write: number;
  source: Endpoint; // of a map
  sourceStart: number;
  map: number; // which safemap shall end
  result: number;
  next: Process | null;
  queued: boolean;
  // How far a call that runs again has come: elements of a vector, bytes of the one in hand, and whether that is copied as a whole.
  element: number;
  done: number;
  plain: boolean;
}

const newRequest = (): VmRequest => ({
  kind: VMSTYPE_NONE, message: new Int32Array(MESSAGE_WORDS), type: 0, target: NONE, start: 0, length: 0, write: 0, source: NONE,
  sourceStart: 0, map: 0, result: 0, next: null, queued: false, element: 0, done: 0, plain: false,
});

/** A slot of the process table (reference/kernel.md 1). */
export class Process {
  readonly magic: number = PMAGIC;
  readonly slot: number;
  endpoint: Endpoint;
  privileges: Privileges | null = null;
  name = "";

  rts: number = RTS_SLOT_FREE; // runnable when 0; changed by setRts and clearRts only
  misc = 0;

  // Scheduling. Guarded by run-queues.ts: `onQueue` iff rts is 0.
  priority = 0;
  timeLeft = 0; // cycles
  quantumMs = 0;
  scheduler: Process | null = null; // null: the kernel
  cpu = 0;
  nextReady: Process | null = null;
  onQueue = false;
  enterQueue = 0;
  timeInQueue = 0;
  dequeues = 0;
  ipcSync = 0;
  ipcAsync = 0;
  preempted = 0;

  // Execution.
  frame: Int32Array = new Int32Array(REGISTER_WORDS);
  hosted: HostedProgram | null = null;
  hasProgram = true; // false: forked from a hosted process, has to exec before it runs
  userTime = 0; // ticks
  systemTime = 0;
  virtualLeft = 0;
  profileLeft = 0;
  cycles = 0;
  kernelCallCycles = 0;
  ipcCycles = 0;

  // Memory.
  map: Uint32Array = new Uint32Array(9);
  cr3 = 0; // physical root of its page table; 0: none of its own
  pageDirectory = 0; // linear address at which the kernel sees that root
  staleTlb = 0; // bit n: CPU n may hold old translations of it

  // IPC.
  callerQueue: Process | null = null;
  queueLink: Process | null = null;
  getFrom: Endpoint = NONE;
  sendTo: Endpoint = NONE;
  sendMessage: Message = new Int32Array(MESSAGE_WORDS);
  deliverMessage: Message = new Int32Array(MESSAGE_WORDS);
  deliverAddress = 0;
  deliverSum = 0; // of the message, where copies are checked
  deliverAsked = false; // VM was asked for the buffer of this delivery
  pendingSignals = 0;
  takenSignals = 0; // by its manager, which has not said yet that they are dealt with
  // What a successor may have to know (reference/rs-sef-ds-syslib.md 2.12): the last message that a noted RECEIVE got.
  noting = false; // the RECEIVE under way is a noted one
  noted: Message = new Int32Array(MESSAGE_WORDS);
  notedStatus = 0;
  notedCount = 0; // of noted RECEIVEs that got a message
  asynDone = 0; // entries of asynchronous tables that ended
  heldTable: [address: number, entries: number] = [0, 0]; // the asynchronous table of a dead instance: nobody takes from it
  succeeds: Endpoint = NONE; // whose new version it is: it may read what that one grants to itself
  deferredCall: [ecx: number, eax: number, ebx: number] = [0, 0, 0]; // of a traced process: the trap that is put off
  vmRequest: VmRequest = newRequest();
  knownFrames = false; // somebody was told where its memory lies physically: its pages must stay what they are
  waitsForInhibit: Process | null = null; // a kernel call waits until VM has finished with this process

  constructor(slot: number) {
    this.slot = slot;
    this.endpoint = slot as Endpoint;
  }

  /** Whether it can run. */
  get runnable(): boolean {
    return this.rts === 0;
  }
  get isTask(): boolean {
    return this.slot < 0;
  }
  get isFree(): boolean {
    return this.rts === RTS_SLOT_FREE;
  }
}

/** The base of its data segment: what has to be added to a user address to get a linear one. */
export function dataBase(process: Process): number {
  return (((process.map[D_PHYS] as number) - (process.map[D_VIR] as number)) << 12) >>> 0;
}
/** Bytes of its data segment (reference/kernel.md 4.2); 0 stands for 4 GB. */
export function dataLimit(process: Process): number {
  return ((process.map[D_VIR] as number) + (process.map[S_VIR] as number) + (process.map[S_LEN] as number)) * 4096;
}
/** The base of its text segment. */
export function textBase(process: Process): number {
  return (((process.map[T_PHYS] as number) - (process.map[T_VIR] as number)) << 12) >>> 0;
}
