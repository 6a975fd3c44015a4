import { CLOCK, DATA_START, RECEIVE, RS, ANY, type Endpoint, type Frame, type Message, type Program, newMessage } from "@procyon-os/message";
import { PFF_EXEC_ONLY, SYS_PRIV_ALLOW, SYS_PRIV_SET_SYS, SYS_PRIV_SET_USER, asynEntry, memoryMap, privilegeEntry } from "@procyon-os/contract-kernel";
import type { Kernel } from "../kernel.ts";
import type { BootModule, KernelOptions, RunResult } from "../options.ts";
import { everything, guestModule, hostedModule, ipc, machine, release, service, store, sys } from "./machine.ts";

/** What a process of a scene does; what it logs is what the test looks at. */
export type Actor = (log: unknown[]) => Program<unknown>;

export interface Scene {
  readonly log: unknown[];
  readonly kernel: Kernel;
  readonly printed: string[];
  readonly result: RunResult;
  run(cycles?: number): RunResult;
}

export interface SceneOptions extends Partial<KernelOptions> {
  readonly cpuCount?: number;
  readonly memoryBytes?: number;
  /** Programs that `spawn` finds by name. */
  readonly programs?: { readonly [name: string]: Actor };
  /** How long to run. */
  readonly cycles?: number;
  /** Privileges of a slot that are not the usual ones; null: RS does not release it. */
  readonly privileges?: { readonly [slot: number]: Partial<typeof everything> | null };
  readonly expect?: RunResult["kind"];
}

const nothing = { physStart: 0 as never, physLength: 0 };

/** Lets ticks pass. */
export function* wait(ticks: number): Program<void> {
  yield* sys("setalarm", { expiresAt: ticks as never, absolute: false });
  yield* ipc(RECEIVE, CLOCK);
}

/** The result of a kernel call. */
export function* call(...args: Parameters<typeof sys>): Program<number> {
  return (yield* sys(...args))[1] as number;
}

/** Receives, and logs `[source, type, status]`, or the error. */
export function* receiveInto(log: unknown[], from: Endpoint): Program<Frame> {
  const answer = yield* ipc(RECEIVE, from);
  log.push(answer.eax === 0 ? [answer.message?.[0], answer.message?.[1], answer.ebx] : answer.eax);
  return answer;
}

/** A message. */
export function message(type: number, ...fields: readonly number[]): Message {
  const made = newMessage(type);
  fields.forEach((field, index) => (made[index + 2] = field));
  return made;
}

/** An asynchronous table at `address`. */
export function* asynTable(address: number, entries: readonly (readonly [to: number, type: number, flags?: number])[]): Program<void> {
  for (const [index, [to, type, flags = 1]] of entries.entries()) {
    yield* store(address + index * asynEntry.bytes, asynEntry.encode({ flags, to: to as Endpoint, result: 0, message: newMessage(type) }));
  }
}

/** PRIVCTL without ranges. */
export function* privctl(process: number, request: number, argument = 0): Program<number> {
  return (yield* sys("privctl", { process: process as Endpoint, request, argument: argument as never, ...nothing }))[1] as number;
}

/** VMCTL; its result. */
export function* vmctl(process: number, parameter: number, value = 0): Program<number> {
  return (yield* sys("vmctl", { process: process as Endpoint, parameter, value, address: 0 }))[1] as number;
}

/** A copy between data segments; its result. */
export function* copy(source: number, sourceAddress: number, target: number, targetAddress: number, bytes: number): Program<number> {
  const request = { source: source as Endpoint, sourceSegment: 1, sourceAddress, target: target as Endpoint, targetSegment: 1, targetAddress, bytes };
  return (yield* sys("vircopy", request))[1] as number;
}

/** For RS: a new hosted process, forked from one that waits; a system process of its own, or one that shares the users' privileges. */
export function* spawn(parent: number, slot: number, name: string, kind: "system" | "user" = "system", changes: Partial<typeof everything> = {}): Program<Endpoint> {
  yield* store(DATA_START + 0x800, memoryMap.encode({
    text: { vir: 0, phys: 0x700, length: 0 }, data: { vir: 0, phys: 0x700, length: 4 }, stack: { vir: 5, phys: 0x705, length: 0 },
  }));
  const forked = yield* sys("fork", { parent: parent as Endpoint, slot, flags: PFF_EXEC_ONLY, memoryMap: (DATA_START + 0x800) as never });
  if (forked[1] !== 0) throw new Error(`fork into ${slot}: ${forked[1]}`);
  const process = forked[2] as Endpoint;
  yield* store(DATA_START, Uint8Array.from(`${name}\0${name}\0`, (letter) => letter.charCodeAt(0)));
  const names = { reference: DATA_START as never, referenceBytes: name.length, arguments: (DATA_START + name.length + 1) as never, argumentsBytes: name.length + 1 };
  const exec = yield* call("execHosted", { process, ...names });
  if (exec !== 0) throw new Error(`exec of ${name}: ${exec}`);
  if (kind === "user") yield* privctl(process, SYS_PRIV_SET_USER);
  else {
    yield* store(DATA_START, privilegeEntry.encode({ ...everything, flags: 0x1a, ...changes }));
    yield* privctl(process, SYS_PRIV_SET_SYS, DATA_START);
  }
  yield* sys("schedctl", { flags: 1, process, quantumMs: 200, priority: 7, cpu: -1 });
  const allowed = yield* privctl(process, SYS_PRIV_ALLOW);
  if (allowed !== 0) throw new Error(`allow of ${name}: ${allowed}`);
  return process;
}

/** Boots a machine with RS and these processes (hosted actors or ELF files), runs it and checks the kernel's tables. */
export function scene(actors: readonly (readonly [slot: number, actor: Actor | Uint8Array])[], rs: Actor = function* () {}, options: SceneOptions = {}): Scene {
  const { programs = {}, privileges = {}, cycles = 6e7, expect = "idle", ...rest } = options;
  const log: unknown[] = [];
  const modules: BootModule[] = actors.map(([slot, actor]) =>
    actor instanceof Uint8Array ? guestModule(slot, `g${slot}`, actor) : hostedModule(slot, `p${slot}`, () => untilTheEnd(actor(log), RS)),
  );
  const root = hostedModule(RS, "rs", function* () {
    for (const [slot] of actors) {
      const changes = privileges[slot];
      if (changes !== null) yield* release(slot, changes ?? {});
    }
    yield* untilTheEnd(rs(log), ANY);
  });
  const found = (reference: string): ReturnType<typeof service> | null => {
    const program = programs[reference];
    return program === undefined ? null : service(reference, () => untilTheEnd(program(log), RS));
  };
  const test = machine([root, ...modules], { resolveService: found, ...rest });
  const result = test.run(cycles);
  if (result.kind !== expect) throw new Error(`the machine is ${result.kind}: ${test.printed.join("")}`);
  if (result.kind !== "panic") test.kernel.check();
  return { log, kernel: test.kernel, printed: test.printed, result, run: test.run };
}

function* untilTheEnd(program: Program<unknown>, from: Endpoint): Program<void> {
  yield* program;
  for (;;) yield* ipc(RECEIVE, from);
}

