import {
  GET_HZ, GET_IMAGE, GET_MONPARAMS, GET_PROC, GET_WHOAMI, MF_HOSTED, MONPARAMS_BYTES, PROCESS_BYTES, RC_DELAY, RC_STOP, bootImageEntry,
} from "@procyon-os/contract-kernel";
import { pmContract } from "@procyon-os/contract-pm";
import { schedContract } from "@procyon-os/contract-sched";
import { pmToVfs, vfsToPm } from "@procyon-os/contract-vfs";
import { vmContract } from "@procyon-os/contract-vm";
import {
  CLOCK, DS, INIT, LOG, MEM, MFS, NONE, PFS, PM, RS, SCHED, SENDA, SENDREC, SIGKSIG, SYSTEM, TTY, VFS, VM, callByNumber, decodeRequest,
  encodeReply, encodeRequest, fail, makeEndpoint, messageType, newMessage, ok, type Call, type Endpoint, type Message, type Outcome,
  type Request, type Ticks, type VirtAddr,
} from "@procyon-os/message";
import { ServiceHarness, type KernelScript, type Partner } from "@procyon-os/service-harness";
import { checkSavedState } from "@procyon-os/sef";
import { pm } from "../src/index.ts";

checkSavedState(true); // every change of a process is to be marked

const bootOrder: readonly [string, Endpoint][] = [
  ["ds", DS], ["rs", RS], ["pm", PM], ["sched", SCHED], ["vfs", VFS], ["memory", MEM], ["log", LOG], ["tty", TTY], ["mfs", MFS], ["vm", VM],
  ["pfs", PFS], ["init", INIT],
];

function imageBytes(): Uint8Array {
  const bytes = new Uint8Array(17 * bootImageEntry.bytes);
  const memory = { textVirtual: 0, textPhysical: 0, textBytes: 0, dataVirtual: 0, dataPhysical: 0, dataBytes: 0, stackBytes: 0, entry: 0 };
  const entries = [...[-5, -4, -3, -2, -1].map((task) => ["task", task as Endpoint] as const), ...bootOrder];
  entries.forEach(([name, endpoint], index) => {
    bytes.set(bootImageEntry.encode({ slot: endpoint, flags: 0, stackKb: 0, name, endpoint, memory }), index * bootImageEntry.bytes);
  });
  return bytes;
}

type Name = keyof typeof pmContract.calls;
type ToVfs = keyof typeof pmToVfs.calls;
type FromVfs = keyof typeof vfsToPm.calls;

/** PM with a scripted kernel, VM, SCHED and VFS around it. `log` tells what it did to them, in order. */
export class World {
  readonly harness: ServiceHarness;
  readonly log: string[] = [];
  /** Processes that are sending: a delayed stop of one fails with EBUSY. */
  readonly sending = new Set<Endpoint>();
  /** What GETKSIG is to give. */
  readonly kernelSignals: { process: Endpoint; signals: number }[] = [];
  /** What the next calls of VM are to answer instead of success. */
  vmFailure: { call: string; error: "ENOMEM" } | null = null;
  rsHosted = true;
  private generation = 0;
  private readonly pending: { name: ToVfs; process: Endpoint; sequence: number }[] = [];
  private seen = 0;
  private mapped = 1024 * 1024; // of PM's memory, by VM

  constructor() {
    this.harness = new ServiceHarness(pm, {
      endpoint: PM,
      kernel: this.kernel(),
      partners: new Map<Endpoint, Partner>([
        [VM, (message) => this.vm(message)],
        [SCHED, (message) => this.sched(message)],
        [VFS, () => newMessage(0)],
      ]),
    });
    this.collect();
    this.log.length = 0;
  }

  /** A call of a process: its outcome, or null where PM does not answer (yet). */
  call<N extends Name>(from: Endpoint, name: N, request: Request<(typeof pmContract.calls)[N]>): Outcome<(typeof pmContract.calls)[N]> | null {
    const outcome = this.harness.call(pmContract, from, name, request);
    this.collect();
    return outcome;
  }

  /** VFS answers its oldest request; gives whom PM answered thereupon. */
  vfsReplies(fields: { status?: number; pc?: number } = {}): { to: Endpoint; type: number; message: Message }[] {
    const request = this.pending.shift();
    if (request === undefined) throw new Error("VFS was asked nothing");
    const name = request.name as FromVfs;
    const one: Call<any, any, any> = vfsToPm.calls[name];
    const values = { process: request.process, sequence: request.sequence, status: 0, pc: 0, tracer: request.process, ...fields };
    return this.send(VFS, encodeRequest(vfsToPm.base, one, values as never), SENDA);
  }

  /** Names of what VFS still has to answer. */
  get asked(): string[] {
    return this.pending.map(({ name, process }) => `${name} ${process}`);
  }

  /** Any message; gives the answers that PM sent. */
  send(from: Endpoint, message: Message, status = SENDREC): { to: Endpoint; type: number; message: Message }[] {
    const before = this.harness.sent.length;
    this.harness.send(from, message, status);
    return this.answers(before);
  }

  /** The kernel has signals for processes that PM manages. */
  kernelSignal(process: Endpoint, signal: number): { to: Endpoint; type: number; message: Message }[] {
    this.kernelSignals.push({ process, signals: 1 << signal });
    const before = this.harness.sent.length;
    this.harness.notify(SYSTEM, 1 << SIGKSIG);
    return this.answers(before);
  }

  /** The clock's alarm goes off so many ticks from now. */
  tick(ticks: number): void {
    this.harness.uptime += ticks;
    this.harness.notify(CLOCK);
    this.collect();
  }

  /** Forks a process to its end; gives the child. */
  fork(parent: Endpoint): { endpoint: Endpoint; pid: number } {
    if (this.call(parent, "fork", {}) !== null) throw new Error("fork was answered at once");
    const child = this.pending.at(-1)?.process as Endpoint;
    while (this.pending.length > 1) this.vfsReplies();
    const answer = this.vfsReplies().find(({ to }) => to === parent);
    return { endpoint: child, pid: answer?.type ?? 0 };
  }

  /** Log lines since the last look. */
  news(): string[] {
    return this.log.splice(0);
  }

  private answers(before: number): { to: Endpoint; type: number; message: Message }[] {
    this.collect();
    return this.harness.sent
      .slice(before)
      .filter(({ how, to, message }) => how !== SENDREC && callByNumber(pmToVfs)(messageType(message)) === null && to !== NONE)
      .map(({ to, message }) => ({ to, type: messageType(message), message }));
  }

  private collect(): void {
    for (; this.seen < this.harness.sent.length; this.seen++) {
      const { how, to, message } = this.harness.sent[this.seen] as (typeof this.harness.sent)[number];
      if (how !== SENDA || to !== VFS) continue;
      const name = callByNumber(pmToVfs)(messageType(message)) as ToVfs;
      const { process, sequence } = decodeRequest(pmToVfs.calls[name] as typeof pmToVfs.calls.exit, message);
      this.pending.push({ name, process, sequence });
      this.log.push(`vfs ${name} ${name === "reboot" ? "" : process}`.trim());
    }
  }

  private vm(message: Message): Message {
    const name = callByNumber(vmContract)(messageType(message)) as keyof typeof vmContract.calls;
    const one: Call<any, any, any> = vmContract.calls[name];
    const request = decodeRequest(one, message) as { [field: string]: number };
    if (name !== "mmap") this.log.push(`vm ${name} ${request.process ?? request.parent}`);
    if (this.vmFailure?.call === name) return encodeReply(one, fail(this.vmFailure.error));
    const values: { [name: string]: { [field: string]: number } } = {
      fork: { child: name === "fork" ? makeEndpoint(++this.generation, request.slot as number) : 0 },
      pushSig: { stackPointer: 0x7000_0000 },
      mmap: { address: name === "mmap" ? (this.mapped += request.length as number) - (request.length as number) : 0 },
      execNewmem: { flags: 1, stackTop: 0x8000_0000 },
    };
    return encodeReply(one, ok(values[name] ?? {}) as never);
  }

  private sched(message: Message): Message {
    const name = callByNumber(schedContract)(messageType(message)) as keyof typeof schedContract.calls;
    const one: Call<any, any, any> = schedContract.calls[name];
    const request = decodeRequest(one, message) as { [field: string]: number };
    this.log.push(`sched ${name} ${request.process} ${request.maxPriority ?? ""}`.trim());
    return encodeReply(one, ok({ scheduler: SCHED }) as never);
  }

  private kernel(): KernelScript {
    const structures: { readonly [what: number]: (process: Endpoint) => Uint8Array } = {
      [GET_HZ]: () => Uint8Array.of(60, 0, 0, 0),
      [GET_IMAGE]: imageBytes,
      [GET_MONPARAMS]: () => {
        const bytes = new Uint8Array(MONPARAMS_BYTES);
        bytes.set(new TextEncoder().encode("hz=60\0rootdev=897\0"));
        return bytes;
      },
      [GET_PROC]: (process) => {
        const bytes = new Uint8Array(PROCESS_BYTES);
        if (process === RS && this.rsHosted) new DataView(bytes.buffer).setUint32(636, MF_HOSTED, true);
        return bytes;
      },
    };
    const note = (text: string) => {
      this.collect();
      this.log.push(text);
      return ok({});
    };
    return {
      getinfo: (harness, { what, address, process }) => {
        if (what === GET_WHOAMI) return ok({ endpoint: PM, privilegeFlags: 0x10, name: "pm" });
        const structure = structures[what];
        if (structure === undefined) return fail("EINVAL");
        harness.memory.set(structure(process), address);
        return ok({ endpoint: NONE, privilegeFlags: 0, name: "" });
      },
      times: (harness, { process }) => ok({
        user: (process === NONE ? 0 : 7) as Ticks, system: (process === NONE ? 0 : 3) as Ticks, bootTime: 1000, uptime: harness.uptime as Ticks,
      }),
      runctl: (_harness, { process, action, flags }) => {
        if (action === RC_STOP && flags === RC_DELAY && this.sending.has(process)) {
          note(`busy ${process}`);
          return fail("EBUSY");
        }
        return note(`${action === RC_STOP ? "stop" : "resume"} ${process}`);
      },
      kill: (_harness, { process, signal }) => note(`kill ${process} ${signal}`),
      clear: (_harness, { process }) => note(`clear ${process}`),
      sigsend: (_harness, { process }) => note(`sigsend ${process}`),
      sigreturn: (_harness, { process }) => note(`sigreturn ${process}`),
      exec: (_harness, { process, stackPointer, entry }) => note(`exec ${process} ${stackPointer.toString(16)} ${entry.toString(16)}`),
      trace: (_harness, { process, request }) => {
        note(`trace ${process} ${request}`);
        return ok({ data: 5 });
      },
      vtimer: (_harness, { process, timer, set, value }) => {
        note(`vtimer ${process} ${timer} ${set ? value : "?"}`);
        return ok({ old: 0 as Ticks });
      },
      stime: (_harness, { bootTime }) => note(`stime ${bootTime}`),
      abort: (harness, { how, length, parameters }) =>
        note(`abort ${how} ${String.fromCharCode(...harness.memory.subarray(parameters, parameters + length - 1))}`),
      getksig: () => ok(this.kernelSignals.shift() ?? { process: NONE, signals: 0 }),
      endksig: (_harness, { process }) => note(`endksig ${process}`),
      getmcontext: () => ok({}),
      setmcontext: () => ok({}),
    };
  }
}

/** Puts bytes into a process's memory and gives their address. */
export function poke(world: World, owner: Endpoint, bytes: Uint8Array, at = 0x2000): VirtAddr {
  world.harness.clients.space(owner).set(bytes, at);
  return at as VirtAddr;
}

/** A sigaction of a process. */
export function setAction(world: World, owner: Endpoint, signal: number, handler: number, mask = 0, flags = 0): void {
  const action = poke(world, owner, new Uint8Array(Int32Array.of(handler, mask, flags).buffer));
  const done = world.call(owner, "sigaction", { signal, action, oldAction: 0 as VirtAddr, returnStub: 0x999 as VirtAddr });
  if (done?.ok !== true) throw new Error(`sigaction: ${done?.error}`);
}

/** Waits for any child. */
export const waitAny = (world: World, parent: Endpoint, options = 0) => world.call(parent, "waitPid", { pid: -1, options });

export const failed = (error: string) => ({ ok: false, error });
export const done = { ok: true, value: {} };

