import { AMF_NOREPLY, AMF_NOTIFY, AMF_NOTIFY_ERR, ANY, ASYNCM, NOTIFY, NOTIFY_MESSAGE, RECEIVE, SEND, SENDA, SENDNB, SENDREC, errorCode } from "@procyon-os/message";
import type { Ending, Entry, Letter, Member } from "./ipc-model-member.ts";

const EDEAD = errorCode("EDEADSRCDST");
const USERS = 16;

/**
 * MINIX's IPC in plain words, with none of the kernel's data: lists are searched, nothing is linked (reference/kernel.md 2).
 * It is told each call when the kernel is; `endings` is what came of calls, for everybody, until the caller is asked.
 */
export class IpcModel {
  readonly members = new Map<number, Member>(); // by endpoint
  /** Notifications that wait: receiver's privileges to senders' privileges. */
  private readonly notices = new Map<number, Set<number>>();
  /** Where asynchronous messages may wait: receiver's privileges to senders' privileges. */
  private readonly marks = new Map<number, Set<number>>();
  endings = new Map<number, Ending>();

  add(endpoint: number, privilege: number): void {
    const instance = { call: 0, sendsTo: null, receivesFrom: null, letter: null, inReply: false, table: null, missed: false, inhibited: false, held: null };
    this.members.set(endpoint, { endpoint, privilege, queue: [], instance });
    if (privilege !== USERS) {
      this.notices.set(privilege, new Set());
      this.marks.set(privilege, new Set());
    }
  }

  /** A call of a process that is doing nothing. */
  call(endpoint: number, call: number, partner: number, letter: Letter, table: Entry[]): void {
    const caller = this.member(endpoint);
    caller.instance.call = call;
    if (call === SENDA) {
      if (caller.privilege === USERS) return this.end(caller, errorCode("EPERM"));
      caller.instance.table = null;
      this.deliver(caller, table);
      return this.end(caller, 0);
    }
    const refusal = this.refusal(caller, call, partner);
    if (refusal !== 0) return this.end(caller, refusal);
    switch (call) {
      case NOTIFY:
        this.notify(caller.privilege, endpoint, this.member(partner));
        return this.end(caller, 0);
      case RECEIVE: return this.receive(caller, partner);
      default: return this.send(caller, call, this.member(partner), letter);
    }
  }

  private refusal(caller: Member, call: number, partner: number): number {
    if (partner === ANY) {
      if (call !== RECEIVE) return errorCode("EINVAL");
    } else if (!this.members.has(partner)) return EDEAD;
    else if (call !== RECEIVE) {
      const { privilege } = this.member(partner);
      if (privilege === caller.privilege) return errorCode("ECALLDENIED"); // oneself, or a user to a user
    }
    return caller.privilege === USERS && call !== SENDREC ? errorCode("ETRAPDENIED") : 0;
  }

  private send(caller: Member, call: number, target: Member, letter: Letter): void {
    const { instance } = caller;
    instance.inReply = call === SENDREC;
    if (this.listens(target, caller.endpoint)) this.give(target, letter, call);
    else if (call === SENDNB) return this.end(caller, errorCode("ENOTREADY"));
    else if (this.locks(caller, SEND, target.endpoint)) return this.end(caller, errorCode("ELOCKED"));
    else {
      instance.sendsTo = target.endpoint;
      instance.letter = letter;
      target.queue.push(caller);
      if (call === SENDREC) instance.receivesFrom = target.endpoint;
      return;
    }
    if (call === SENDREC) this.receive(caller, target.endpoint);
    else this.end(caller, 0);
  }

  private receive(caller: Member, from: number): void {
    const { instance } = caller;
    if (!instance.inReply && this.takeNotice(caller, from)) return;
    if (this.takeEntry(caller, from)) return;
    const index = caller.queue.findIndex((one) => from === ANY || one.endpoint === from);
    if (index !== -1) {
      const [sender] = caller.queue.splice(index, 1) as [Member];
      const taken = sender.instance;
      this.give(caller, taken.letter as Letter, taken.inReply ? SENDREC : SEND);
      taken.sendsTo = taken.letter = null;
      if (!taken.inReply) this.end(sender, 0);
      return;
    }
    if (this.locks(caller, RECEIVE, from)) return this.end(caller, errorCode("ELOCKED"));
    instance.receivesFrom = from;
  }

  private takeNotice(caller: Member, from: number): boolean {
    const waiting = [...(this.notices.get(caller.privilege) ?? [])].toSorted((a, b) => a - b);
    for (const privilege of waiting) {
      const source = privilege === 0 ? ASYNCM : this.owner(privilege).endpoint;
      if (from !== ANY && from !== source) continue;
      this.notices.get(caller.privilege)?.delete(privilege);
      this.give(caller, { from: source, type: NOTIFY_MESSAGE, serial: 0 }, NOTIFY);
      return true;
    }
    return false;
  }

  private takeEntry(caller: Member, from: number): boolean {
    const marks = this.markSet(caller);
    for (const privilege of [...marks].toSorted((a, b) => a - b)) {
      const sender = this.owner(privilege);
      if (from !== ANY && from !== sender.endpoint) continue;
      if (sender.instance.inhibited) {
        sender.instance.missed = true;
        continue;
      }
      const { table } = sender.instance;
      const entry = table?.find((one) => one.result === null && one.to === caller.endpoint && !(one.flags & AMF_NOREPLY && caller.instance.inReply));
      if (entry !== undefined) {
        this.give(caller, { from: sender.endpoint, type: SENDA, serial: entry.serial }, SENDA);
        entry.result = 0;
      }
      if (table === null || table.every(({ result }) => result !== null)) {
        marks.delete(privilege);
        sender.instance.table = null;
      }
      if (entry === undefined) continue;
      if (entry.flags & AMF_NOTIFY) this.notify(0, ASYNCM, sender);
      return true;
    }
    return false;
  }

  /** What can be delivered of a table; the rest stays. */
  private deliver(caller: Member, table: Entry[]): void {
    let tells = false;
    for (const entry of table) {
      if (entry.result !== null) continue;
      const target = this.members.get(entry.to);
      if (target === undefined) entry.result = EDEAD;
      else if (target === caller) entry.result = errorCode("ECALLDENIED");
      else if (this.listens(target, caller.endpoint) && !(entry.flags & AMF_NOREPLY && target.instance.inReply)) {
        this.give(target, { from: caller.endpoint, type: SENDA, serial: entry.serial }, SENDA);
        entry.result = 0;
      } else this.markSet(target).add(caller.privilege);
      tells ||= this.wantsToKnow(entry);
    }
    if (table.some(({ result }) => result === null)) caller.instance.table = table;
    else caller.instance.table = null;
    if (tells) this.notify(0, ASYNCM, caller);
  }

  private wantsToKnow({ result, flags }: Entry): boolean {
    return result !== null && ((flags & AMF_NOTIFY) !== 0 || ((flags & AMF_NOTIFY_ERR) !== 0 && result !== 0));
  }

  private notify(privilege: number, source: number, target: Member): void {
    if (this.listens(target, source) && !target.instance.inReply) this.give(target, { from: source, type: NOTIFY_MESSAGE, serial: 0 }, NOTIFY);
    else {
      const notices = this.notices.get(target.privilege) ?? new Set<number>();
      this.notices.set(target.privilege, notices.add(privilege));
    }
  }

  inhibit(endpoint: number): void {
    this.member(endpoint).instance.inhibited = true;
  }

  release(endpoint: number): void {
    const member = this.member(endpoint);
    const { instance } = member;
    instance.inhibited = false;
    if (instance.held !== null) this.endings.set(endpoint, instance.held);
    instance.held = null;
    if (instance.missed && instance.table !== null) this.deliver(member, instance.table);
    instance.missed = false;
  }

  kill(endpoint: number): void {
    const dead = this.member(endpoint);
    this.leaveQueue(dead);
    dead.instance.table = null;
    this.members.delete(endpoint);
    this.cancelEntries(dead);
    if (dead.privilege !== USERS) {
      for (const notices of this.notices.values()) notices.delete(dead.privilege);
      for (const marks of this.marks.values()) marks.delete(dead.privilege);
    }
    for (const other of this.members.values()) {
      const { sendsTo, receivesFrom } = other.instance;
      if ((sendsTo ?? receivesFrom) === endpoint) this.end(other, EDEAD);
    }
    if (dead.privilege !== USERS) {
      this.notices.delete(dead.privilege);
      this.marks.delete(dead.privilege);
    }
  }

  private cancelEntries(dead: Member): void {
    const marks = this.markSet(dead);
    for (const privilege of [...marks].toSorted((a, b) => a - b)) {
      if (privilege === dead.privilege) continue;
      const sender = this.owner(privilege);
      const table = sender.instance.table ?? [];
      const cancelled = table.filter((one) => one.result === null && one.to === dead.endpoint);
      for (const entry of cancelled) entry.result = EDEAD;
      if (!table.some((one) => one.result === null && this.members.get(one.to)?.privilege === dead.privilege)) marks.delete(privilege);
      if (table.every(({ result }) => result !== null)) sender.instance.table = null;
      if (cancelled.some((one) => this.wantsToKnow(one))) this.notify(0, ASYNCM, sender);
    }
  }

  /** Whether two processes may be exchanged: both wait for a message. */
  mayUpdate(one: number, other: number): boolean {
    return [one, other].every((endpoint) => {
      const { instance, privilege } = this.member(endpoint);
      return privilege !== USERS && instance.sendsTo === null && instance.receivesFrom !== null;
    });
  }

  update(one: number, other: number): void {
    const [first, second] = [this.member(one), this.member(other)];
    [first.instance, second.instance] = [second.instance, first.instance];
  }

  private leaveQueue(member: Member): void {
    for (const other of this.members.values()) {
      const index = other.queue.indexOf(member);
      if (index !== -1) other.queue.splice(index, 1);
    }
  }

  private listens(target: Member, source: number): boolean {
    const { sendsTo, receivesFrom } = target.instance;
    return sendsTo === null && (receivesFrom === ANY || receivesFrom === source);
  }

  private locks(caller: Member, wants: number, partner: number): boolean {
    let size = 1;
    let at: number | null = partner;
    while (at !== null && at !== ANY) {
      const next = this.members.get(at);
      if (next === undefined) return false;
      size++;
      const { sendsTo, receivesFrom } = next.instance;
      at = sendsTo ?? receivesFrom;
      if (at === caller.endpoint) return size > 2 || (sendsTo !== null) === (wants === SEND);
      if (size > this.members.size + 1) return false;
    }
    return false;
  }

  private give(target: Member, letter: Letter, how: number): void {
    this.finish(target, { result: 0, letter, status: target.instance.call === RECEIVE ? how : null });
  }

  private end(member: Member, result: number): void {
    this.finish(member, { result, letter: null, status: null });
  }

  private finish(member: Member, ending: Ending): void {
    this.leaveQueue(member);
    const { instance } = member;
    instance.sendsTo = instance.receivesFrom = instance.letter = null;
    instance.inReply = false;
    instance.call = 0;
    if (instance.inhibited) instance.held = ending;
    else this.endings.set(member.endpoint, ending);
  }

  private member(endpoint: number): Member {
    const member = this.members.get(endpoint);
    if (member === undefined) throw new Error(`the model has no ${endpoint}`);
    return member;
  }

  private owner(privilege: number): Member {
    for (const member of this.members.values()) if (member.privilege === privilege) return member;
    throw new Error(`the model has no owner of privileges ${privilege}`);
  }

  private markSet(member: Member): Set<number> {
    const marks = this.marks.get(member.privilege) ?? new Set<number>();
    this.marks.set(member.privilege, marks);
    return marks;
  }
}
