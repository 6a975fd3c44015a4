import { ASYN_ENTRY_BYTES, DATA_START, MEM, PM, SENDA, newMessage, type Endpoint, type Message, type Program } from "@procyon-os/message";
import { PFF_EXEC_ONLY, asynEntry, kernelContract, memoryMap, privilegeEntry } from "@procyon-os/contract-kernel";
import { CODE, int, loopOver, movEax, setMemory, storeEax } from "./guest.ts";
import type { Entry } from "./ipc-model-member.ts";
import { everything, store, sys } from "./machine.ts";

/** Where a guest of the test has its message, what came of its call, the call that stops it, and its asynchronous table. */
export const BUFFER = CODE + 0x1000;
export const RESULT = CODE + 0x1100;
export const STOP = CODE + 0x1200;
export const TABLE = CODE + 0x2000;
const CLICKS = 7;

/** A guest that makes the call that its registers say, keeps the result and stops itself. */
export const code = loopOver([
  ...int(33), ...storeEax(RESULT), 0x89, 0x1d, ...[RESULT + 4].flatMap((at) => [at & 0xff, at >> 8, 0, 0]), // mov [RESULT+4], ebx
  ...setMemory(STOP + 4, kernelContract.base + kernelContract.calls.runctl.number), ...movEax(STOP), ...int(32),
]);

/** What runs in a process of the test, and where its memory lies. */
export interface Actor {
  readonly hosted: boolean;
  readonly memory: number; // physical
  endpoint: number;
  command: { call: number; partner: number; message: Message } | null;
  answer: { result: number; status: number; message: Message } | null;
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

/** RS makes a process: fork, exec, privileges, scheduling. */
export function* createActor(slot: number, actor: Actor, system: boolean, cpu: number): Program<number> {
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
  if (!actor.hosted) yield* sys("runctl", { process, action: 0, flags: 0 });
  yield* sys("privctl", { process, request: 1, argument: 0 as never, ...nothing });
  return process;
}
