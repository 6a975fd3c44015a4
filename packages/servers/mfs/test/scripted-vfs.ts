import { blockContract, blockPosition, blockReply, decodeBlockVector } from "@procyon-os/contract-block";
import { dsContract } from "@procyon-os/contract-ds";
import {
  addTransaction, decodeDirents, decodeLookupReply, decodeStat, fsContract, LAST_TRANSACTION, LOOKUP_PATH_SIZE, splitReply, TRANSACTION_BASE,
  type LookupReply,
} from "@procyon-os/contract-fs";
import type { BlockStore } from "@procyon-os/mfs-format";
import {
  callByNumber, copyMessage, decodeReply, decodeRequest, DS, encodeReply, encodeRequest, errorCode, messageType, newMessage, NOTIFY, ok, RS,
  SENDA, VFS, VM, type Call, type Endpoint, type GrantId, type Message, type Outcome, type Request,
} from "@procyon-os/message";
import { RS_INIT, SEF_INIT_LU, SEF_INIT_RESTART } from "@procyon-os/contract-rs";
import { grantedBytes, ServiceHarness, standingBy, type HarnessOptions, type Sent } from "@procyon-os/service-harness";
import { mfs } from "../src/index.ts";
import { FakeVm } from "./fake-vm.ts";

type Calls = typeof fsContract.calls;
type Plain = Exclude<keyof Calls, "lookup">;

export const DRIVER = 40 as Endpoint;
export const DEVICE = 0x0300;
/** Where an instance is that has died. */
const DEAD = 555 as Endpoint;
const MEMORY_BYTES = 2 << 20;

/** The fields of a transfer; an open or close has some of them. */
type TransferRequest = Request<typeof blockContract.calls.gather>;

/** A disk with its driver: requests are counted, and it can be told to fail. */
export class FakeDisk {
  readonly store: BlockStore;
  readonly requests: string[] = [];
  /** Answers the next requests with these errors; EDEADSRCDST is a driver that died. */
  readonly failures: number[] = [];
  private open = new Set<number>();

  constructor(store: BlockStore) {
    this.store = store;
  }

  /** The driver is a new instance: nothing is open any more. */
  restart(): void {
    this.open.clear();
  }

  answer(message: Message, harness: ServiceHarness): Message {
    const name = callByNumber(blockContract)(messageType(message));
    if (name === null) throw new Error(`the driver got ${messageType(message)}`);
    const failure = this.failures.shift();
    if (failure === errorCode("EDEADSRCDST")) {
      this.restart();
      return newMessage(failure);
    }
    const request = decodeRequest(blockContract.calls[name] as Call, message) as unknown as TransferRequest;
    const status = failure ?? this.transfer(name, request, harness);
    return blockReply(status, request.id);
  }

  private transfer(name: string, request: TransferRequest, harness: ServiceHarness): number {
    if (name === "open") {
      this.open.add(request.minor);
      return 0;
    }
    if (!this.open.has(request.minor)) return errorCode("ERESTART");
    if (name === "close") return 0;
    const position = blockPosition(request);
    const pieces = name === "gather" || name === "scatter"
      ? decodeBlockVector(granted(harness, request.grant).subarray(0, request.count * 8)).map(({ grant, bytes }) => granted(harness, grant).subarray(0, bytes))
      : [granted(harness, request.grant).subarray(0, request.count)];
    let at = position;
    const write = name === "write" || name === "scatter";
    for (const piece of pieces) {
      const length = Math.max(0, Math.min(piece.length, this.store.size - at));
      if (write) this.store.write(at, piece.slice(0, length));
      else piece.set(this.store.read(at, length));
      at += length;
    }
    this.requests.push(`${write ? "write" : "read"} ${position}+${at - position}`);
    return at - position;
  }
}

function granted(harness: ServiceHarness, grant: GrantId): Uint8Array {
  const bytes = grantedBytes(harness, harness.endpoint, grant);
  if (bytes === null) throw new Error(`the driver has no grant ${grant}`);
  return bytes;
}

/** MFS with a disk, and VFS as the test plays it. */
export class MountedFs {
  harness: ServiceHarness;
  readonly disk: FakeDisk;
  readonly vm: FakeVm = new FakeVm(MEMORY_BYTES);
  /** Does what RS does when an instance has died: another takes over. Null: a death ends the test. */
  revive: ((fs: MountedFs) => void) | null = null;
  /** Requests that were sent again, as VFS does after a death. */
  repeated = 0;
  private transaction = 0;
  private predecessor: ServiceHarness | null = null;

  constructor(store: BlockStore, options: Partial<HarnessOptions> = {}) {
    this.disk = new FakeDisk(store);
    this.harness = this.start(options);
  }

  /** Another instance takes over from the one that has died or is to be replaced; from the one before, where that had not got so far. */
  takeOver(options: Partial<HarnessOptions> = {}): void {
    this.vm.restart(MEMORY_BYTES);
    if (this.harness.sent.some(({ to, message }) => to === RS && messageType(message) === RS_INIT)) this.predecessor = this.harness;
    this.harness = this.start({ initType: SEF_INIT_RESTART, oldEndpoint: DEAD, predecessor: this.predecessor ?? this.harness, ...options });
  }

  /** A new version gets ready beside the instance that serves, then takes over. Gives what it asked others between the two. */
  update(): Sent[] {
    const asked: Sent[] = [];
    let isOver = false;
    this.takeOver({
      initType: SEF_INIT_LU, kernel: standingBy(DEAD),
      onSend: (sent) => {
        if (sent.how === NOTIFY) asked.length = 0;
        else if (sent.to === RS) isOver = true;
        else if (!isOver) asked.push(sent);
      },
    });
    return asked;
  }

  private start(options: Partial<HarnessOptions>): ServiceHarness {
    return new ServiceHarness(mfs, {
      endpoint: 7 as Endpoint,
      memoryBytes: 3 * MEMORY_BYTES,
      partners: new Map([
        [DRIVER, (message: Message, harness: ServiceHarness) => this.disk.answer(message, harness)],
        [DS, (message: Message) => (messageType(message) === dsContract.base + dsContract.calls.retrieve.number
          ? encodeReply(dsContract.calls.retrieve, ok({ value: DRIVER, valueLength: 0 }))
          : newMessage(errorCode("ESRCH")))],
        [VM, (message: Message, harness: ServiceHarness) => this.vm.answer(message, harness)],
      ]),
      ...options,
    });
  }

  /** A text or bytes that the server may read and write. */
  lend(text: string): GrantId {
    return this.harness.grant(VFS, text);
  }
  lendBytes(bytes: Uint8Array): GrantId {
    return this.harness.grant(VFS, bytes);
  }
  bytesOf(grant: GrantId): Uint8Array {
    return this.harness.clients.bytes(VFS, grant) as Uint8Array;
  }

  mount(flags = 0, device = DEVICE): Outcome<Calls["readSuper"]> {
    const label = this.harness.grant(VFS, "at_wini_0");
    return this.call("readSuper", { grant: label, device, pathLength: 10, flags });
  }

  /** One request with a transaction, and its answer. */
  call<Name extends Plain>(name: Name, request: Request<Calls[Name]>): Outcome<Calls[Name]> {
    return decodeReply(fsContract.calls[name] as Call, this.send(this.request(name, request))) as Outcome<Calls[Name]>;
  }

  /** A request as a message, for `send` and `repeat`. */
  request<Name extends Plain>(name: Name, request: Request<Calls[Name]>): Message {
    return encodeRequest(fsContract.base, fsContract.calls[name] as Call, request as never);
  }

  /** LOOKUP as root (or another user), and the path that came back. */
  lookup(path: string, { directory = 1, root = 0, flags = 0, uid = 0, gid = 0 } = {}): LookupReply & { path: string } {
    const room = new Uint8Array(LOOKUP_PATH_SIZE);
    for (let i = 0; i < path.length; i++) room[i] = path.charCodeAt(i);
    const grant = this.harness.grant(VFS, room);
    const reply = this.send(encodeRequest(fsContract.base, fsContract.calls.lookup, {
      credentialsGrant: -1 as GrantId, grant, directory, root, pathSize: LOOKUP_PATH_SIZE, gid, pathLength: path.length + 1, flags,
      uidOrCredentialsSize: uid,
    }));
    const back = this.harness.clients.bytes(VFS, grant) as Uint8Array;
    return { ...decodeLookupReply(reply), path: String.fromCharCode(...back.subarray(0, back.indexOf(0))) };
  }

  /** The inode of a path, with a reference that is dropped at once. */
  inode(path: string): number {
    const reply = this.lookup(path);
    if (reply.kind !== "found") throw new Error(`${path}: ${JSON.stringify(reply)}`);
    this.put(reply.inode);
    return reply.inode;
  }

  /** Opens a path: its inode, with a reference. */
  open(path: string): number {
    const reply = this.lookup(path);
    if (reply.kind !== "found") throw new Error(`${path}: ${JSON.stringify(reply)}`);
    return reply.inode;
  }

  put(inode: number, count = 1): void {
    if (!this.call("putNode", { inode, count }).ok) throw new Error(`putNode ${inode}`);
  }

  named(inode: number, name: string): { inode: number; grant: GrantId; pathLength: number } {
    return { inode, grant: this.harness.grant(VFS, name), pathLength: name.length + 1 };
  }

  /** Makes a file and gives its inode, open. */
  create(directory: number, name: string, mode = 0o100644): number {
    const made = this.call("create", { ...this.named(directory, name), mode, uid: 3, gid: 4 });
    if (!made.ok) throw new Error(`create ${name}: ${made.error}`);
    return made.value.inode;
  }

  write(inode: number, position: number, content: Uint8Array): Outcome<Calls["write"]> {
    const grant = this.harness.grant(VFS, content);
    return this.call("write", { inode, grant, position, positionHigh: 0, bytes: content.length });
  }

  read(inode: number, position: number, bytes: number): Uint8Array {
    const grant = this.harness.grant(VFS, new Uint8Array(bytes));
    const got = this.call("read", { inode, grant, position, positionHigh: 0, bytes });
    if (!got.ok) throw new Error(`read: ${got.error}`);
    return (this.harness.clients.bytes(VFS, grant) as Uint8Array).subarray(0, got.value.bytes);
  }

  stat(inode: number): ReturnType<typeof decodeStat> {
    const grant = this.harness.grant(VFS, new Uint8Array(100));
    const got = this.call("stat", { inode, grant });
    if (!got.ok) throw new Error(`stat: ${got.error}`);
    return decodeStat(this.harness.clients.bytes(VFS, grant) as Uint8Array);
  }

  /** The names in a directory, read with a buffer of some size. */
  names(inode: number, room = 4096): string[] {
    const names: string[] = [];
    for (let position = 0; ; ) {
      const grant = this.harness.grant(VFS, new Uint8Array(room));
      const got = this.call("getDents", { inode, grant, position, positionHigh: 0, size: room });
      if (!got.ok) throw new Error(`getDents: ${got.error}`);
      if (got.value.bytes === 0) return names;
      names.push(...decodeDirents((this.harness.clients.bytes(VFS, grant) as Uint8Array).subarray(0, got.value.bytes)).map(({ name }) => name));
      position = got.value.position;
    }
  }

  /** Sends a request under the next transaction; where the server dies before it has answered, sends it again. */
  send(request: Message): Message {
    this.transaction = (this.transaction % LAST_TRANSACTION) + 1;
    return this.ask(request, TRANSACTION_BASE + this.transaction);
  }

  /** The last request once more, as VFS sends it when it has itself died. */
  repeat(request: Message): Message {
    return this.ask(request, TRANSACTION_BASE + this.transaction);
  }

  private ask(request: Message, expected: number): Message {
    const message = copyMessage(request);
    message[1] = addTransaction(messageType(request), expected);
    let seen = this.harness.sent.length;
    this.harness.post(VFS, message, SENDA);
    this.harness.run();
    for (;;) {
      const answer = this.harness.sent.slice(seen).find(({ to, message }) => to === VFS && (messageType(message) & 0xffff) === expected);
      const died = this.harness.ended !== null;
      if (died && (this.revive === null || this.harness.ended !== "killed")) throw new Error(`the server ended: ${this.harness.ended}; printed: ${this.harness.output}`);
      if (died) this.revive?.(this);
      if (answer !== undefined) {
        const reply = copyMessage(answer.message);
        reply[1] = splitReply(messageType(answer.message)).result;
        return reply;
      }
      if (!died) throw new Error(`no answer; printed: ${this.harness.output}`);
      this.repeated++;
      seen = 0;
      this.harness.post(VFS, message, SENDA);
      this.harness.run();
    }
  }
}
