import { CPF_DIRECT, CPF_INDIRECT, CPF_USED, CPF_VALID, GRANT_TAG, kernelContract, SEG_D } from "@procyon-os/contract-kernel";
import { MAP_ANON, vmContract } from "@procyon-os/contract-vm";
import { bytesAt } from "../memory/cow-race.mjs";
import { callMessage, CMD, commandMessage, MemoryMachine } from "../memory/memory-machine.mjs";

export const AT = 0x90000000;
export const PAGE = 4096;
const LIVE = CPF_USED | CPF_VALID;

/** A guest process with privileges of its own; every method is a command that it carries out. */
export class Agent {
  readonly rs: any;
  readonly endpoint: number;
  constructor(rs: any, endpoint: number) {
    this.rs = rs;
    this.endpoint = endpoint;
  }
  *tell(message: Int32Array): Generator<any, any, any> {
    return yield* this.rs.command(this.endpoint, message);
  }
  /** The result of a kernel call. */
  *call(name: string, request: object): Generator<any, number, any> {
    const answer = yield* this.tell(callMessage(CMD.KERNEL, kernelContract, name, request));
    return answer === null ? NaN : answer[1];
  }
  *mmap(pages: number, flags: number = MAP_ANON): Generator<any, void, any> {
    yield* this.tell(callMessage(CMD.VM, vmContract, "mmap", { address: AT, length: pages * PAGE, protection: 3, flags, file: -1, offset: 0 }));
  }
  *munmap(address: number, pages: number): Generator<any, number, any> {
    return (yield* this.tell(callMessage(CMD.VM, vmContract, "munmap", { address, length: pages * PAGE })))[1];
  }
  *write(address: number, length: number, seed: number, step = 1): Generator<any, void, any> {
    if ((yield* this.tell(commandMessage(CMD.WRITE, address, length, seed, step))) === null) throw new Error(`${this.endpoint} died of a write`);
  }
  *peek(address: number): Generator<any, number, any> {
    return (yield* this.tell(commandMessage(CMD.READ, address, 1)))[2] & 255;
  }
  private *entry(slot: number, words: readonly number[], generation: number | null): Generator<any, void, any> {
    const table = (yield* this.tell(commandMessage(CMD.PLACES)))[2];
    yield* this.tell(commandMessage(CMD.POKE, table + slot * 36, 0, ...words, ...Array(5 - words.length).fill(0)));
    const tag = generation === null ? [0, 0] : [GRANT_TAG, generation];
    yield* this.tell(commandMessage(CMD.POKE, table + slot * 36 + 16, 0, 0, ...tag, 0, 0));
    yield* this.call("setgrant", { table, entries: 16 });
  }
  *direct(slot: number, to: Agent, address: number, length: number, access: number, generation: number | null = null): Generator<any, void, any> {
    yield* this.entry(slot, [LIVE | CPF_DIRECT | access, to.endpoint, address, length], generation);
  }
  *indirect(slot: number, to: Agent, from: Agent, grant: number): Generator<any, void, any> {
    yield* this.entry(slot, [LIVE | CPF_INDIRECT, to.endpoint, from.endpoint, grant], null);
  }
  *clear(slot: number): Generator<any, void, any> {
    yield* this.entry(slot, [0], null);
  }
  *copy(name: "safecopyfrom" | "safecopyto", granter: Agent, grant: number, offset: number, address: number, bytes: number): Generator<any, number, any> {
    return yield* this.call(name, { process: granter.endpoint, segment: SEG_D, grant, offset, address, bytes });
  }
  *map(granter: Agent, grant: number, address: number, bytes: number, writable = true, offset = 0): Generator<any, number, any> {
    return yield* this.call("safemap", { granter: granter.endpoint, grant, offset, segment: SEG_D, address, bytes, writable });
  }
  *exit(): Generator<any, void, any> {
    yield* this.rs.exit(this.endpoint);
  }
}

/** Runs a script with some agents; afterwards they are gone, the kernel holds no map and VM has all its memory back. */
export function scene(count: number, options: object, script: (agents: [Agent, Agent, Agent, Agent], machine: any, rs: any) => Generator<any, any, any>): any {
  const machine: any = new MemoryMachine({ parameters: { vm_sanity: "1" }, ...options }, function* (rs: any, first: number): Generator<any, any, any> {
    yield* rs.exit(yield* rs.fork(first, false));
    const before = machine.check();
    const agents: Agent[] = [];
    for (let i = 0; i < count; i++) agents.push(new Agent(rs, yield* rs.fork(first, true)));
    yield* script(agents as [Agent, Agent, Agent, Agent], machine, rs);
    for (const process of machine.state.processes.filter((one: any) => one?.slot > 20)) yield* rs.exit(process.endpoint);
    const after = machine.check();
    if (machine.kernel.safemaps.all.length > 0) throw new Error("maps of processes that are gone");
    if (Math.abs(before.free - after.free) > 1) throw new Error(`${before.free} frames were free before, ${after.free} after`);
  });
  return machine.run();
}

/** Bytes of an agent's memory, as its page table has them. */
export function memoryOf(machine: any, agent: Agent, address: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const part = Math.min(length - at, PAGE - ((address + at) % PAGE));
    bytes.set(bytesAt(machine, agent.endpoint, address + at, part), at);
    at += part;
  }
  return bytes;
}
