import { dsContract } from "@procyon-os/contract-ds";
import { GET_HZ, GET_PRIV, GET_PROC, LU_SYS_PROC, privilegeEntry, PROCESS_BYTES, RSYS_F, RTS_NO_PRIV, RTS_SIG_PENDING, SYS_PRIV_ALLOW, SYS_PRIV_DISALLOW, SYS_PRIV_SET_SYS, SYS_PRIV_SET_USER, SYS_PRIV_UPDATE_SYS, SYS_PRIV_YIELD, type PrivilegeEntry } from "@procyon-os/contract-kernel";
import { pmContract } from "@procyon-os/contract-pm";
import { encodeRsStart, RS_INIT, RS_LU_PREPARE, rsContract, RSS_IPC_ALL_SYS, type RsStart } from "@procyon-os/contract-rs";
import { schedContract } from "@procyon-os/contract-sched";
import { vfsContract } from "@procyon-os/contract-vfs";
import { vmContract } from "@procyon-os/contract-vm";
import {
  callByNumber, CLOCK, decodeReply, decodeRequest, DS, encodeReply, encodeRequest, errorCode, fail, INIT, makeEndpoint, messageType, newMessage, NONE, NOTIFY, NOTIFY_MESSAGE, ok,
  PM, RS, SCHED, SELF, SENDA, SENDREC, SIGKILL, SIGKSIG, SYSTEM, TTY, VFS, VM, type Endpoint, type ErrorName, type Message, type Protocol,
  type VirtAddr,
} from "@procyon-os/message";
import { defaultKernelCalls, grantedBytes, ServiceHarness, type KernelScript, type Sent } from "@procyon-os/service-harness";
import { image } from "../src/index.ts";

/** What stands behind an endpoint: the code that runs there changes places, the endpoint and the pid stay. */
interface FakeProcess {
  pid: number;
  code: number; // which instance: travels with it
  program: string;
  privileges: PrivilegeEntry | null;
  allowed: boolean;
  user: boolean;
}

const CLIENT = makeEndpoint(1, 200);
const RTS_OFFSET = 632; // in struct proc

/** RS in the harness, and around it everything that it talks to, each as simple as it can be. */
export class RsWorld {
  readonly processes = new Map<Endpoint, FakeProcess>();
  readonly labels = new Map<string, Endpoint>();
  readonly majors = new Map<number, string>();
  readonly files = new Map<string, string>();
  readonly kills: [Endpoint, number][] = [];
  readonly inits: [Endpoint, number, Endpoint][] = []; // who was asked to initialize, how, and where the old instance is
  readonly prepares: [Endpoint, number][] = [];
  readonly scheduled: [string, Endpoint][] = [];
  readonly swaps: ["vm" | "kernel", Endpoint][] = []; // who made them, and at which endpoint
  private readonly stopped = new Set<number>(); // instances that a signal stopped
  private nextCode = 0;
  readonly silent = new Set<Endpoint>();
  /** Servers that take no request. */
  readonly absent = new Set<Endpoint>();
  readonly unanswered: [Endpoint, Message][] = [];
  /** The result of an initialization; null: it does not answer. */
  initResult: (process: Endpoint, type: number) => number | null;
  /** The version of RS that was tried last. */
  tried: string | null = null;
  swapError: ErrorName | null = null;
  /** Errors of single steps: setSys, allow, schedctl, srvFork, rsSetPriv, mapDriver. */
  readonly faults = new Map<string, ErrorName>();
  /** Steps in the order in which they were made. */
  readonly steps: string[] = [];
  readonly hz: number;
  /** What hosted programs were started with. */
  readonly arguments = new Map<Endpoint, string[]>();
  /** Whether new versions say that they are ready. */
  standsBy = true;
  private readonly begun = new Set<number>(); // new versions that have run
  /** Effective user ids other than 0. */
  readonly uids = new Map<Endpoint, number>();
  harness: ServiceHarness;
  private nextPid = 100;
  private nextSlot = 20;
  private nextPrivileges = 17; // ids belong to endpoints
  private readonly privilegeIds = new Map<Endpoint, number>();
  private readonly signals = new Map<Endpoint, number>();
  private opened: string | null = null;

  constructor(initResult: RsWorld["initResult"] = () => 0, hz = 60) {
    this.initResult = initResult;
    this.hz = hz;
    for (let slot = 0; slot <= INIT; slot++) this.addProcess(slot as Endpoint, "boot");
    const rs = this.processes.get(RS) as FakeProcess;
    rs.privileges = { ...privilegeEntry.decode(new Uint8Array(privilegeEntry.bytes)), flags: RSYS_F, signalManager: SELF };
    this.harness = new ServiceHarness(image, {
      endpoint: RS, kernel: this.kernel(), onSend: (sent, harness) => this.seen(sent, harness),
      isHeld: ({ to, message }) => this.absent.has(to) && messageType(message) !== RS_INIT,
      partners: new Map([[PM, (message: Message) => this.answerPm(message)]]), // while the system boots
    });
  }

  private addProcess(endpoint: Endpoint, program: string): void {
    this.processes.set(endpoint, { pid: this.nextPid++, code: this.nextCode++, program, privileges: null, allowed: false, user: false });
  }

  /** Raises a signal for a process, as the kernel does. */
  signal(process: Endpoint, signal: number): void {
    this.raise(this.harness, process, signal);
    this.harness.run();
    if (this.harness.ended !== null) throw new Error(`RS ended: ${this.harness.ended}\n${this.harness.output}`);
  }

  private raise(harness: ServiceHarness, process: Endpoint, signal: number): void {
    const stopped = this.processes.get(process);
    if (stopped !== undefined && signal !== 1) this.stopped.add(stopped.code);
    this.signals.set(process, (this.signals.get(process) ?? 0) | (1 << signal));
    const message = newMessage(0x1000);
    message[5] = 1 << SIGKSIG;
    harness.post(SYSTEM, message, 4);
  }

  /** Lets periods of the clock go by. */
  periods(count: number): void {
    for (let i = 0; i < count; i++) {
      this.harness.uptime += this.hz;
      this.harness.notify(CLOCK);
    }
  }

  private allow(process: Endpoint, target: FakeProcess, harness: ServiceHarness): void {
    target.allowed = true;
    if (((target.privileges?.flags ?? 0) & LU_SYS_PROC) === 0 || this.begun.has(target.code)) return;
    this.begun.add(target.code);
    if (this.standsBy) harness.post(process, newMessage(NOTIFY_MESSAGE), NOTIFY);
  }

  private kernel(): KernelScript {
    return {
      privctl: (harness, { process, request, argument }) => {
        const target = this.processes.get(process);
        if (target === undefined) return fail("EINVAL");
        const fault = this.step(request === SYS_PRIV_ALLOW ? "allow" : request === SYS_PRIV_SET_SYS ? "setSys" : "privileges", process);
        if (fault !== null) return fault as never;
        if (request === SYS_PRIV_YIELD) this.tried = target.program; // RS itself: comes back since the new version has died
        else if (request === SYS_PRIV_ALLOW) this.allow(process, target, harness);
        else if (request === SYS_PRIV_DISALLOW) target.allowed = false;
        else if (request === SYS_PRIV_SET_USER) target.user = true;
        else if (request === SYS_PRIV_SET_SYS || request === SYS_PRIV_UPDATE_SYS) {
          target.privileges = { ...privilegeEntry.decode(harness.memory.slice(argument, argument + privilegeEntry.bytes)), id: this.privilegeId(process) };
        }
        return ok({});
      },
      getinfo: (harness, request) => {
        if (request.what === GET_PROC) {
          const process = this.processes.get(request.process);
          if (process === undefined) return fail("EINVAL");
          const bytes = new Uint8Array(PROCESS_BYTES);
          const stopped = this.stopped.has(process.code) ? RTS_SIG_PENDING : 0;
          new DataView(bytes.buffer).setUint32(RTS_OFFSET, stopped | (process.allowed ? 0 : RTS_NO_PRIV), true);
          harness.memory.set(bytes, request.address);
          return ok({ endpoint: NONE, privilegeFlags: 0, name: "" });
        }
        if (request.what === GET_HZ) {
          harness.memory.set(Uint8Array.of(this.hz, 0, 0, 0), request.address);
          return ok({ endpoint: NONE, privilegeFlags: 0, name: "" });
        }
        if (request.what !== GET_PRIV) return defaultKernelCalls.getinfo?.(harness, request) ?? fail("EINVAL");
        const privileges = this.processes.get(request.process)?.privileges;
        if (privileges == null) return fail("EINVAL");
        harness.memory.set(privilegeEntry.encode(privileges), request.address);
        return ok({ endpoint: NONE, privilegeFlags: 0, name: "" });
      },
      update: (_harness, { source, target }) => {
        this.swap("kernel", source, target);
        return ok({});
      },
      schedctl: (_harness, { process, cpu }) => (cpu > 7 ? fail("EBADCPU") : ((this.step("schedctl", process) ?? ok({})) as never)),
      checkHosted: () => ok({}),
      queryHosted: () => ok({ dataBytes: 8192, stackBytes: 4096 }),
      execHosted: (harness, { process, reference, referenceBytes, arguments: args, argumentsBytes }) => {
        this.arguments.set(process, String.fromCharCode(...harness.memory.subarray(args, args + argumentsBytes)).split("\0").slice(0, -1));
        const target = this.processes.get(process) as FakeProcess;
        target.program = String.fromCharCode(...harness.memory.subarray(reference, reference + referenceBytes));
        return ok({});
      },
      kill: (harness, { process, signal }) => {
        this.kills.push([process, signal]);
        if (signal === SIGKILL) this.raise(harness, process, signal);
        return ok({});
      },
      getksig: () => {
        const [process, signals] = [...this.signals][0] ?? [NONE, 0];
        this.signals.delete(process);
        return ok({ process, signals });
      },
      endksig: () => ok({}),
    };
  }

  private privilegeId(process: Endpoint): number {
    const id = this.privilegeIds.get(process) ?? (process >= 0 && process <= INIT ? process + 5 : this.nextPrivileges++);
    this.privilegeIds.set(process, id);
    return id;
  }

  /** Notes a step, and gives the error that is planted there. */
  private step(name: string, about: Endpoint | string): { ok: false; error: ErrorName } | null {
    this.steps.push(`${name} ${about}`);
    const fault = this.faults.get(name);
    return fault === undefined ? null : (fail(fault) as { ok: false; error: ErrorName });
  }

  private answerPm(message: Message): Message {
    const { calls, base } = pmContract;
    const name = callByNumber(pmContract)(messageType(message));
    switch (name) {
      case "srvFork": {
        const fault = this.step("srvFork", RS);
        if (fault !== null) return newMessage(errorCode(fault.error));
        const endpoint = makeEndpoint(1, this.nextSlot++);
        this.addProcess(endpoint, "forked");
        return encodeReply(calls.srvFork, ok({ pid: (this.processes.get(endpoint) as FakeProcess).pid }));
      }
      case "getProcNr": {
        const { pid } = decodeRequest(calls.getProcNr, message);
        const endpoint = [...this.processes].find(([, one]) => one.pid === pid)?.[0] as Endpoint;
        return encodeReply(calls.getProcNr, ok({ endpoint, parent: RS }));
      }
      case "getEpInfo": {
        const { endpoint } = decodeRequest(calls.getEpInfo, message);
        return encodeReply(calls.getEpInfo, ok({ pid: this.processes.get(endpoint)?.pid ?? 77, uid: this.uids.get(endpoint) ?? 0, gid: 0 }));
      }
      case "srvKill": {
        const { pid } = decodeRequest(calls.srvKill, message);
        for (const [endpoint, one] of this.processes) if (one.pid === pid) this.processes.delete(endpoint);
        return newMessage(0);
      }
      case "execNewMem":
        return encodeReply(calls.execNewMem, ok({ stackTop: 0x40000, flags: 0 }));
      case "execRestart":
        return newMessage(0);
      case "waitPid":
        return newMessage(errorCode("ECHILD"));
      default:
        throw new Error(`PM: call ${messageType(message) - base} (${name}) is not scripted`);
    }
  }

  private answerVm(message: Message): Message {
    const name = callByNumber(vmContract)(messageType(message));
    if (name === "rsSetPriv") {
      const fault = this.step("rsSetPriv", decodeRequest(vmContract.calls.rsSetPriv, message).process);
      if (fault !== null) return newMessage(errorCode(fault.error));
    }
    if (name !== "rsUpdate") return newMessage(0);
    if (this.swapError !== null) return newMessage(errorCode(this.swapError));
    const { source, target } = decodeRequest(vmContract.calls.rsUpdate, message);
    this.swap("vm", source, target);
    return newMessage(0);
  }

  private swap(how: "vm" | "kernel", source: Endpoint, target: Endpoint): void {
    const [a, b] = [this.processes.get(source) as FakeProcess, this.processes.get(target) as FakeProcess];
    const withId = (privileges: PrivilegeEntry | null, process: Endpoint): PrivilegeEntry | null => privileges && { ...privileges, id: this.privilegeId(process) };
    this.processes.set(source, { ...b, pid: a.pid, privileges: withId(b.privileges, source) });
    this.processes.set(target, { ...a, pid: b.pid, privileges: withId(a.privileges, target) });
    this.swaps.push([how, source]);
  }

  private seen({ how, to, message }: Sent, harness: ServiceHarness): void {
    if (how !== SENDA) return;
    const type = messageType(message);
    if (type === RS_INIT) {
      const request = decodeRequest(rsContract.calls.init, message);
      this.inits.push([to, request.type, request.oldEndpoint]);
      const result = this.initResult(to, request.type);
      if (result !== null) this.reportInit(to, result, harness);
    } else if (type === RS_LU_PREPARE) {
      this.prepares.push([to, decodeRequest(rsContract.calls.luPrepare, message).state]);
    } else if (to === DS || to === VFS || to === SCHED || to === PM || to === VM) {
      if (this.silent.has(to)) this.unanswered.push([to, message]);
      else harness.post(to, this.answerServer(to, message, harness), SENDA);
    }
  }

  /** A service's answer to RS_INIT. */
  reportInit(process: Endpoint, result: number, harness: ServiceHarness = this.harness, kept = 0): void {
    const answer = encodeRequest(rsContract.base, rsContract.calls.init, { result, type: 0, rprocTable: -1, oldEndpoint: NONE, kept, self: process });
    harness.post(process, answer, SENDREC);
  }

  /** Answers what a silent server was asked first. */
  answerHeld(): void {
    const [to, message] = this.unanswered.shift() as [Endpoint, Message];
    this.harness.send(to, this.answerServer(to, message, this.harness), SENDA);
  }

  private answerServer(to: Endpoint, message: Message, harness: ServiceHarness): Message {
    const type = messageType(message);
    if (to === DS) return this.answerDs(message, harness);
    if (to === PM) return this.answerPm(message);
    if (to === VM) return this.answerVm(message);
    if (to === SCHED) {
      const { process } = decodeRequest(schedContract.calls.stop, message);
      const name = callByNumber(schedContract)(type) as string;
      this.scheduled.push([name, process]);
      return name === "start" ? encodeReply(schedContract.calls.start, ok({ scheduler: SCHED })) : newMessage(0);
    }
    return this.answerVfs(message, harness);
  }

  private answerDs(message: Message, harness: ServiceHarness): Message {
    const name = callByNumber(dsContract)(messageType(message));
    const { key, value } = decodeRequest(dsContract.calls.publish, message);
    const bytes = grantedBytes(harness, RS, key) as Uint8Array;
    const label = String.fromCharCode(...bytes.subarray(0, bytes.length - 1));
    this.step(name === "publish" ? "publish" : "unpublish", label);
    if (name === "publish") this.labels.set(label, value as Endpoint);
    else if (!this.labels.delete(label)) return newMessage(errorCode("ESRCH"));
    return newMessage(0);
  }

  private answerVfs(message: Message, { memory }: ServiceHarness): Message {
    const { calls } = vfsContract;
    const text = (address: number, length: number): string => String.fromCharCode(...memory.subarray(address, address + length));
    switch (callByNumber(vfsContract)(messageType(message))) {
      case "open": {
        const { path, pathLength } = decodeRequest(calls.open, message);
        this.step("open", text(path, pathLength - 1));
        this.opened = this.files.get(text(path, pathLength - 1)) ?? null;
        return newMessage(this.opened === null ? errorCode("ENOENT") : 3);
      }
      case "read": {
        const { buffer } = decodeRequest(calls.read, message);
        const content = this.opened ?? "";
        this.opened = "";
        memory.set(Uint8Array.from(content, (char) => char.charCodeAt(0)), buffer);
        return newMessage(content.length);
      }
      case "mapDriver": {
        const { label, labelLength, major } = decodeRequest(calls.mapDriver, message);
        const fault = this.step("mapDriver", text(label, labelLength));
        if (fault !== null) return newMessage(errorCode(fault.error));
        this.majors.set(major, text(label, labelLength));
        return newMessage(0);
      }
      default:
        return newMessage(0);
    }
  }

  /** Sends a request as root's `service` would, and gives the result in the answer; null where none came yet. */
  request(name: "down" | "refresh" | "restart" | "clone", label: string, from: Endpoint = CLIENT): number | null {
    this.write(from, 0x100, label);
    return this.ask(rsContract, name, { label: 0x100 as VirtAddr, labelLength: label.length }, from);
  }

  /** RS_UP, RS_EDIT or RS_UPDATE of a service whose file names a hosted package. */
  start(name: "up" | "edit" | "update", label: string, about: Partial<RsStart> & { command?: never; path?: string; args?: string; script?: never; scriptPath?: string; ipcList?: string; lu?: number; maxTime?: number } = {}): number | null {
    const { path = `/sbin/${label}`, args = "", scriptPath = "", ipcList = RSS_IPC_ALL_SYS, lu = 1, maxTime = 0, ...start } = about;
    if (!this.files.has(path)) this.files.set(path, `#!hosted test:${label}\n`);
    const place = (address: number, text: string): { address: number; length: number } => {
      this.write(CLIENT, address, text);
      return { address, length: text.length };
    };
    const bytes = encodeRsStart({
      flags: 0, uid: 0, signalManager: RS, scheduler: SCHED, priority: 7, quantum: 200, major: 0, deviceStyle: 0, period: 0, irqCount: 0, irqs: [],
      ioCount: 0, io: [], kernelCalls: [0, 0], vmCalls: [0, 0], control: [], cpu: -1, ...start,
      command: place(0x400, `${path} ${args}`), label: place(0x500, label), script: place(0x600, scriptPath), ipc: place(0x700, ipcList),
    });
    this.harness.clients.space(CLIENT).set(bytes, 0x1000);
    return this.ask(rsContract, name, { start: 0x1000 as VirtAddr, state: lu, maxTime }, CLIENT);
  }

  private ask(contract: Protocol<any>, name: string, request: object, from: Endpoint): number | null {
    const one = contract.calls[name];
    const sent = this.harness.send(from, encodeRequest(contract.base, one, request as never));
    return resultFor(sent, from);
  }

  /** The result that a later event gave the client; null where none did. What has time comes with the next message. */
  lateAnswer(event: () => void, from: Endpoint = CLIENT): number | null {
    const before = this.harness.sent.length;
    event();
    const result = resultFor(this.harness.sent.slice(before), from);
    this.harness.notify(TTY);
    return result;
  }

  /** All results that an event gave a client. */
  answersTo(to: Endpoint, event: () => void): number[] {
    const before = this.harness.sent.length;
    event();
    return this.harness.sent.slice(before).filter((one) => one.to === to && one.how !== SENDREC).map(({ message }) => messageType(message));
  }

  write(process: Endpoint, address: number, text: string): void {
    this.harness.clients.space(process).set(Uint8Array.from(text, (char) => char.charCodeAt(0)), address);
  }

  /** The endpoint behind a label, by RS_LOOKUP; null where there is none. */
  lookup(label: string): Endpoint | null {
    this.write(TTY, 0x100, `${label}\0`);
    const sent = this.harness.send(TTY, encodeRequest(rsContract.base, rsContract.calls.lookup, { name: 0x100 as VirtAddr, nameLength: label.length + 1 }));
    const answer = sent.find(({ to }) => to === TTY) as Sent;
    const found = decodeReply(rsContract.calls.lookup, answer.message);
    return found.ok ? found.value.endpoint : null;
  }
}

function resultFor(sent: readonly Sent[], to: Endpoint): number | null {
  const answer = sent.find((one) => one.to === to && one.how !== SENDREC);
  return answer === undefined ? null : messageType(answer.message);
}

export { CLIENT };
