import { localBus, type Port } from "@procyon-os/bus";
import { kernelContract } from "@procyon-os/contract-kernel";
import { RS_INIT, rsContract, SEF_INIT_FRESH } from "@procyon-os/contract-rs";
import {
  ANY, AMF_DONE, AMF_VALID, ASYN_ENTRY_BYTES, callByNumber, decodeReply, decodeRequest, encodeReply, encodeRequest, errorCode,
  IPC_VECTOR, KERNEL_CALL_VECTOR, LOAD_VECTOR, m2, messageFromBytes, messageSource, messageType, newMessage, NONE, NOTIFY,
  NOTIFY_MESSAGE, RECEIVE, RECEIVE_NOTED, RS, SEND, SENDA, SENDREC, statusCall, STATUS_FROM_KERNEL, STORE_VECTOR, TSC_VECTOR, u32, type Call, type Endpoint,
  type Frame, type GrantId, type Message, type Outcome, type Protocol, type Request, type ServiceImage,
} from "@procyon-os/message";
import { ClientMemory } from "./client-memory.ts";
import type { HarnessOptions, Sent } from "./harness-options.ts";
import { defaultKernelCalls, type KernelScript } from "./kernel-script.ts";

// SEF checks after each transaction that nothing has changed which it was not told of (`checkSavedState`).
(globalThis as { [key: symbol]: unknown })[Symbol.for("@procyon-os/sef/check-saved")] = { on: true };

const DEFAULT_ENDPOINT = 100 as Endpoint;
const MEMORY_BYTES = 4 * 1024 * 1024;

/**
 * Runs one hosted service against a scripted kernel: its real `main`, its real memory (a flat array), every trap answered.
 * `call` sends a request as some client would, runs the service until it waits again, and gives its answer.
 */
export class ServiceHarness {
  readonly endpoint: Endpoint;
  readonly memory: Uint8Array;
  readonly clients: ClientMemory; // that of a predecessor stays
  readonly parameters: { readonly [name: string]: string };
  readonly sent: Sent[] = [];
  /** What the service printed. */
  output = "";
  uptime = 0;
  grantTable: { address: number; entries: number } = { address: 0, entries: 0 }; // where it lies
  alarm: number | null = null;
  ended: string | null = null;
  /** Traps that were made so far. */
  traps = 0;
  /** What the kernel would know of this instance when it dies: noted messages and asynchronous ones. */
  readonly left = { received: 0, status: 0, message: newMessage(), asynDone: 0 };
  /** Who is in SENDREC to the service: its request was received, and there is no answer yet. */
  readonly waiters: Set<Endpoint>;
  /** Who is dead: nothing can be sent to it. The test fills it. */
  readonly gone = new Set<Endpoint>();
  /** Who was told that the instance before is dead (EDEADSRCDST). */
  readonly released: Endpoint[] = [];

  private readonly port: Port;
  private readonly options: HarnessOptions;
  private readonly callName = callByNumber(kernelContract);
  private readonly inbox: { message: Message; status: number }[] = [];
  private started = false;
  private table: [address: number, count: number] = [0, 0];
  private waiting: Frame | null = null;
  private lastAnswer: Frame | null = null;

  constructor(image: ServiceImage, options: HarnessOptions = {}) {
    this.endpoint = options.endpoint ?? DEFAULT_ENDPOINT;
    this.memory = new Uint8Array(options.memoryBytes ?? MEMORY_BYTES);
    this.parameters = options.parameters ?? {};
    this.options = options;
    const before = options.predecessor;
    this.waiters = new Set(before?.waiters);
    this.clients = before?.clients ?? new ClientMemory();
    Object.assign(this, { uptime: before?.uptime ?? 1000, alarm: before?.alarm ?? null });
    this.port = localBus.spawn(image, options.args ?? [image.name]);
    if (this.endpoint !== RS) this.postInit(); // RS asks itself
    this.run();
  }

  private postInit(): void {
    const { options } = this;
    const table = this.clients.grant(RS, options.rprocTable ?? new Uint8Array(64 * 260));
    const init = encodeRequest(rsContract.base, rsContract.calls.init, {
      result: 0, type: options.initType ?? SEF_INIT_FRESH, rprocTable: table, oldEndpoint: options.oldEndpoint ?? NONE, kept: 0, self: this.endpoint,
    });
    for (const message of options.beforeInit ?? []) this.post(RS, message, SENDA);
    this.post(RS, init, SENDA);
  }

  private note(sent: Sent): void {
    this.sent.push(sent);
    this.options.onSend?.(sent, this);
  }

  /** Runs the service until it waits for a message that is not there. */
  run(): void {
    if (this.ended !== null) return;
    if (!this.started && this.options.predecessor !== undefined) this.inbox.push(...this.options.predecessor.inbox.splice(0));
    this.started = true;
    for (;;) {
      if (this.waiting !== null) {
        if (!this.deliver(this.waiting)) return;
        this.waiting = null;
      }
      if (this.traps++ === this.options.mostTraps) {
        this.ended = "killed";
        return;
      }
      const event = this.port.resume(this.lastAnswer);
      if (event.kind !== "trap") {
        this.ended = event.kind === "exit" ? "exit" : event.report;
        return;
      }
      this.lastAnswer = event.frame;
      if (!this.answer(event.frame)) this.waiting = event.frame;
      if (this.ended !== null) return;
    }
  }

  /** Puts a message into the service's way, without running it. `status` is the call by which it comes. */
  post(source: Endpoint, message: Message, status: number = SENDREC): void {
    this.inbox.push({ message: Object.assign(message.slice(), { 0: source }), status });
  }

  /** Sends a message and gives everything that the service sent while it dealt with it. */
  send(source: Endpoint, message: Message, status: number = SENDREC): Sent[] {
    const before = this.sent.length;
    this.post(source, message, status);
    this.run();
    if (this.ended !== null) throw new Error(`the service ended: ${this.ended}\n${this.output}`);
    return this.sent.slice(before);
  }

  /** Sends a notification. `argument` is the set of signals or interrupts where the source is SYSTEM or HARDWARE. */
  notify(source: Endpoint, argument = 0): Sent[] {
    const message = newMessage(NOTIFY_MESSAGE);
    m2.l1(u32).write(message, argument);
    m2.l2(u32).write(message, this.uptime);
    return this.send(source, message, NOTIFY);
  }

  /** A message that the kernel makes on behalf of a process. */
  fromKernel(source: Endpoint, message: Message): Sent[] {
    return this.send(source, message, SEND | STATUS_FROM_KERNEL);
  }

  /** Calls the service as a client does and gives the outcome; null where no answer came. */
  call<P extends Protocol<any>, Name extends keyof P["calls"] & string>(
    contract: P, source: Endpoint, name: Name, request: Request<P["calls"][Name]>,
  ): Outcome<P["calls"][Name]> | null {
    const one = contract.calls[name] as Call<any, any, any>;
    const sent = this.send(source, encodeRequest(contract.base, one, request as never));
    const answer = sent.find(({ to, how }) => to === source && how !== SENDREC && how !== NOTIFY);
    return answer === undefined ? null : (decodeReply(one, answer.message) as Outcome<P["calls"][Name]>);
  }

  /** A grant of a client over bytes of its own; read them back with `clients.bytes`. */
  grant(owner: Endpoint, content: Uint8Array | string): GrantId {
    return this.clients.grant(owner, content);
  }

  /** The instance that has ended at this endpoint before this one took over, where the test has given one. */
  predecessorAt(endpoint: Endpoint): ServiceHarness | null {
    return endpoint === this.options.oldEndpoint ? (this.options.predecessor ?? null) : null;
  }

  /** Completes a SENDREC of the service that a partner left waiting. */
  reply(from: Endpoint, message: Message): Sent[] {
    return this.send(from, message, SEND);
  }

  private answer(frame: Frame): boolean {
    switch (frame.vector) {
      case LOAD_VECTOR:
        this.checkRange(frame.eax, frame.ecx);
        frame.bytes = this.memory.slice(frame.eax, frame.eax + frame.ecx);
        return true;
      case STORE_VECTOR:
        this.checkRange(frame.eax, (frame.bytes as Uint8Array).length);
        this.memory.set(frame.bytes as Uint8Array, frame.eax);
        return true;
      case TSC_VECTOR: return true; // time stands still
      case KERNEL_CALL_VECTOR:
        return this.kernelCall(frame);
      case IPC_VECTOR:
        return this.ipc(frame);
      default:
        throw new Error(`the service trapped with vector ${frame.vector}`);
    }
  }

  private checkRange(address: number, length: number): void {
    if (address < 0x1000 || address + length > this.memory.length) {
      throw new Error(`the service touched ${length} bytes at 0x${address.toString(16)}, outside its memory`);
    }
  }

  private kernelCall(frame: Frame): boolean {
    const message = frame.message as Message;
    const name = this.callName(messageType(message));
    if (name === null) throw new Error(`unknown kernel call ${messageType(message)}`);
    const script: KernelScript = { ...defaultKernelCalls, ...this.options.kernel };
    const handler = script[name];
    if (handler === undefined) throw new Error(`the test answers no kernel call ${name}`);
    const one = kernelContract.calls[name] as Call<any, any, any>;
    const outcome = handler(this, decodeRequest(one, message) as never);
    if (outcome === "never") {
      this.ended = `kernel call ${name}`;
      return true;
    }
    frame.message = outcome instanceof Int32Array ? outcome : encodeReply(one, outcome as never);
    return true;
  }

  private ipc(frame: Frame): boolean {
    const to = frame.eax as Endpoint;
    switch (frame.ecx) {
      case RECEIVE:
        return this.deliver(frame);
      case SENDREC:
        return this.sendrec(frame, to);
      case SENDA:
        this.senda(frame.ebx, frame.eax);
        frame.eax = 0;
        return true;
      default:
        frame.eax = errorCode("EDEADSRCDST");
        if (this.gone.has(to)) return true;
        this.waiters.delete(to);
        this.note({ how: frame.ecx, to, message: frame.message?.slice() ?? newMessage(NOTIFY_MESSAGE) });
        frame.eax = 0;
        return true;
    }
  }

  private sendrec(frame: Frame, to: Endpoint): boolean {
    const message = (frame.message as Message).slice();
    message[0] = this.endpoint;
    this.note({ how: SENDREC, to, message });
    const partner = this.options.partners?.get(to);
    if (partner === undefined && to === RS && messageType(message) === RS_INIT) {
      frame.message = newMessage(0);
      frame.eax = 0;
      return true;
    }
    const reply = partner === undefined ? newMessage(errorCode("EDEADSRCDST")) : partner(message, this);
    if (reply === null) return false;
    reply[0] = to;
    frame.message = reply;
    frame.eax = 0;
    return true;
  }

  /** Completes a RECEIVE, or the receive half of a SENDREC, from the inbox. */
  private deliver(frame: Frame): boolean {
    const from = frame.eax;
    const index = this.inbox.findIndex(({ message }) => from === ANY || messageSource(message) === from);
    if (index < 0) return false;
    const [{ message, status }] = this.inbox.splice(index, 1) as [{ message: Message; status: number }];
    if (frame.ecx === RECEIVE && frame.ebx === RECEIVE_NOTED) {
      Object.assign(this.left, { received: this.left.received + 1, status, message: message.slice() });
    }
    if (frame.ecx === RECEIVE && statusCall(status) === SENDREC) this.waiters.add(messageSource(message));
    frame.message = message;
    frame.eax = 0;
    frame.ebx = status;
    return true;
  }

  /** What the service sends asynchronously and its receiver takes now. */
  takeHeld(): void {
    this.senda(...this.table);
    this.run();
  }

  private senda(address: number, count: number): void {
    this.table = [address, count];
    const view = new DataView(this.memory.buffer);
    for (let at = address; at < address + count * ASYN_ENTRY_BYTES; at += ASYN_ENTRY_BYTES) {
      const flags = view.getUint32(at, true);
      if ((flags & AMF_VALID) === 0 || (flags & AMF_DONE) !== 0) continue;
      const sent: Sent = { how: SENDA, to: view.getInt32(at + 4, true) as Endpoint, message: messageFromBytes(this.memory, at + 12) };
      if (this.options.isHeld?.(sent) === true) continue;
      view.setUint32(at, flags | AMF_DONE, true);
      view.setInt32(at + 8, 0, true);
      this.left.asynDone++;
      this.waiters.delete(sent.to);
      this.note(sent);
    }
  }
}
