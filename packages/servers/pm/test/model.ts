import {
  GET_PROC, GET_PROCTAB, GET_REGS, GET_WHOAMI, MF_HOSTED, MF_REPLY_PEND, PROCESS_BYTES, RC_STOP, RTS_PROC_STOP, RTS_RECEIVING,
  RTS_SLOT_FREE, SIGCONTEXT_BYTES, SIGFRAME_BYTES, SYS_STATE_RETAKE_SIGNALS, T_RESUME, T_STOP, registers, signalMessage,
} from "@procyon-os/contract-kernel";
import { schedContract } from "@procyon-os/contract-sched";
import { vmContract } from "@procyon-os/contract-vm";
import {
  NONE, NR_PROCS, PM, RS, SCHED, callByNumber, decodeRequest, encodeReply, endpointGeneration, endpointSlot, fail, makeEndpoint, messageType,
  ok, type Call, type Endpoint, type Message, type Outcome, type Ticks,
} from "@procyon-os/message";
import { defaultKernelCalls, type KernelScript, type ServiceHarness } from "@procyon-os/service-harness";

/** A process as kernel, VM and SCHED see it. */
interface Modelled {
  readonly endpoint: Endpoint;
  inKernel: boolean;
  memory: "has" | "ends" | "gone";
  scheduled: boolean;
  stopped: boolean;
  tracerStopped: boolean;
  pending: number;
  taken: number;
  eip: number;
  esp: number;
  starts: number; // programs started by EXEC
  timer: number;
}

/** What GETINFO says beside the structure. */
export const NO_INFO = { endpoint: NONE, privilegeFlags: 0, name: "" };
const STACK = 0x3f000;
const CONTEXT_REGISTERS = 8;

/** Kernel, VM and SCHED around PM: they refuse what the real ones refuse, so what is done twice is seen. */
export class Model {
  readonly processes = new Map<number, Modelled>(); // by slot
  readonly signalled = new Set<string>(); // services, by KILL
  /** Processes that VFS was told of. */
  readonly known = new Set<Endpoint>();
  private readonly generations = new Map<number, number>();

  add(endpoint: Endpoint): void {
    this.processes.set(endpointSlot(endpoint), {
      endpoint, inKernel: true, memory: "has", scheduled: false, stopped: false, tracerStopped: false, pending: 0, taken: 0, eip: 0x1000,
      esp: STACK, starts: 0, timer: 0,
    });
  }

  at(endpoint: Endpoint): Modelled | null {
    const process = this.processes.get(endpointSlot(endpoint));
    return process !== undefined && process.endpoint === endpoint ? process : null;
  }

  private fork(slot: number): Outcome<(typeof vmContract.calls)["fork"]> {
    if (this.processes.has(slot)) return fail("EINVAL");
    const generation = (this.generations.get(slot) ?? 0) + 1;
    this.generations.set(slot, generation);
    const child = makeEndpoint(generation, slot);
    this.add(child);
    return ok({ child });
  }

  private leave(process: Modelled): void {
    if (process.inKernel || process.memory !== "gone") return;
    const slot = endpointSlot(process.endpoint);
    this.processes.delete(slot);
    // A child that nobody ever heard of: the next one is to have its name, so that runs can be compared.
    if (!this.known.has(process.endpoint)) this.generations.set(slot, endpointGeneration(process.endpoint) - 1);
  }

  vm(message: Message, harness: ServiceHarness): Message {
    const name = callByNumber(vmContract)(messageType(message)) as keyof typeof vmContract.calls;
    const one: Call<any, any, any> = vmContract.calls[name];
    const request = decodeRequest(one, message) as { [field: string]: number };
    if (name === "fork") {
      const made = this.fork(request.slot as number);
      if (made.ok && harness.waiters.has(request.parent as Endpoint)) harness.waiters.add(made.value.child); // it is in the same call
      return encodeReply(one, made as never);
    }
    const process = this.at(request.process as Endpoint);
    if (process === null || process.memory === "gone") return encodeReply(one, fail("ESRCH"));
    switch (name) {
      case "pushSig":
        return encodeReply(one, ok({ stackPointer: process.esp }) as never);
      case "execNewmem":
        process.esp = STACK;
        return encodeReply(one, ok({ flags: 1, stackTop: STACK }) as never);
      case "willexit":
        process.memory = "ends";
        break;
      case "exit":
        if (process.memory !== "ends") return encodeReply(one, fail("EINVAL"));
        process.memory = "gone";
        this.leave(process);
    }
    return encodeReply(one, ok({}) as never);
  }

  sched(message: Message): Message {
    const name = callByNumber(schedContract)(messageType(message)) as keyof typeof schedContract.calls;
    const one: Call<any, any, any> = schedContract.calls[name];
    const process = this.at((decodeRequest(one, message) as { process: Endpoint }).process);
    if (process === null || (name === "stop" && !process.scheduled)) return encodeReply(one, fail("EBADEPT"));
    process.scheduled = name !== "stop";
    return encodeReply(one, ok({ scheduler: SCHED }) as never);
  }

  /** One of the kernel's processes, as a kernel call names it. */
  private kernelCall(endpoint: Endpoint, run: (process: Modelled) => Outcome<Call<any, any, any>> | void): never {
    const process = this.at(endpoint);
    return (process === null || !process.inKernel ? fail("EINVAL") : (run(process) ?? ok({}))) as never;
  }

  private structure(harness: ServiceHarness, what: number, process: Endpoint, address: number): Outcome<Call<any, any, any>> | null {
    const view = new DataView(harness.memory.buffer, address);
    if (what === GET_PROCTAB) {
      for (let slot = 0; slot < NR_PROCS; slot++) {
        const one = this.processes.get(slot);
        const at = (5 + slot) * PROCESS_BYTES;
        view.setUint32(at + 632, one?.inKernel === true ? 0 : RTS_SLOT_FREE, true);
        view.setInt32(at + 804, one?.endpoint ?? 0, true);
      }
      return ok(NO_INFO);
    }
    if (what !== GET_PROC && what !== GET_REGS) return null;
    const one = this.at(process);
    if (one === null || !one.inKernel) return fail("EINVAL");
    if (what === GET_PROC) harness.memory.fill(0, address, address + PROCESS_BYTES);
    const frame = { gsFs: 0, esDs: 0, edi: 0, esi: 0, ebp: 0, st: 0, ebx: 0, edx: 0, ecx: 0, eax: 0, retadr: 0, eip: one.eip, cs: 0, eflags: 0, esp: one.esp, ss: 0 };
    harness.memory.set(registers.encode(frame), address);
    if (what === GET_REGS) return ok(NO_INFO);
    const waits = harness.waiters.has(process);
    view.setUint32(632, (waits ? RTS_RECEIVING : 0) | (one.stopped ? RTS_PROC_STOP : 0), true);
    view.setUint32(636, (waits ? MF_REPLY_PEND : 0) | (process === RS ? MF_HOSTED : 0), true);
    view.setInt32(784, PM, true);
    return ok(NO_INFO);
  }

  private sendFrame(harness: ServiceHarness, process: Modelled, at: number): void {
    const { signal, handler, signalReturn, stackPointer } = signalMessage.decode(harness.memory, at);
    const frameAt = stackPointer - SIGFRAME_BYTES - SIGCONTEXT_BYTES;
    const view = new DataView(harness.clients.space(process.endpoint).buffer);
    view.setUint32(frameAt, signalReturn, true);
    view.setUint32(frameAt + 4, signal, true);
    view.setUint32(frameAt + SIGFRAME_BYTES + CONTEXT_REGISTERS + 44, process.eip, true);
    view.setUint32(frameAt + SIGFRAME_BYTES + CONTEXT_REGISTERS + 56, process.esp, true);
    Object.assign(process, { eip: handler, esp: frameAt });
  }

  /** The handlers that a process is to run, the first first. */
  frames(harness: ServiceHarness, { endpoint, esp }: Modelled): number[] {
    const signals: number[] = [];
    const view = new DataView(harness.clients.space(endpoint).buffer);
    for (let at = esp; at !== STACK && signals.length < 9; at = view.getUint32(at + SIGFRAME_BYTES + CONTEXT_REGISTERS + 56, true)) signals.push(view.getUint32(at + 4, true));
    return signals;
  }

  private takeSignals(): { process: Endpoint; signals: number } {
    for (const process of this.processes.values()) {
      if (process.pending === 0) continue;
      const signals = process.pending;
      process.taken |= signals;
      process.pending = 0;
      return { process: process.endpoint, signals };
    }
    return { process: NONE, signals: 0 };
  }

  kernel(): KernelScript {
    return {
      getinfo: (harness, { what, address, process }) => {
        if (what === GET_WHOAMI) return ok({ endpoint: PM, privilegeFlags: 0x10, name: "pm" });
        return (this.structure(harness, what, process, address) ?? defaultKernelCalls.getinfo?.(harness, { what, address, process } as never)) as never;
      },
      times: (harness, { process }) => ok({ user: (process === NONE ? 0 : 7) as Ticks, system: 3 as Ticks, bootTime: 1000, uptime: harness.uptime as Ticks }),
      statectl: (harness, request) => {
        if (request.request !== SYS_STATE_RETAKE_SIGNALS) return (defaultKernelCalls.statectl as NonNullable<KernelScript["statectl"]>)(harness, request);
        for (const process of this.processes.values()) {
          process.pending |= process.taken;
          process.taken = 0;
        }
        return ok({});
      },
      runctl: (_harness, { process, action }) => this.kernelCall(process, (one) => {
        if (action !== RC_STOP && !one.stopped) return fail("EINVAL");
        one.stopped = action === RC_STOP;
      }),
      kill: (_harness, { process, signal }) => this.kernelCall(process, () => void this.signalled.add(`${process} ${signal}`)),
      clear: (harness, { process }) => this.kernelCall(process, (one) => {
        one.inKernel = false;
        harness.waiters.delete(process);
        this.leave(one);
      }),
      sigsend: (harness, { process, message }) => this.kernelCall(process, (one) => this.sendFrame(harness, one, message)),
      sigreturn: (_harness, { process, context }) => this.kernelCall(process, (one) => void Object.assign(one, { esp: context, eip: 0x1000 })),
      exec: (harness, { process, entry }) => this.kernelCall(process, (one) => {
        one.eip = entry;
        one.starts++;
        harness.waiters.delete(process);
      }),
      trace: (_harness, { process, request }) => this.kernelCall(process, (one) => {
        if (request === T_STOP || request === T_RESUME) one.tracerStopped = request === T_STOP;
        return ok({ data: 5 });
      }),
      vtimer: (_harness, { process, set, value }) => this.kernelCall(process, (one) => {
        const old = one.timer;
        if (set) one.timer = value;
        return ok({ old });
      }),
      getksig: () => ok(this.takeSignals()),
      endksig: (_harness, { process }) => this.kernelCall(process, (one) => void (one.taken = 0)),
      stime: () => ok({}),
    };
  }
}

