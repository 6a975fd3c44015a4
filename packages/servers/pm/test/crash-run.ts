import { GET_IMAGE, bootImageEntry } from "@procyon-os/contract-kernel";
import { PROC_INFO_BYTES, PROC_INFO_TABLE_BYTES, SI_PROC_TAB, decodeProcInfo, pmContract } from "@procyon-os/contract-pm";
import { SEF_INIT_RESTART } from "@procyon-os/contract-rs";
import { pmToVfs, vfsToPm } from "@procyon-os/contract-vfs";
import {
  CLOCK, DS, INIT, LOG, MEM, MFS, NOTIFY, NR_PROCS, NOTIFY_MESSAGE, PFS, PM, RS, SCHED, SENDA, SENDREC, SIGKSIG, SYSTEM, TTY, VFS, VM, callByNumber, decodeRequest,
  encodeRequest, m2, messageType, newMessage, ok, u32, type Call, type Endpoint, type Message, type Request, type VirtAddr,
} from "@procyon-os/message";
import { ServiceHarness, defaultKernelCalls, type HarnessOptions, type Partner, type Sent } from "@procyon-os/service-harness";
import { pm } from "../src/index.ts";
import { Model, NO_INFO } from "./model.ts";

const OLD = 77_777 as Endpoint;
const BOOT: readonly Endpoint[] = [DS, RS, PM, SCHED, VFS, MEM, LOG, TTY, MFS, VM, PFS, INIT];
type Calls = typeof pmContract.calls;
type FromVfs = Exclude<keyof typeof vfsToPm.calls, "restarted">;

function bootImage(): Uint8Array {
  const bytes = new Uint8Array(17 * bootImageEntry.bytes);
  const memory = { textVirtual: 0, textPhysical: 0, textBytes: 0, dataVirtual: 0, dataPhysical: 0, dataBytes: 0, stackBytes: 0, entry: 0 };
  [-5, -4, -3, -2, -1, ...BOOT].forEach((endpoint, index) => {
    const name = endpoint === INIT ? "init" : `s${endpoint}`;
    bytes.set(bootImageEntry.encode({ slot: endpoint, flags: 0, stackKb: 0, name, endpoint: endpoint as Endpoint, memory }), index * bootImageEntry.bytes);
  });
  return bytes;
}

/** PM in a modelled system, killed after so many traps of its first instance, of its second, and so on. */
export class CrashRun {
  readonly model = new Model();
  harness: ServiceHarness;
  deaths = 0;
  private readonly kills: readonly number[];
  private readonly answers = new Map<Endpoint, number[][]>();
  private readonly asked: { name: FromVfs | "init"; process: Endpoint; sequence: number }[] = [];
  private readonly answered = new Map<Endpoint, { sequence: number; message: Message | null }>();
  private readonly vfsLog: string[] = [];
  private released: Endpoint[] = [];

  constructor(kills: readonly number[] = []) {
    this.kills = kills;
    for (const endpoint of BOOT) this.model.add(endpoint);
    for (const endpoint of BOOT) this.model.known.add(endpoint);
    this.harness = this.instance({});
    this.settle();
  }

  private instance(more: Partial<HarnessOptions>): ServiceHarness {
    const kernel = this.model.kernel();
    const mostTraps = this.kills[this.deaths];
    return new ServiceHarness(pm, {
      endpoint: PM,
      ...(mostTraps === undefined ? {} : { mostTraps }),
      kernel: {
        ...kernel,
        getinfo: (harness, request) => {
          if (request.what !== GET_IMAGE) return (kernel.getinfo ?? defaultKernelCalls.getinfo as NonNullable<typeof kernel.getinfo>)(harness, request);
          harness.memory.set(bootImage(), request.address);
          return ok(NO_INFO);
        },
      },
      partners: new Map<Endpoint, Partner>([[VM, (message, harness) => this.model.vm(message, harness)], [SCHED, (message) => this.model.sched(message)], [VFS, () => newMessage(0)]]),
      onSend: (sent, harness) => this.note(sent, harness),
      ...more,
    });
  }

  /** Lets PM run, and whoever follows it, until it waits. */
  private settle(): void {
    this.harness.run();
    while (this.harness.ended === "killed") {
      this.deaths++;
      const known = new Set(this.model.known);
      this.harness = this.instance({ initType: SEF_INIT_RESTART, oldEndpoint: OLD, predecessor: this.harness });
      // The child of a fork that was cut off is let go too; it has no quantum, and ends.
      this.released.push(...this.harness.released.filter((endpoint) => known.has(endpoint)));
    }
    if (this.harness.ended !== null) throw new Error(`PM ended: ${this.harness.ended}\n${this.harness.output}`);
  }

  private note({ how, to, message }: Sent, harness: ServiceHarness): void {
    if (to === VFS && how === SENDA) return this.noteVfs(message, harness);
    if (how === SENDREC || how === NOTIFY || to === VFS) return;
    this.answers.set(to, [...(this.answers.get(to) ?? []), [...message].slice(1, 6)]);
  }

  /** VFS knows a request that comes again. */
  private noteVfs(message: Message, harness: ServiceHarness): void {
    const name = callByNumber(pmToVfs)(messageType(message)) as FromVfs;
    const { process, sequence } = decodeRequest(pmToVfs.calls[name] as Call<any, any, any>, message) as { process: Endpoint; sequence: number };
    this.model.known.add(process);
    const last = this.answered.get(process);
    if (last?.sequence === sequence) {
      if (last.message !== null) harness.post(VFS, last.message, SENDA);
      return;
    }
    this.answered.set(process, { sequence, message: null });
    this.asked.push({ name, process, sequence });
    this.vfsLog.push(`${name} ${process} ${sequence}`);
  }

  /** A call of a process; gives what it has been answered, or null. */
  call<Name extends keyof Calls>(from: Endpoint, name: Name, request: Request<Calls[Name]>, how = SENDREC): number[] | null {
    const before = this.answers.get(from)?.length ?? 0;
    this.harness.post(from, encodeRequest(pmContract.base, pmContract.calls[name] as Call<any, any, any>, request as never), how);
    this.settle();
    return this.answers.get(from)?.[before] ?? null;
  }

  /** VFS answers its oldest request. */
  vfs(fields: { status?: number; pc?: number; tracer?: Endpoint } = {}): Endpoint {
    const request = this.asked.shift();
    if (request === undefined) throw new Error("VFS was asked nothing");
    const { name, process, sequence } = request;
    const values = { process, sequence, status: 0, pc: 0, tracer: process, ...fields };
    const message = encodeRequest(vfsToPm.base, vfsToPm.calls[name as FromVfs] as Call<any, any, any>, values as never);
    this.answered.set(process, { sequence, message });
    this.harness.post(VFS, message, SENDA);
    this.settle();
    return process;
  }

  /** VFS answers everything. */
  vfsAll(): this {
    while (this.asked.length > 0) this.vfs();
    return this;
  }

  /** The kernel has a signal for a process that PM manages. */
  signal(process: Endpoint, signal: number): void {
    const one = this.model.at(process);
    if (one !== null) one.pending |= 1 << signal;
    this.notify(SYSTEM, 1 << SIGKSIG);
  }

  tick(ticks: number): void {
    this.harness.uptime += ticks;
    this.notify(CLOCK, 0);
  }

  private notify(from: Endpoint, argument: number): void {
    const message = newMessage(NOTIFY_MESSAGE);
    m2.l1(u32).write(message, argument);
    m2.l2(u32).write(message, this.harness.uptime);
    this.harness.post(from, message, NOTIFY);
    this.settle();
  }

  fork(parent: Endpoint): Endpoint {
    this.call(parent, "fork", {});
    return this.vfs();
  }

  poke(owner: Endpoint, bytes: Uint8Array, at = 0x2000): VirtAddr {
    this.harness.clients.space(owner).set(bytes, at);
    return at as VirtAddr;
  }

  handler(owner: Endpoint, signal: number, handler: number, mask = 0): void {
    const action = this.poke(owner, new Uint8Array(Int32Array.of(handler, mask, 0).buffer));
    this.call(owner, "sigaction", { signal, action, oldAction: 0 as VirtAddr, returnStub: 0x999 as VirtAddr });
  }

  /** Everything that anyone outside of PM can see of it. */
  result(): object {
    this.call(INIT, "getSysInfo", { what: SI_PROC_TAB, size: PROC_INFO_TABLE_BYTES, where: 0x8000 as VirtAddr });
    const { model, harness } = this;
    const processes = [...model.processes.values()].map((one) => ({ ...one, frames: model.frames(harness, one) }));
    return {
      released: this.released,
      answers: Object.fromEntries(this.answers), vfs: this.vfsLog, outstanding: this.asked.map(({ name, process }) => `${name} ${process}`),
      processes: processes.sort((one, other) => one.endpoint - other.endpoint), signalled: [...model.signalled], alarm: harness.alarm,
      waiting: [...harness.waiters].sort((one, other) => one - other),
      table: Array.from({ length: NR_PROCS }, (_, slot) => decodeProcInfo(harness.clients.space(INIT), 0x8000 + slot * PROC_INFO_BYTES)).filter(({ inUse }) => inUse),
    };
  }
}
