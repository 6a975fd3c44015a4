import { rsContract } from "@procyon-os/contract-rs";
import { PFERR_PROT, PFERR_USER, PFERR_WRITE, VM_PAGEFAULT, vmContract, type VmCallName } from "@procyon-os/contract-vm";
import {
  decodeReply, encodeRequest, enterInstance, IPC_VECTOR, KERNEL_CALL_VECTOR, LOAD_VECTOR, newMessage, NONE, NOTIFY, NOTIFY_MESSAGE, PM,
  RECEIVE, RS, SEND, SENDNB, SENDREC, SIGKMEM, STATUS_FROM_KERNEL, STORE_VECTOR, SYSTEM, VM, type Endpoint, type Frame, type Instance,
  type Message, type Outcome, type Program, type Request,
} from "@procyon-os/message";
import { checkVm, type MemoryUse } from "../check.ts";
import { vm, vmStateOf } from "../main.ts";
import { checkSaved } from "../recovery/saved.ts";
import type { VmProcess, VmState } from "../state.ts";
import { loadBootImage } from "./fake-boot.ts";
import { FakeKernel, type FakeMapping } from "./fake-kernel.ts";
import { FakeMemory, type FakeProcess } from "./fake-memory.ts";

type Calls = typeof vmContract.calls;
const GRANT_OF_RS = 7;

/** The real VM on a fake machine: tests are its clients, its processes and its kernel. */
export class FakeMachine {
  readonly ram: FakeMemory;
  readonly kernel: FakeKernel;
  readonly notified: Endpoint[] = [];
  /** What VM told RS of its initialization. */
  initResult: number | null = null;
  traps = 0;
  /** Called before each trap of VM is answered: what another CPU does at that moment. */
  onTrap: (() => void) | null = null;
  private replies: { readonly to: Endpoint; readonly message: Message }[] = [];
  private readonly instance: Instance = { image: vm, args: ["vm"], values: new Map() };
  private readonly program: Program<unknown>;
  private frame: Frame | null = null;
  private waiting = false;
  private readonly inbox: { readonly message: Message; readonly status: number }[] = [];

  constructor(megabytes: number, cpus = 1, parameters = "", mappings: readonly FakeMapping[] = []) {
    this.ram = new FakeMemory(megabytes * 0x100000);
    this.kernel = new FakeKernel(this.ram, loadBootImage(this.ram), cpus, parameters, mappings);
    enterInstance(this.instance);
    this.program = vm.main(["vm"]);
    this.run();
    const init = { result: 0, type: 0, rprocTable: GRANT_OF_RS, oldEndpoint: NONE, kept: 0, self: VM };
    this.deliver(RS, encodeRequest(rsContract.base, rsContract.calls.init, init), SENDREC);
  }

  get memory(): Uint8Array {
    return this.ram.bytes;
  }
  get state(): VmState {
    const state = vmStateOf(this.instance);
    if (state === null) throw new Error(`VM has not booted: ${this.kernel.prints.join("")}`);
    return state;
  }
  process(endpoint: Endpoint): FakeProcess {
    return this.ram.process(endpoint);
  }

  /** Makes a call of VM and gives its outcome. */
  call<Name extends VmCallName>(caller: Endpoint, name: Name, request: Request<Calls[Name]>): Outcome<Calls[Name]> {
    const one = vmContract.calls[name];
    return decodeReply(one, this.send(caller, encodeRequest(vmContract.base, one, request as never))) as Outcome<Calls[Name]>;
  }

  /** Sends a message to VM and gives the reply. */
  send(caller: Endpoint, message: Message): Message {
    this.replies = [];
    this.deliver(caller, message, SENDREC);
    const [reply] = this.replies;
    if (this.replies.length !== 1 || reply === undefined) throw new Error(`${this.replies.length} replies`);
    return reply.message;
  }

  /** An access of a process to one byte: its physical address, or the signal that it got. Faults go to VM, as often as needed. */
  touch(endpoint: Endpoint, address: number, write: boolean): number | "SIGSEGV" {
    const process = this.process(endpoint);
    for (let tries = 0; tries < 3; tries++) {
      if (process.inhibited || process.faulting) throw new Error(`process ${endpoint} may not run`);
      const found = this.ram.walk(process, address);
      if (found !== null && found.user && (found.writable || !write)) return found.physical;
      const message = newMessage(VM_PAGEFAULT);
      message[2] = this.ram.linear(process, address);
      message[3] = PFERR_USER | (write ? PFERR_WRITE : 0) | (found === null ? 0 : PFERR_PROT);
      process.faulting = true;
      this.deliver(endpoint, message, SEND | STATUS_FROM_KERNEL);
      if (process.faulting) throw new Error("VM has left a process in its page fault");
      if (process.signals.splice(0).length > 0) return "SIGSEGV";
    }
    throw new Error(`process ${endpoint} faults for ever at 0x${address.toString(16)}`);
  }

  poke(endpoint: Endpoint, address: number, value: number): void {
    const physical = this.touch(endpoint, address, true);
    if (physical === "SIGSEGV") throw new Error(`cannot write 0x${address.toString(16)}`);
    this.memory[physical] = value;
  }
  peek(endpoint: Endpoint, address: number): number {
    const physical = this.touch(endpoint, address, false);
    if (physical === "SIGSEGV") throw new Error(`cannot read 0x${address.toString(16)}`);
    return this.memory[physical] as number;
  }

  /** A request of the kernel for memory of a process (user addresses): VM's answer. */
  request(target: Endpoint, address: number, length: number, write: boolean, type = 1, source: Endpoint = target, from = 0): number {
    const linear = (endpoint: Endpoint, user: number): number => this.ram.linear(this.process(endpoint), user);
    this.kernel.requests.push({ target, start: linear(target, address), length, write, type, source, sourceStart: linear(source, from) });
    const message = newMessage(NOTIFY_MESSAGE);
    message[5] = 1 << SIGKMEM;
    this.deliver(SYSTEM, message, NOTIFY);
    return this.kernel.requestResult;
  }

  /** Forks through PM into a slot. */
  fork(parent: Endpoint, slot: number, flags = 0): Outcome<Calls["fork"]> {
    return this.call(PM, "fork", { parent, slot, flags });
  }

  /** Ends a process as PM does. */
  exit(endpoint: Endpoint): void {
    this.call(PM, "willexit", { process: endpoint });
    this.ram.processes.delete(endpoint);
    const ended = this.call(PM, "exit", { process: endpoint });
    if (!ended.ok) throw new Error(`exit: ${ended.error}`);
  }

  /** VM's own check, and: what lies in memory is what VM believes to have written. */
  check(): MemoryUse {
    const use = checkVm(this.state);
    checkSaved(this.state);
    for (const process of this.state.processes) if (process) this.checkTables(process);
    return use;
  }

  private checkTables({ endpoint, slot, space }: VmProcess): void {
    const { view } = this.ram;
    const fake = this.process(endpoint);
    if (fake.inhibited || fake.faulting) throw new Error(`${endpoint} cannot run`);
    if (fake.cr3 !== space.directory.frame * 4096) throw new Error(`${endpoint} runs with another directory`);
    const seen = view.getUint32(this.state.directoryPage.frame * 4096 + slot * 4, true);
    if (seen >>> 12 !== space.directory.frame) throw new Error(`the kernel sees another directory of ${endpoint}`);
    for (const { frame, entries } of [space.directory, ...space.tables.values()]) {
      entries.forEach((entry, i) => {
        if (view.getInt32(frame * 4096 + i * 4, true) !== entry) throw new Error(`a table of ${endpoint}: entry ${i} is not in memory`);
      });
    }
  }

  private deliver(source: Endpoint, message: Message, status: number): void {
    message[0] = source;
    this.inbox.push({ message, status });
    this.run();
  }

  /** Lets VM run until it waits for a message that is not there. */
  private run(): void {
    enterInstance(this.instance);
    for (;;) {
      if (this.waiting) {
        const next = this.inbox.shift();
        if (next === undefined) return;
        this.waiting = false;
        Object.assign(this.frame as Frame, { eax: 0, ebx: next.status, message: next.message });
      }
      const step = this.program.next(this.frame as Frame);
      if (step.done === true) throw new Error("VM has ended");
      this.frame = step.value;
      this.traps++;
      this.onTrap?.();
      this.trap(this.frame);
    }
  }

  private trap(frame: Frame): void {
    if (frame.vector === LOAD_VECTOR) frame.bytes = this.ram.readOwn(frame.eax >>> 0, frame.ecx);
    else if (frame.vector === STORE_VECTOR) this.ram.writeOwn(frame.eax >>> 0, frame.bytes as Uint8Array);
    else if (frame.vector === KERNEL_CALL_VECTOR) frame.message = this.kernel.call(frame.message as Message);
    else if (frame.vector === IPC_VECTOR) this.ipc(frame);
    else throw new Error(`trap ${frame.vector}`);
  }

  private ipc(frame: Frame): void {
    const message = frame.message as Message;
    const partner = frame.eax as Endpoint;
    if (frame.ecx === RECEIVE) {
      this.waiting = true;
      return;
    }
    frame.eax = 0;
    if (frame.ecx === SENDNB) this.replies.push({ to: partner, message: message.slice() });
    else if (frame.ecx === NOTIFY) this.notified.push(partner);
    else if (frame.ecx === SENDREC && partner === RS) {
      this.initResult = message[2] as number;
      frame.message = newMessage(0);
    } else throw new Error(`ipc ${frame.ecx} to ${partner}`);
  }
}
