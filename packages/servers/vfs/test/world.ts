import { dsContract } from "@procyon-os/contract-ds";
import { encodeRprocPub, RPROCPUB_BYTES, STYLE_CTTY, STYLE_DEVA, STYLE_NDEV, STYLE_TTY } from "@procyon-os/contract-rs";
import { openCreateCall, pmToVfs, vfsContract, vfsToPm, type VfsCallName } from "@procyon-os/contract-vfs";
import {
  callByNumber, decodeReply, decodeRequest, DS, encodeReply, encodeRequest, fail, MFS, messageType, newMessage, NONE, ok, PFS, PM, RS, SEND, SENDA, TTY, VFS,
  type Call, type Endpoint, type GrantId, type Message, type Outcome, type Request,
} from "@procyon-os/message";
import { grantedBytes, ServiceHarness, type HarnessOptions, type Partner } from "@procyon-os/service-harness";
import { image } from "../src/main.ts";
import { FakeFs } from "./fake-fs.ts";

export const INIT = 11 as Endpoint;
export const LOG = 4 as Endpoint;
export const DISK = 36_600 as Endpoint; // a driver that RS starts later
type Calls = typeof vfsContract.calls;

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
  readonly harness: ServiceHarness;
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
  private readonly answers = new Map<Endpoint, Message>();
  private seen = 0;
  private sequence = 0;

  constructor(kernel: HarnessOptions["kernel"] = {}) {
    this.harness = new ServiceHarness(image, {
      endpoint: VFS, rprocTable: rprocTable(), parameters: { rootdev: "768" },
      partners: new Map<Endpoint, Partner>([[DS, (message) => this.dataStore(message)], [PM, (message) => this.execNewMem(message)]]),
      kernel: { kill: (_harness, { signal }) => (this.signals.push(signal), ok({})), ...kernel },
    });
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
    this.harness.notify(source);
    this.pump();
  }

  announce(key: string, owner: Endpoint): void {
    this.announcements.push({ key, owner });
    this.harness.notify(DS);
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
    this.harness.send(PM, encodeRequest(pmToVfs.base, pmToVfs.calls[name] as Call<any, any, any>, values as never), SENDA);
    this.pump();
  }

  send(source: Endpoint, message: Message, status?: number): void {
    this.harness.send(source, message, status);
    this.pump();
  }

  /** Moves messages until everybody waits. */
  private pump(): void {
    const { sent } = this.harness;
    for (; this.seen < sent.length; this.seen++) {
      const { to, message, how } = sent[this.seen] as (typeof sent)[number];
      const fs = to === MFS ? this.root : to === PFS ? this.pipes : this.others.get(to);
      if (fs !== undefined && how === SENDA) this.harness.send(to, fs.answer(message), SEND);
      else if (how === SENDA && to === PM) this.notePm(message);
      else if (how === SENDA) this.toDrivers.push({ to, message });
      else if (to !== DS && to !== PM && to !== RS) this.note(to, message);
      else if (to === RS && messageType(message) !== 0x714) this.note(to, message);
    }
  }
  private note(to: Endpoint, message: Message): void {
    this.answers.set(to, message);
    const type = messageType(message);
    this.lastResult = type < 0 ? fromError(type) : type;
  }
  private notePm(message: Message): void {
    const name = callByNumber(vfsToPm)(messageType(message));
    if (name === null) throw new Error(`VFS told PM ${messageType(message)}`);
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

  private dataStore(message: Message): Message {
    const { calls } = dsContract;
    const grant = (id: number): Uint8Array => grantedBytes(this.harness, VFS, id as GrantId) as Uint8Array;
    switch (messageType(message) - dsContract.base) {
      case calls.subscribe.number:
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
