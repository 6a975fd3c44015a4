import { dsContract } from "@procyon-os/contract-ds";
import { encodeRprocPub, SEF_INIT_LU, SEF_INIT_RESTART, RPROCPUB_BYTES, rsContract, RS_LU_PREPARE, STYLE_CTTY, STYLE_DEVA, STYLE_NDEV, STYLE_TTY } from "@procyon-os/contract-rs";
import { openCreateCall, pmToVfs, vfsContract, vfsToPm, type VfsCallName } from "@procyon-os/contract-vfs";
import {
  callByNumber, decodeReply, decodeRequest, DS, encodeReply, encodeRequest, fail, m2, MFS, messageType, newMessage, NONE, NOTIFY, NOTIFY_MESSAGE, ok, PFS, PM, RS, SEND, SENDA, SENDREC, TTY, u32, VFS,
  type Call, type Endpoint, type GrantId, type Message, type Outcome, type Request,
} from "@procyon-os/message";
import { grantedBytes, ServiceHarness, type HarnessOptions, type Partner, type Sent } from "@procyon-os/service-harness";
import { SEF_LU_STATE_WORK_FREE } from "@procyon-os/sef";
import { image } from "../src/main.ts";
import { FakeFs } from "./fake-fs.ts";
import type { FakeTty } from "./fake-tty.ts";

export const INIT = 11 as Endpoint;
export const LOG = 4 as Endpoint;
export const DISK = 36_600 as Endpoint; // a driver that RS starts later
/** Where an instance of VFS is when another has taken its place. */
const BEFORE = 70_000 as Endpoint;
type Calls = typeof vfsContract.calls;

/** When VFS is killed: before which of its traps the first instance, the second and so on. */
export interface KillPlan {
  readonly moments: readonly number[];
  /** What file servers do before the next instance is there: nothing, their work, or their work without VFS's grants. */
  readonly meanwhile: "nothing" | "work" | "no grants";
}

const entry = (label: string, endpoint: Endpoint, major: number, deviceStyle: number, deviceStyle2 = STYLE_NDEV) =>
  encodeRprocPub({ inUse: true, sysFlags: 0, endpoint, deviceFlags: 0, major, deviceStyle, deviceStyle2, label, processName: label, vmCalls: [0, 0] });

function rprocTable(): Uint8Array {
  const table = new Uint8Array(64 * RPROCPUB_BYTES);
  table.set(entry("tty", TTY, 4, STYLE_TTY, STYLE_CTTY), 0);
  table.set(entry("log", LOG, 15, STYLE_DEVA), RPROCPUB_BYTES);
  return table;
}

/** VFS and everything around it, scripted: PM, DS, two file servers; drivers are played by the test. */
export class World {
  harness: ServiceHarness;
  readonly root: FakeFs = new FakeFs(() => this.harness);
  readonly pipes: FakeFs = new FakeFs(() => this.harness);
  readonly labels = new Map<string, Endpoint>([["at_wini_0", DISK], ["fs_c0d1", 9000 as Endpoint]]);
  readonly announcements: { key: string; owner: Endpoint }[] = [];
  /** What VFS sent to drivers, and what nobody took yet. */
  readonly toDrivers: { to: Endpoint; message: Message }[] = [];
  readonly toPm: { name: string; status: number; pc: number; sequence: number; process: Endpoint }[] = [];
  readonly signals: number[] = [];
  readonly others = new Map<Endpoint, FakeFs>();
  stackTop = 0x20000;
  /** What plays the terminal, where the test does not. */
  terminal: FakeTty | null = null;
  /** How often an instance of VFS was replaced. */
  deaths = 0;
  private readonly answers = new Map<Endpoint, Message>();
  private readonly announced: World["announcements"] = [];
  private readonly options: HarnessOptions;
  private readonly plan: KillPlan;
  private readonly underWay: Sent[] = [];
  private sequence = 0;
  private version = image;

  constructor(kernel: HarnessOptions["kernel"] = {}, plan: KillPlan = { moments: [], meanwhile: "nothing" }) {
    this.plan = plan;
    this.options = {
      endpoint: VFS, rprocTable: rprocTable(), parameters: { rootdev: "768" },
      partners: new Map<Endpoint, Partner>([
        [DS, (message, harness) => this.dataStore(message, harness)], [PM, (message) => this.execNewMem(message)],
        [RS, (message) => (messageType(message) === RS_LU_PREPARE ? null : newMessage(0))], // who is ready for an update waits for ever
      ]),
      onSend: (sent) => {
        if (sent.how !== SENDREC) this.underWay.push(sent);
      },
      kernel: { kill: (_harness, { signal }) => (this.signals.push(signal), ok({})), ...kernel },
    };
    const [mostTraps] = plan.moments;
    this.harness = new ServiceHarness(image, mostTraps === undefined ? this.options : { ...this.options, mostTraps });
    const table: [number, Endpoint, number][] = [[2, RS, 2], [1, VFS, 7], [5, TTY, 3], [4, LOG, 4], [7, MFS, 5], [9, PFS, 6], [11, INIT, 1]];
    for (const [slot, process, pid] of table) this.pm("init", { process, slot, pid });
    this.pm("init", { process: NONE, slot: 0, pid: 0 });
  }

  /** Starts the disk driver and so mounts the root. */
  mountRoot(): this {
    this.root.add("/dev", 0o040755);
    this.root.add("/dev/console", 0o020666, "", 0x0400);
    this.root.add("/dev/tty", 0o020666, "", 0x0500);
    this.root.add("/dev/klog", 0o020666, "", 0x0f00);
    this.put(RS, 0x100, "at_wini_0\0");
    this.call(RS, "mapDriver", { label: 0x100 as never, labelLength: 10, major: 3, style: 1, flags: 0 });
    this.announce("drv.blk.at_wini_0", DISK);
    return this;
  }

  notify(source: Endpoint): void {
    const message = newMessage(NOTIFY_MESSAGE);
    m2.l2(u32).write(message, this.harness.uptime);
    this.send(source, message, NOTIFY);
  }

  announce(key: string, owner: Endpoint): void {
    this.announcements.push({ key, owner });
    this.announced.push({ key, owner });
    this.notify(DS);
  }

  /** Updates VFS between two messages, to another version where one is given. */
  update(version: typeof image = this.version): void {
    this.version = version;
    const prepare = { result: 0, state: SEF_LU_STATE_WORK_FREE, maxTime: 0 as never };
    this.harness.post(RS, encodeRequest(rsContract.base, rsContract.calls.luPrepare, prepare), SENDA);
    this.harness.run();
    this.replace(SEF_INIT_LU);
  }

  private replace(initType: number): void {
    const predecessor = this.harness;
    this.deaths++;
    const mostTraps = this.plan.moments[this.deaths];
    const options: HarnessOptions = { ...this.options, initType, oldEndpoint: BEFORE, predecessor };
    this.harness = new ServiceHarness(this.version, mostTraps === undefined ? options : { ...options, mostTraps });
    this.harness.output = predecessor.output + this.harness.output;
    this.pump();
  }

  /** Writes into a process's memory. */
  put(process: Endpoint, address: number, content: string | Uint8Array): void {
    const bytes = typeof content === "string" ? Uint8Array.from(content, (char) => char.charCodeAt(0)) : content;
    this.harness.clients.space(process).set(bytes, address);
  }
  get(process: Endpoint, address: number, length: number): string {
    return String.fromCharCode(...this.harness.clients.space(process).subarray(address, address + length));
  }

  /** Makes a call; null where VFS does not answer yet (see `late`). */
  call<Name extends VfsCallName>(process: Endpoint, name: Name, request: Request<Calls[Name]>): Outcome<Calls[Name]> | null {
    this.send(process, encodeRequest(0, vfsContract.calls[name] as Call<any, any, any>, request as never));
    return this.late(process, name);
  }
  /** The answer to a call that was not answered at once. */
  late<Name extends VfsCallName>(process: Endpoint, name: Name): Outcome<Calls[Name]> | null {
    const answer = this.answers.get(process);
    this.answers.delete(process);
    return answer === undefined ? null : (decodeReply(vfsContract.calls[name] as Call<any, any, any>, answer) as Outcome<Calls[Name]>);
  }

  open(process: Endpoint, path: string, flags: number, mode = 0o644): number | string | null {
    this.put(process, 0x800, `${path}\0`);
    const pathLength = path.length + 1;
    const message = (flags & 0o100) !== 0
      ? encodeRequest(0, openCreateCall, { pathLength, path: 0x800 as never, flags, mode })
      : encodeRequest(0, vfsContract.calls.open, { pathLength, path: 0x800 as never, inline: pathLength <= 14 ? path : "", flags });
    this.send(process, message);
    return this.result(process, "open");
  }
  /** A path for a call of form M3. */
  path3(process: Endpoint, path: string): { pathLength: number; path: never; inline: string } {
    this.put(process, 0x800, `${path}\0`);
    return { pathLength: path.length + 1, path: 0x800 as never, inline: path.length < 14 ? path : "" };
  }
  /** A path for a call of form M1. */
  path1(process: Endpoint, path: string): { pathLength: number; path: never } {
    this.put(process, 0x800, `${path}\0`);
    return { pathLength: path.length + 1, path: 0x800 as never };
  }
  twoPaths(process: Endpoint, from: string, to: string): { pathLength: number; path: never; path2Length: number; path2: never } {
    this.put(process, 0xa00, `${to}\0`);
    return { ...this.path1(process, from), path2Length: to.length + 1, path2: 0xa00 as never };
  }
  write(process: Endpoint, fd: number, text: string): number | string | null {
    this.put(process, 0x4000, text);
    this.call(process, "write", { fd, count: text.length, buffer: 0x4000 as never });
    return this.lastResult;
  }
  read(process: Endpoint, fd: number, count: number): string | null {
    const outcome = this.call(process, "read", { fd, count, buffer: 0x14000 as never });
    return outcome === null ? null : this.readText(process, outcome);
  }
  lateRead(process: Endpoint): string | null {
    const outcome = this.late(process, "read");
    return outcome === null ? null : this.readText(process, outcome);
  }
  lastResult: number | string | null = null;

  private readText(process: Endpoint, outcome: Outcome<Calls["read"]>): string {
    return outcome.ok ? this.get(process, 0x14000, outcome.value.result) : outcome.error;
  }
  private result(process: Endpoint, name: "open"): number | string | null {
    const outcome = this.late(process, name);
    return outcome === null ? null : outcome.ok ? outcome.value.result : outcome.error;
  }

  /** A request of PM. It gets the next sequence number, unless it has one. */
  pm<Name extends keyof typeof pmToVfs.calls>(
    name: Name, request: Omit<Request<(typeof pmToVfs.calls)[Name]>, "sequence"> & { sequence?: number },
  ): void {
    const values = { sequence: ++this.sequence, ...request };
    this.send(PM, encodeRequest(pmToVfs.base, pmToVfs.calls[name] as Call<any, any, any>, values as never), SENDA);
  }

  send(source: Endpoint, message: Message, status?: number): void {
    this.deliver(source, message, status);
    this.pump();
  }

  /** Lets VFS have a message, and another VFS where it dies. */
  private deliver(source: Endpoint, message: Message, status?: number): void {
    const { harness } = this;
    harness.post(source, message, status);
    harness.run();
    if (harness.ended === "killed") {
      if (this.plan.meanwhile !== "nothing") this.pump(this.plan.meanwhile === "no grants");
      this.replace(SEF_INIT_RESTART);
    } else if (harness.ended !== null) throw new Error(`the service ended: ${harness.ended}\n${harness.output}`);
  }

  /** Moves messages until everybody waits. */
  private pump(isWithoutGrants = false): void {
    for (let sent = this.underWay.shift(); sent !== undefined; sent = this.underWay.shift()) {
      const { to, message, how } = sent;
      const fs = to === MFS ? this.root : to === PFS ? this.pipes : this.others.get(to);
      if (fs?.isDead === true) continue;
      if (fs !== undefined && how === SENDA) this.pass(to, fs.answer(message, isWithoutGrants), SEND);
      else if (how === SENDA && to === PM) this.notePm(message);
      else if (how === SENDA && to === TTY && this.terminal !== null) this.play(message);
      else if (how === SENDA) this.toDrivers.push({ to, message });
      else if (to !== PM) this.note(to, message);
    }
  }
  private pass(from: Endpoint, message: Message, status: number): void {
    if (this.harness.ended === "killed") this.harness.post(from, message, status); // its successor gets it
    else this.deliver(from, message, status);
  }
  private play(message: Message): void {
    const reply = (this.terminal as FakeTty).answer(message);
    if (reply !== null) this.pass(TTY, reply, SENDA);
  }
  private note(to: Endpoint, message: Message): void {
    if (this.answers.has(to)) throw new Error(`${to} is answered twice`);
    this.answers.set(to, message);
    const type = messageType(message);
    this.lastResult = type < 0 ? fromError(type) : type;
  }
  private notePm(message: Message): void {
    const name = callByNumber(vfsToPm)(messageType(message));
    if (name === null) throw new Error(`VFS told PM ${messageType(message)}`);
    if (name === "restarted") return;
    const { status, pc, sequence, process } = decodeRequest(vfsToPm.calls.exec, message);
    if (name !== "reboot") this.toPm.push({ name, status, pc, sequence, process });
    else this.toPm.push({ name, status: 0, pc: 0, sequence, process: VFS });
  }

  private execNewMem(message: Message): Message {
    const reply = newMessage(messageType(message) === 100 ? 0 : -38);
    reply[2] = this.stackTop;
    reply[3] = 3; // load the text, set-id allowed
    return reply;
  }

  private dataStore(message: Message, harness: ServiceHarness): Message {
    const { calls } = dsContract;
    const grant = (id: number): Uint8Array => grantedBytes(harness, VFS, id as GrantId) as Uint8Array;
    switch (messageType(message) - dsContract.base) {
      case calls.subscribe.number:
        this.announcements.splice(0, Infinity, ...this.announced);
        if (this.announced.length > 0) harness.post(DS, newMessage(NOTIFY_MESSAGE), NOTIFY);
        return newMessage(0);
      case calls.retrieve.number: {
        const { key, keyLength } = decodeRequest(calls.retrieve, message);
        const endpoint = this.labels.get(String.fromCharCode(...grant(key).subarray(0, keyLength - 1)));
        return encodeReply(calls.retrieve, endpoint === undefined ? fail("ESRCH") : ok({ value: endpoint, valueLength: 0 }));
      }
      case calls.check.number: {
        const due = this.announcements.shift();
        if (due === undefined) return encodeReply(calls.check, fail("ENOENT"));
        grant(decodeRequest(calls.check, message).key).set(Uint8Array.from(`${due.key}\0`, (char) => char.charCodeAt(0)));
        return encodeReply(calls.check, ok({ flags: 0x10, owner: due.owner }));
      }
      default:
        throw new Error(`VFS asks DS ${messageType(message)}`);
    }
  }
}

const fromError = (type: number): string => {
  const outcome = decodeReply(vfsContract.calls.close, newMessage(type));
  return outcome.ok ? "" : outcome.error;
};
