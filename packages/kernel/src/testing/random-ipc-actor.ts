import { ASYN_ENTRY_BYTES, DATA_START, MEM, PM, SENDA, newMessage, type Endpoint, type Message, type Program } from "@procyon-os/message";
import { PFF_EXEC_ONLY, asynEntry, kernelContract, memoryMap, privilegeEntry } from "@procyon-os/contract-kernel";
import type { Kernel } from "../kernel.ts";
import { CODE, dword, int, loadEax, loopOver, movEax, setMemory, storeEax } from "./guest.ts";
import type { Entry } from "./ipc-model-member.ts";
import { everything, store, sys } from "./machine.ts";

/** Where a guest of the test has its message, what came of its call, the next one, what it asks for that with, and its table. */
export const BUFFER = CODE + 0x1000;
export const RESULT = CODE + 0x1100;
const COMMAND = CODE + 0x1180;
const ASK = CODE + 0x1200;
export const TABLE = CODE + 0x2000;
const CLICKS = 7;
/** A kernel call that there is not: it changes nothing, and the test hears of it. */
const ASKS = kernelContract.base + 63;

/** A guest that asks what to do, makes that call and keeps the result, for ever. */
export const code = loopOver([
  ...setMemory(ASK + 4, ASKS), ...movEax(ASK), ...int(32),
  0x8b, 0x0d, ...dword(COMMAND), ...loadEax(COMMAND + 4), 0x8b, 0x1d, ...dword(COMMAND + 8), // mov ecx, eax and ebx
  ...int(33), ...storeEax(RESULT), 0x89, 0x1d, ...dword(RESULT + 4), // mov [RESULT+4], ebx
]);

/** A call that a process is to make, or has made. */
export interface Command {
  readonly call: number;
  readonly partner: number; // or the entries of a table
  readonly message: Message;
  readonly entries: Entry[];
}
/** What a process says came of its call. */
export interface Answer {
  readonly result: number;
  readonly status: number;
  readonly message: Message;
}

/** What runs in a process of the test, and where its memory lies. */
export interface Actor {
  readonly hosted: boolean;
  readonly memory: number; // physical
  endpoint: number;
  command: Command | null;
  trapped: boolean; // its command has entered the kernel
  table: readonly Entry[]; // that it sent last
}

/** An asynchronous table in memory. */
export function tableBytes(entries: readonly Entry[]): Uint8Array {
  const bytes = new Uint8Array(Math.max(1, entries.length) * ASYN_ENTRY_BYTES);
  entries.forEach(({ to, flags, serial }, index) => {
    const message = newMessage(SENDA);
    message[2] = serial;
    bytes.set(asynEntry.encode({ flags, to: to as Endpoint, result: 0, message }), index * ASYN_ENTRY_BYTES);
  });
  return bytes;
}

/** Puts a command where the guest that has asked finds it. */
export function giveCommand({ memory }: Kernel, actor: Actor, { call, partner, message }: Command): void {
  [call, partner, call === SENDA ? TABLE : BUFFER].forEach((word, index) => memory.write32(actor.memory + COMMAND + index * 4, word));
  message.forEach((word, index) => memory.write32(actor.memory + BUFFER + index * 4, word));
}

/** What a guest has kept of its last call. */
export function readAnswer({ memory }: Kernel, actor: Actor): Answer {
  const message = newMessage();
  for (let word = 0; word < message.length; word++) message[word] = memory.read32(actor.memory + BUFFER + word * 4) | 0;
  return { result: memory.read32(actor.memory + RESULT) | 0, status: memory.read32(actor.memory + RESULT + 4) | 0, message };
}

/** RS makes a process: fork, exec, privileges, scheduling; from the last call on it runs. */
export function* createActor(slot: number, actor: Actor, system: boolean, cpu: number, ready: (endpoint: Endpoint) => void): Program<void> {
  const phys = actor.memory >>> 12;
  yield* store(DATA_START, memoryMap.encode({ text: { vir: 0, phys, length: 0 }, data: { vir: 0, phys, length: CLICKS }, stack: { vir: CLICKS, phys: phys + CLICKS, length: 0 } }));
  const parent = (actor.hosted ? PM : MEM) as Endpoint;
  const forked = yield* sys("fork", { parent, slot, flags: actor.hosted ? PFF_EXEC_ONLY : 0, memoryMap: DATA_START as never });
  if (forked[1] !== 0) throw new Error(`fork: ${forked[1]}`);
  const process = forked[2] as Endpoint;
  actor.endpoint = process;
  yield* store(DATA_START, Uint8Array.of(97, 0, 97, 0));
  if (actor.hosted) yield* sys("execHosted", { process, reference: DATA_START as never, referenceBytes: 1, arguments: DATA_START as never, argumentsBytes: 2 });
  else yield* sys("exec", { process, stackPointer: (CLICKS * 4096) as never, name: DATA_START as never, entry: CODE as never });
  const nothing = { physStart: 0 as never, physLength: 0 };
  if (system) {
    yield* store(DATA_START, privilegeEntry.encode({ ...everything, flags: 0x1a }));
    yield* sys("privctl", { process, request: 3, argument: DATA_START as never, ...nothing });
  } else yield* sys("privctl", { process, request: 4, argument: 0 as never, ...nothing });
  yield* sys("schedctl", { flags: 1, process, quantumMs: 200, priority: 7, cpu });
  ready(process);
  yield* sys("privctl", { process, request: 1, argument: 0 as never, ...nothing });
}
