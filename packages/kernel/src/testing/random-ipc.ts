import { AMF_NOREPLY, AMF_NOTIFY, AMF_NOTIFY_ERR, AMF_VALID, ANY, ASYN_ENTRY_BYTES, INIT, IPC_VECTOR, MEM, NOTIFY, PM, RECEIVE, RS, SELF, SEND, SENDA, SENDNB, SENDREC, newMessage, type Endpoint, type Program } from "@procyon-os/message";
import { REG_EAX, REG_ECX, RTS_PREEMPTED, RTS_VMINHIBIT, USR_F, VMCTL_VMINHIBIT_CLEAR, VMCTL_VMINHIBIT_SET, asynEntry } from "@procyon-os/contract-kernel";
import { SeededRandom } from "../debug/random.ts";
import type { Kernel } from "../kernel.ts";
import type { DebugOptions } from "../options.ts";
import type { Process } from "../processes/process.ts";
import { CODE, elf, trap } from "./guest.ts";
import { IpcModel } from "./ipc-model.ts";
import type { Entry, Member } from "./ipc-model-member.ts";
import { guestModule, hostedModule, ipc, machine, release, service, sys } from "./machine.ts";
import { BUFFER, TABLE, code, createActor, giveCommand, readAnswer, tableBytes, type Actor, type Answer, type Command } from "./random-ipc-actor.ts";

const PROCESSES = 64;
const SYSTEM_PROCESSES = 47; // as many as there are dynamic privileges; the others are users
const USERS = 16;
const FIRST_SLOT = 20;
const MEMORY = 0x400000;
const EACH = 0x8000;
const SLICE = 20_000; // cycles
export interface RandomIpcOptions {
  readonly seed: number;
  readonly operations: number;
  readonly cpus: number;
  readonly debug?: DebugOptions;
}

/**
 * 64 processes, half guests, half hosted, run at once on their CPUs and make random calls, while RS kills, updates and inhibits
 * them. Who goes next is the seed's choice. A model, which is told each call when it enters the kernel, says what comes of it;
 * each process is asked what did when it is back (reference/kernel.md 2).
 */
export class RandomIpc {
  readonly kernel: Kernel;
  private readonly random: SeededRandom;
  private readonly model = new IpcModel();
  private readonly actors = new Map<number, Actor>(); // by endpoint
  private readonly memories: number[] = Array.from({ length: PROCESSES }, (_, index) => MEMORY + index * EACH);
  private readonly freeSlots: number[] = Array.from({ length: PROCESSES }, (_, index) => FIRST_SLOT + index);
  private readonly dead: number[] = []; // endpoints of earlier generations
  private readonly delivered = new Set<number>(); // serial numbers
  private serial = 1;
  private starting: Actor | null = null;
  readonly counts = { calls: 0, kills: 0, updates: 0, inhibits: 0, endings: 0, errors: 0, mostWaiting: 0 };
  private readonly options: RandomIpcOptions;
  private readonly printed: readonly string[];

  constructor(options: RandomIpcOptions) {
    this.options = options;
    this.random = new SeededRandom(options.seed);
    const nurseries = [hostedModule(PM, "hosted", () => ipc(RECEIVE, RS)), guestModule(MEM, "guest", elf(trap(RECEIVE, RS, BUFFER), 0x3000)), hostedModule(INIT, "init", () => ipc(SENDREC, RS, newMessage()))];
    const { kernel, printed } = machine([hostedModule(RS, "rs", () => this.controller(nurseries.map(({ slot }) => slot))), ...nurseries], {
      cpuCount: options.cpus, seed: options.seed, debug: { race: true, ...options.debug }, resolveService: () => {
        const actor = this.starting as Actor;
        return service("actor", () => this.hosted(actor));
      },
    });
    this.kernel = kernel;
    this.printed = printed;
    const note = kernel.noteTrap.bind(kernel);
    kernel.noteTrap = (process, vector) => {
      note(process, vector);
      this.trap(process, vector);
    };
  }

  /** All operations; throws at the first difference. */
  go(): void {
    for (let done = -1; this.counts.calls < this.options.operations; ) {
      if (done === this.counts.calls && this.actors.size === PROCESSES) this.fail("machine", "no calls any more");
      done = this.counts.calls;
      const result = this.kernel.run(SLICE);
      if (result.kind === "panic") throw new Error(result.report);
      this.compareStates();
    }
    this.kernel.check();
  }

  /** RS: makes the processes, and then disturbs them. */
  private *controller(nurseries: readonly number[]): Program<never> {
    for (const slot of nurseries) yield* release(slot, slot === INIT ? { flags: USR_F, trapMask: 1 << SENDREC } : {});
    for (let index = 0; index < PROCESSES; index++) yield* this.start();
    for (;;) {
      const members = [...this.model.members.values()];
      const what = this.random.below(1000);
      if (what < 4) yield* this.kill(this.pick(members));
      else if (what < 80) yield* this.update(members);
      else if (what < 260) yield* this.inhibit(this.pick(members), members.filter(({ instance }) => instance.inhibited));
      else yield* this.stir(members);
    }
  }

  /** Where all wait for all, one of them dies, and whoever comes in its place has something to say. */
  private *stir(members: readonly Member[]): Program<void> {
    if (members.every(({ instance }) => instance.call !== 0 || instance.inhibited)) yield* this.kill(this.pick(members));
    else yield* sys("times", { process: SELF });
  }

  private *hosted(actor: Actor): Program<never> {
    for (;;) {
      const command = this.next(actor);
      // Others may come between what is decided and what is done.
      while (this.random.below(3) === 0) yield* sys("times", { process: SELF });
      const { call, partner, message } = command;
      const answer = yield* ipc(call, partner as Endpoint, message, TABLE);
      this.compare(actor, { result: answer.eax, status: answer.ebx, message: answer.message ?? newMessage() });
    }
  }

  /** A trap enters the kernel: the model hears of calls, a guest that asks gets its next one. */
  private trap(process: Process, vector: number): void {
    const actor = this.actors.get(process.endpoint);
    if (actor === undefined) return;
    if (vector === IPC_VECTOR) {
      const { call, partner, message, entries } = actor.command ?? this.fail(`${process.endpoint}`, "makes a call that it was not told to make");
      if (process.frame[REG_ECX] !== call || process.frame[REG_EAX] !== partner) this.fail(`${process.endpoint}`, `does ${process.frame[REG_ECX]} with ${process.frame[REG_EAX]}`);
      this.counts.calls++;
      actor.trapped = true;
      this.model.call(process.endpoint, call, partner, { from: process.endpoint, type: call, serial: message[2] as number }, entries);
    } else if (!actor.hosted) {
      if (actor.command !== null) this.compare(actor, readAnswer(this.kernel, actor));
      giveCommand(this.kernel, actor, this.next(actor));
    }
  }

  /** What a process does next. */
  private next(actor: Actor): Command {
    const { endpoint } = actor;
    const member = this.model.members.get(endpoint) as Member;
    const others = [...this.model.members.keys()];
    const [call, partner] = this.helpful(member) ?? this.anything(member, others);
    const entries = call === SENDA ? Array.from({ length: 1 + this.random.below(4) }, () => this.entry(others)) : [];
    const message = newMessage(call);
    message[2] = this.serial++;
    if (call === SENDA) {
      this.kernel.memory.write(actor.memory + TABLE, tableBytes(entries));
      actor.table = member.privilege === USERS ? [] : entries;
    }
    actor.command = { call, partner: call === SENDA ? entries.length : partner, message, entries };
    actor.trapped = false;
    return actor.command;
  }

  /** While few can go on, and at times else, what lets somebody go on: otherwise all would soon wait for all. */
  private helpful(member: Member): readonly [call: number, partner: number] | null {
    const members = [...this.model.members.values()];
    const going = members.filter(({ instance }) => instance.call === 0 && !instance.inhibited).length;
    if (going > 10 && this.random.below(3) !== 0) return null;
    const forMe = members.filter((one) => this.listens(one) && one !== member && (one.instance.receivesFrom === member.endpoint || one.instance.receivesFrom === ANY));
    const { endpoint } = forMe.length > 0 ? this.pick(forMe) : this.pick(members);
    if (member.privilege === USERS) return forMe.length > 0 ? [SENDREC, endpoint] : [this.pick([SENDREC, RECEIVE]), endpoint];
    if (member.queue.length > 0) return [RECEIVE, ANY];
    if (forMe.length > 0) return [this.pick([SEND, SEND, SEND, SENDREC, SENDNB, NOTIFY]), endpoint];
    return [this.pick([NOTIFY, SENDNB, SENDNB, RECEIVE]), endpoint];
  }

  /** Any call with anybody. */
  private anything({ endpoint, privilege, instance }: Member, others: readonly number[]): readonly [call: number, partner: number] {
    const busy = instance.table !== null;
    const call = this.pick(privilege === USERS ? [SENDREC, SENDREC, SENDREC, SEND, RECEIVE, SENDA] : [SEND, SEND, SENDREC, SENDREC, RECEIVE, RECEIVE, RECEIVE, NOTIFY, SENDNB, ...(busy ? [] : [SENDA])]);
    return [call, this.partner(endpoint, call, others)];
  }

  /** Mostly somebody who is there, and often one who listens. */
  private partner(endpoint: number, call: number, others: readonly number[]): number {
    if (this.random.below(60) === 0) return this.pick([ANY, 4711, 12, endpoint]);
    if (this.dead.length > 0 && this.random.below(60) === 0) return this.pick(this.dead);
    if (call === RECEIVE && this.random.below(4) !== 0) return ANY;
    const listening = [...this.model.members.values()].filter((member) => this.listens(member));
    return call !== RECEIVE && listening.length > 0 && this.random.below(4) !== 0 ? this.pick(listening).endpoint : this.pick(others);
  }

  private entry(others: readonly number[]): Entry {
    const flags = AMF_VALID | this.pick([0, 0, AMF_NOREPLY, AMF_NOTIFY, AMF_NOTIFY_ERR]);
    return { to: this.random.below(30) === 0 ? 4711 : this.pick(others), flags, serial: this.serial++, result: null };
  }

  private listens({ instance }: Member): boolean {
    return instance.receivesFrom !== null && instance.sendsTo === null;
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.random.below(list.length)] as T;
  }

  /** A new process in a free slot. */
  private *start(): Program<void> {
    const slot = this.freeSlots.shift() as number;
    const memory = this.memories.shift() as number;
    const systems = [...this.model.members.values()].filter(({ privilege }) => privilege !== USERS).length;
    const system = systems < SYSTEM_PROCESSES && (systems < 20 || this.random.below(4) !== 0);
    const actor: Actor = { hosted: this.random.below(2) === 0, memory, endpoint: 0, command: null, trapped: false, table: [] };
    this.starting = actor;
    this.kernel.memory.fill(memory, EACH, 0);
    if (!actor.hosted) this.kernel.memory.write(memory + CODE, Uint8Array.from(code));
    yield* createActor(slot, actor, system, this.random.below(this.options.cpus), (endpoint) => {
      this.actors.set(endpoint, actor);
      this.model.add(endpoint, this.kernel.processes.at(slot).privileges?.id as number);
    });
  }

  private *kill({ endpoint }: Member): Program<void> {
    this.counts.kills++;
    const actor = this.actors.get(endpoint) as Actor;
    this.model.kill(endpoint);
    this.model.endings.delete(endpoint);
    this.actors.delete(endpoint);
    const result = (yield* sys("clear", { process: endpoint as Endpoint }))[1];
    if (result !== 0) this.fail(`kill ${endpoint}`, `clear: ${result}`);
    this.dead.push(endpoint);
    if (this.dead.length > 100) this.dead.shift();
    this.freeSlots.push(((endpoint + 1023) % 36558) - 1023);
    this.memories.push(actor.memory);
    yield* this.start();
  }

  private *update(members: readonly Member[]): Program<void> {
    // Tables and what VM does go along with an instance; both are tested apart.
    const able = members.filter(({ endpoint, instance }) => instance.table === null && !instance.inhibited && this.model.mayUpdate(endpoint, endpoint));
    if (able.length < 2) return;
    const [one, other] = [this.pick(able).endpoint, this.pick(able).endpoint];
    if (one === other) return;
    this.counts.updates++;
    this.model.update(one, other);
    const [first, second] = [this.actors.get(one) as Actor, this.actors.get(other) as Actor];
    this.actors.set(one, second).set(other, first);
    [first.endpoint, second.endpoint] = [other, one];
    const result = (yield* sys("update", { source: one as Endpoint, target: other as Endpoint }))[1];
    if (result !== 0) this.fail(`update of ${one} and ${other}`, `${result}`);
  }

  /** Some are inhibited all the time, and not for long. */
  private *inhibit(member: Member, inhibited: readonly Member[]): Program<void> {
    this.counts.inhibits++;
    const { endpoint, instance } = inhibited.length > this.random.below(8) ? this.pick(inhibited) : member;
    const parameter = instance.inhibited ? VMCTL_VMINHIBIT_CLEAR : VMCTL_VMINHIBIT_SET;
    if (instance.inhibited) this.model.release(endpoint);
    else this.model.inhibit(endpoint);
    const result = (yield* sys("vmctl", { process: endpoint as Endpoint, parameter, value: 0, address: 0 }))[1];
    if (result !== 0) this.fail(`inhibit ${endpoint}`, `${result}`);
  }

  /** A call has come back: so the model says, with this result, and no message comes twice. */
  private compare(actor: Actor, got: Answer): void {
    const { endpoint } = actor;
    const what = `${endpoint}: ${actor.command?.call} with ${actor.command?.partner}`;
    const ending = this.model.endings.get(endpoint) ?? this.fail(what, "has ended, the model says it has not");
    this.model.endings.delete(endpoint);
    const { result, letter, status } = ending;
    const seen = letter === null ? [got.result] : [got.result, got.message[0], got.message[1], letter.serial === 0 ? 0 : got.message[2]];
    const wanted = letter === null ? [result] : [result, letter.from, letter.type, letter.serial];
    if (status !== null) {
      seen.push(got.status);
      wanted.push(status);
    }
    if (wanted.join() !== seen.join()) this.fail(what, `got ${seen.join()}, the model says ${wanted.join()}`);
    if (letter !== null && letter.serial !== 0) {
      if (this.delivered.has(letter.serial)) this.fail(what, `message ${letter.serial} came twice`);
      this.delivered.add(letter.serial);
    }
    this.counts.endings++;
    if (result !== 0) this.counts.errors++;
    this.compareTable(actor);
    actor.command = null;
  }

  private compareTable({ memory, endpoint, table }: Actor): void {
    if (table.length === 0) return;
    const bytes = this.kernel.memory.read(memory + TABLE, table.length * ASYN_ENTRY_BYTES);
    table.forEach(({ result }, index) => {
      const seen = asynEntry.decode(bytes, index * ASYN_ENTRY_BYTES);
      const done = (seen.flags & 2) !== 0;
      if (done !== (result !== null) || (done && seen.result !== result)) this.fail(`table of ${endpoint}`, `entry ${index} is ${seen.flags}/${seen.result}, the model says ${result}`);
    });
  }

  /** Between two traps: whose call has ended can run, whose has not cannot. */
  private compareStates(): void {
    let waiting = 0;
    for (const { endpoint, instance } of this.model.members.values()) {
      const process = this.kernel.processes.find(endpoint as Endpoint) ?? this.fail(`${endpoint}`, "is gone");
      const waits = (process.rts & ~(RTS_VMINHIBIT | RTS_PREEMPTED)) !== 0;
      if (waits !== (instance.call !== 0)) this.fail(`${endpoint}`, `flags 0x${process.rts.toString(16)}, the model says it ${instance.call === 0 ? "runs" : "waits"}`);
      if (waits) waiting++;
    }
    this.counts.mostWaiting = Math.max(this.counts.mostWaiting, waiting);
  }

  private fail(what: string, text: string): never {
    throw new Error(`seed ${this.options.seed}, ${this.options.cpus} CPUs, call ${this.counts.calls}: ${what}: ${text}\n${this.printed.slice(-3).join("")}`);
  }
}
