import { AMF_NOREPLY, AMF_NOTIFY, AMF_NOTIFY_ERR, AMF_VALID, ANY, ASYN_ENTRY_BYTES, INIT, MEM, NOTIFY, PM, RECEIVE, RS, SEND, SENDA, SENDNB, SENDREC, newMessage, type Endpoint, type Message, type Program } from "@procyon-os/message";
import { REG_EAX, REG_EBX, REG_ECX, REG_EIP, RTS_PROC_STOP, USR_F, VMCTL_VMINHIBIT_CLEAR, VMCTL_VMINHIBIT_SET, asynEntry } from "@procyon-os/contract-kernel";
import { SeededRandom } from "../debug/random.ts";
import type { Kernel } from "../kernel.ts";
import type { DebugOptions } from "../options.ts";
import { clearRts } from "../scheduling/run-queues.ts";
import { CODE, elf, trap } from "./guest.ts";
import { IpcModel } from "./ipc-model.ts";
import type { Ending, Entry, Letter } from "./ipc-model-member.ts";
import { guestModule, hostedModule, ipc, machine, release, service, sys } from "./machine.ts";
import { BUFFER, RESULT, STOP, TABLE, code, createActor, tableBytes, type Actor } from "./random-ipc-actor.ts";

const PROCESSES = 64;
const SYSTEM_PROCESSES = 47; // as many as there are dynamic privileges; the others are users
const FIRST_SLOT = 20;
const MEMORY = 0x400000;
const EACH = 0x8000;
export interface RandomIpcOptions {
  readonly seed: number;
  readonly operations: number;
  readonly cpus: number;
  readonly debug?: DebugOptions;
  /** Walks all tables after so many operations. */
  readonly checkEvery?: number;
}

/** 64 processes, guests and hosted ones, make random calls; every result is compared with a model's (reference/kernel.md 2). */
export class RandomIpc {
  readonly kernel: Kernel;
  private readonly random: SeededRandom;
  private readonly model = new IpcModel();
  private readonly actors = new Map<number, Actor>(); // by endpoint
  private readonly memories: number[] = Array.from({ length: PROCESSES }, (_, index) => MEMORY + index * EACH);
  private readonly freeSlots: number[] = Array.from({ length: PROCESSES }, (_, index) => FIRST_SLOT + index);
  private orders: (() => Program<number>) | null = null; // for RS
  private ordered = 0;
  private serial = 1;
  private starting: Actor | null = null;
  readonly counts = { calls: 0, kills: 0, updates: 0, inhibits: 0, endings: 0, errors: 0 };
  private readonly options: RandomIpcOptions;
  private readonly run: () => void;

  constructor(options: RandomIpcOptions) {
    this.options = options;
    this.random = new SeededRandom(options.seed);
    const nurseries = [hostedModule(PM, "hosted", () => ipc(RECEIVE, RS)), guestModule(MEM, "guest", elf(trap(RECEIVE, RS, BUFFER), 0x3000)), hostedModule(INIT, "init", () => ipc(SENDREC, RS, newMessage()))];
    const test = machine([hostedModule(RS, "rs", () => this.controller(nurseries.map(({ slot }) => slot))), ...nurseries], {
      cpuCount: options.cpus, seed: options.seed, debug: options.debug ?? {},
      resolveService: () => service("actor", () => this.hosted(this.starting as Actor)),
    });
    this.kernel = test.kernel;
    this.run = () => {
      for (let round = 0; round < 1000; round++) {
        const result = this.kernel.run(1e6);
        if (result.kind === "idle") return;
        if (result.kind === "panic") throw new Error(result.report);
      }
      throw new Error("the machine does not come to rest");
    };
    this.run();
  }

  /** All operations; throws at the first difference. */
  go(): void {
    for (let index = 0; index < PROCESSES; index++) this.start();
    for (let operation = 0; operation < this.options.operations; operation++) {
      this.step();
      if (operation % (this.options.checkEvery ?? 1000) === 0) this.kernel.check();
    }
    this.kernel.check();
  }

  private *controller(nurseries: readonly number[]): Program<never> {
    for (const slot of nurseries) yield* release(slot, slot === INIT ? { flags: USR_F, trapMask: 1 << SENDREC } : {});
    for (;;) {
      yield* sys("runctl", { process: RS, action: 0, flags: 0 });
      if (this.orders !== null) this.ordered = yield* this.orders();
      this.orders = null;
    }
  }

  private *hosted(actor: Actor): Program<never> {
    for (;;) {
      yield* sys("runctl", { process: actor.endpoint as Endpoint, action: 0, flags: 0 });
      const { call, partner, message } = actor.command as NonNullable<Actor["command"]>;
      const answer = yield* ipc(call, partner as Endpoint, message, TABLE);
      actor.answer = { result: answer.eax, status: answer.ebx, message: answer.message ?? newMessage() };
    }
  }

  /** Lets RS do something, and the machine come to rest. */
  private order(program: () => Program<number>): number {
    this.orders = program;
    clearRts(this.kernel, this.kernel.processes.at(RS), RTS_PROC_STOP);
    this.run();
    return this.ordered;
  }

  /** A new process in a free slot. */
  private start(): void {
    const slot = this.freeSlots.shift() as number;
    const memory = this.memories.shift() as number;
    const systems = [...this.model.members.values()].filter(({ privilege }) => privilege !== 16).length;
    const system = systems < SYSTEM_PROCESSES && (systems < 20 || this.random.below(4) !== 0);
    const hosted = this.random.below(2) === 0;
    const actor: Actor = { hosted, memory, endpoint: 0, command: null, answer: null };
    this.starting = actor;
    this.kernel.memory.fill(memory, EACH, 0);
    if (!hosted) this.kernel.memory.write(memory + CODE, Uint8Array.from(code));
    const cpu = this.random.below(this.options.cpus);
    const endpoint = this.order(() => createActor(slot, actor, system, cpu));
    const process = this.kernel.processes.at(slot);
    this.actors.set(endpoint, actor);
    this.model.add(endpoint, process.privileges?.id as number);
    if (!hosted) {
      this.kernel.memory.write32(memory + STOP + 8, endpoint);
      process.frame[REG_EIP] = CODE;
    }
    if (process.rts !== RTS_PROC_STOP) throw new Error(`a new process has flags ${process.rts.toString(16)}`);
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.random.below(list.length)] as T;
  }

  private step(): void {
    const members = [...this.model.members.values()];
    const what = this.random.below(1000);
    if (what < 4) return this.kill(this.pick(members).endpoint);
    if (what < 24) return this.update(members);
    if (what < 80) return this.inhibit(members);
    const idle = members.filter(({ instance }) => instance.call === 0 && !instance.inhibited && instance.held === null);
    if (idle.length === 0) return this.kill(this.pick(members).endpoint);
    this.call(this.pick(idle).endpoint);
  }

  private kill(endpoint: number): void {
    this.counts.kills++;
    const actor = this.actors.get(endpoint) as Actor;
    this.model.kill(endpoint);
    const result = this.order(function* () {
      return (yield* sys("clear", { process: endpoint as Endpoint }))[1] as number;
    });
    if (result !== 0) throw new Error(`clear: ${result}`);
    this.actors.delete(endpoint);
    this.compare(`kill ${endpoint}`);
    this.freeSlots.push(((endpoint + 1023) % 36558) - 1023);
    this.memories.push(actor.memory);
    this.start();
  }

  private update(members: readonly { endpoint: number; instance: { table: Entry[] | null; inhibited: boolean; held: unknown } }[]): void {
    // Tables and what VM does go along with an instance; both are tested apart.
    const able = members.filter(({ endpoint, instance }) => instance.table === null && !instance.inhibited && this.model.mayUpdate(endpoint, endpoint));
    if (able.length < 2) return;
    const [one, other] = [this.pick(able).endpoint, this.pick(able).endpoint];
    if (one === other) return;
    this.counts.updates++;
    this.model.update(one, other);
    const [first, second] = [this.actors.get(one) as Actor, this.actors.get(other) as Actor];
    this.actors.set(one, second).set(other, first);
    const result = this.order(function* () {
      return (yield* sys("update", { source: one as Endpoint, target: other as Endpoint }))[1] as number;
    });
    if (result !== 0) throw new Error(`update of ${one} and ${other}: ${result}`);
    for (const endpoint of [one, other]) {
      const actor = this.actors.get(endpoint) as Actor;
      actor.endpoint = endpoint;
      if (!actor.hosted) this.kernel.memory.write32(actor.memory + STOP + 8, endpoint);
    }
    this.compare(`update ${one} ${other}`);
  }

  private inhibit(members: readonly { endpoint: number; instance: { inhibited: boolean } }[]): void {
    this.counts.inhibits++;
    const { endpoint, instance } = this.pick(members);
    const parameter = instance.inhibited ? VMCTL_VMINHIBIT_CLEAR : VMCTL_VMINHIBIT_SET;
    if (instance.inhibited) this.model.release(endpoint);
    else this.model.inhibit(endpoint);
    this.order(function* () {
      return (yield* sys("vmctl", { process: endpoint as Endpoint, parameter, value: 0, address: 0 }))[1] as number;
    });
    this.compare(`${instance.inhibited ? "release" : "inhibit"} ${endpoint}`);
  }

  private call(endpoint: number): void {
    this.counts.calls++;
    const member = this.model.members.get(endpoint);
    const others = [...this.model.members.keys()];
    const busy = member?.instance.table !== null;
    const calls = member?.privilege === 16 ? [SENDREC, SENDREC, SENDREC, SEND, RECEIVE, SENDA] : [SEND, SEND, SENDREC, SENDREC, RECEIVE, RECEIVE, RECEIVE, NOTIFY, SENDNB, ...(busy ? [] : [SENDA])];
    const call = this.pick(calls);
    const partner = this.partner(endpoint, call, others);
    const letter: Letter = { from: endpoint, type: call, serial: this.serial++ };
    const entries: Entry[] = call === SENDA ? Array.from({ length: 1 + this.random.below(4) }, () => this.entry(others)) : [];
    const actor = this.actors.get(endpoint) as Actor;
    const message = newMessage(call);
    message[2] = letter.serial;
    if (entries.length > 0) this.kernel.memory.write(actor.memory + TABLE, tableBytes(entries));
    this.model.call(endpoint, call, partner, letter, entries);
    this.command(endpoint, actor, call, call === SENDA ? entries.length : partner, message);
    this.run();
    this.compare(`${endpoint} does ${call} with ${partner}`);
    if (call === SENDA && member?.privilege !== 16) this.checkEntries(actor, entries);
  }

  /** Mostly somebody who is there, and often one who listens: otherwise all would soon wait for all. */
  private partner(endpoint: number, call: number, others: readonly number[]): number {
    if (this.random.below(60) === 0) return this.pick([ANY, 4711, 12, endpoint]);
    if (call === RECEIVE && this.random.below(4) !== 0) return ANY;
    const listening = [...this.model.members.values()].filter(({ instance }) => instance.receivesFrom !== null && instance.sendsTo === null);
    return call !== RECEIVE && listening.length > 0 && this.random.below(4) !== 0 ? this.pick(listening).endpoint : this.pick(others);
  }

  private entry(others: readonly number[]): Entry {
    const flags = AMF_VALID | this.pick([0, 0, AMF_NOREPLY, AMF_NOTIFY, AMF_NOTIFY_ERR]);
    return { to: this.random.below(30) === 0 ? 4711 : this.pick(others), flags, serial: this.serial++, result: null };
  }

  private command(endpoint: number, actor: Actor, call: number, partner: number, message: Message): void {
    const process = this.kernel.processes.find(endpoint as Endpoint);
    if (process === null || process.rts !== RTS_PROC_STOP) throw new Error(`${endpoint} should be at rest`);
    actor.command = { call, partner, message };
    actor.answer = null;
    if (!actor.hosted) {
      for (let word = 0; word < 9; word++) this.kernel.memory.write32(actor.memory + BUFFER + word * 4, message[word] as number);
      process.frame[REG_ECX] = call;
      process.frame[REG_EAX] = partner;
      process.frame[REG_EBX] = call === SENDA ? TABLE : BUFFER;
    }
    clearRts(this.kernel, process, RTS_PROC_STOP);
  }

  /** Everybody whom the model says has ended has ended so, and nobody else has. */
  private compare(what: string): void {
    const { endings } = this.model;
    for (const [endpoint, ending] of endings) this.compareEnding(what, endpoint, ending);
    for (const [endpoint, { instance }] of this.model.members) {
      const { rts } = this.kernel.processes.find(endpoint as Endpoint) ?? { rts: -1 };
      const rests = rts === RTS_PROC_STOP;
      const should = instance.call === 0 && instance.held === null && !instance.inhibited;
      if (rests !== should && !instance.inhibited) throw new Error(`${this.where(what)}: ${endpoint} ${rests ? "has ended" : "has not ended"} (flags 0x${rts.toString(16)})`);
    }
    this.counts.endings += endings.size;
    endings.clear();
  }

  private compareEnding(what: string, endpoint: number, { result, letter, status }: Ending): void {
    const actor = this.actors.get(endpoint) as Actor;
    const got = this.answerOf(actor);
    const wanted = [result, letter?.from ?? null, letter?.type ?? null, letter === null ? null : letter.serial, status];
    const seen = [
      got.result, letter === null ? null : (got.message[0] as number), letter === null ? null : (got.message[1] as number),
      letter === null ? null : letter.serial === 0 ? 0 : (got.message[2] as number), status === null ? null : got.status,
    ];
    if (result !== 0) this.counts.errors++;
    if (wanted.some((value, index) => value !== seen[index])) throw new Error(`${this.where(what)}: ${endpoint} got ${seen.join()}, the model says ${wanted.join()}`);
  }

  private where(what: string): string {
    return `seed ${this.options.seed}, ${this.options.cpus} CPUs, call ${this.counts.calls}: ${what}`;
  }

  private answerOf(actor: Actor): { result: number; status: number; message: Message } {
    if (actor.hosted) return actor.answer ?? { result: 1, status: 0, message: newMessage() };
    const { memory } = this.kernel;
    const message = newMessage();
    for (let word = 0; word < 9; word++) message[word] = memory.read32(actor.memory + BUFFER + word * 4) | 0;
    return { result: memory.read32(actor.memory + RESULT) | 0, status: memory.read32(actor.memory + RESULT + 4) | 0, message };
  }

  private checkEntries(actor: Actor, entries: readonly Entry[]): void {
    const bytes = this.kernel.memory.read(actor.memory + TABLE, Math.max(1, entries.length) * ASYN_ENTRY_BYTES);
    entries.forEach(({ result }, index) => {
      const seen = asynEntry.decode(bytes, index * ASYN_ENTRY_BYTES);
      const done = (seen.flags & 2) !== 0;
      if (done !== (result !== null) || (done && seen.result !== result)) {
        throw new Error(`${this.where("table")}: entry ${index} is ${seen.flags}/${seen.result}, the model says ${result}`);
      }
    });
  }
}
