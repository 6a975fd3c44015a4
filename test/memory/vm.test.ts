import { CPF_DIRECT, CPF_MAP, CPF_READ, CPF_USED, CPF_VALID, CPF_WRITE, kernelContract, SEG_D, SYS_PRIV_ADD_MEM } from "@procyon-os/contract-kernel";
import {
  decodeVmUse, encodeExecNewmem, MAP_ANON, MAP_CONTIG, MAP_IPC_SHARED, MAP_PREALLOC, VM_BLOCKID_NONE, VM_USE_BYTES, vmCallMask, vmContract, VMIW_USE,
} from "@procyon-os/contract-vm";
import { endpointSlot, errorCode, SELF } from "@procyon-os/message";
import { allocate, kernel as kernelStubs, load, scratchBytes, store, vm as vmStubs } from "@procyon-os/syslib";
import { expect, it } from "vitest";
import { bytesAt } from "./cow-race.mjs";
import { callMessage, CMD, commandMessage, MemoryMachine } from "./memory-machine.mjs";

// VM on the real kernel, CPU and MMU: each checklist line of VM, end to end.
const AT = 0x90000000;
const THERE = 0xa0000000;
const PAGE = 4096;

/** What a script does with one agent; every method waits for the answer. */
class Agent {
  private readonly rs: any;
  readonly endpoint: number;
  constructor(rs: any, endpoint: number) {
    this.rs = rs;
    this.endpoint = endpoint;
  }
  *tell(message: Int32Array): Generator<any, any, any> {
    return yield* this.rs.command(this.endpoint, message);
  }
  /** Result of a call of VM. */
  *vm(name: string, request: object): Generator<any, any, any> {
    const answer = yield* this.tell(callMessage(CMD.VM, vmContract, name, request));
    return answer === null ? "died" : answer[1];
  }
  *kernel(name: string, request: object): Generator<any, any, any> {
    const answer = yield* this.tell(callMessage(CMD.KERNEL, kernelContract, name, request));
    return answer === null ? "died" : answer[1];
  }
  *mmap(address: number, length: number, flags: number = MAP_ANON): Generator<any, any, any> {
    const answer = yield* this.tell(callMessage(CMD.VM, vmContract, "mmap", { address, length, protection: 3, flags, file: -1, offset: 0 }));
    return answer[1] < 0 ? answer[1] : answer[5] >>> 0;
  }
  *munmap(address: number, length: number): Generator<any, any, any> {
    return yield* this.vm("munmap", { address, length });
  }
  /** Writes one byte: "died" where it may not. */
  *poke(address: number, value: number): Generator<any, any, any> {
    return (yield* this.tell(commandMessage(CMD.WRITE, address, 1, value))) === null ? "died" : "done";
  }
  *peek(address: number): Generator<any, any, any> {
    const answer = yield* this.tell(commandMessage(CMD.READ, address, 1));
    return answer === null ? "died" : answer[2];
  }
  *fork(system = false, cpu = -1): Generator<any, any, any> {
    return new Agent(this.rs, yield* this.rs.fork(this.endpoint, system, cpu));
  }
  *exit(): Generator<any, any, any> {
    yield* this.rs.exit(this.endpoint);
  }
  /** A grant in slot 0 of its table (a system agent's). */
  *grant(to: Agent, address: number, length: number, access: number, slot = 0): Generator<any, any, any> {
    const table = (yield* this.tell(commandMessage(CMD.PLACES)))[2];
    yield* this.tell(commandMessage(CMD.POKE, table + slot * 36, 0, CPF_VALID | CPF_USED | CPF_DIRECT | access, to.endpoint, address, length, 0));
    yield* this.kernel("setgrant", { table, entries: 8 });
  }
}

const processOf = (machine: any, agent: Agent): any => machine.state.processes[endpointSlot(agent.endpoint as never)];

type Script = (agent: Agent, machine: any, rs: any) => Generator<any, any, any>;
function on(options: object, script: Script): void {
  const machine: any = new MemoryMachine({ parameters: { vm_sanity: "1" }, ...options }, function* (rs: any, first: number): Generator<any, any, any> {
    // A first child makes the first agent's own page private: what comes after leaves nothing behind.
    const settle = yield* rs.fork(first, false);
    yield* rs.exit(settle);
    const before = machine.check();
    const agent = new Agent(rs, yield* rs.fork(first, true));
    yield* script(agent, machine, rs);
    const left = machine.state.processes.filter((process: any) => process !== null && process !== undefined && process.slot > 20);
    for (const process of left) yield* rs.exit(process.endpoint);
    const after = machine.check();
    if (Math.abs(before.free - after.free) > 1) throw new Error(`${before.free} frames were free before, ${after.free} after`);
  });
  machine.run();
}

it("[V01] one mask decides for everybody: basic calls at first, what RS sets later, and a child has the basic ones again", () => {
  on({}, function* (agent) {
    expect(yield* agent.vm("queryExit", {})).toBe(errorCode("EPERM"));
    const mask = vmCallMask(["queryExit"]);
    const address: number = yield* allocate(8);
    yield* store(address, new Uint8Array(Int32Array.from(mask).buffer));
    expect((yield* vmStubs.rsSetPriv({ process: agent.endpoint as never, mask: address as never })).ok).toBe(true);
    expect(yield* agent.vm("queryExit", {})).toBe(0);
    expect(yield* agent.mmap(AT, PAGE)).toBe(errorCode("EPERM"));
    const child = yield* agent.fork();
    expect(yield* child.vm("queryExit", {})).toBe(errorCode("EPERM"));
    expect(yield* child.mmap(AT, PAGE)).toBe(AT);
  });
});

it("[V02] brings pages in by messages, for several at once, and ends who touches what is not there", () => {
  on({ cpus: 2 }, function* (agent, machine, rs) {
    yield* agent.mmap(AT, 16 * PAGE);
    const family = [agent];
    for (let i = 0; i < 4; i++) family.push(yield* agent.fork(false, i % 2));
    for (const one of family) yield* rs.begin(one.endpoint, commandMessage(CMD.WRITE, AT, 16 * PAGE, one.endpoint, PAGE));
    for (let left = family.length; left > 0; left--) yield* rs.next();
    for (const one of family) expect(bytesAt(machine, one.endpoint, AT, 1)[0]).toBe(one.endpoint & 255);
    expect(machine.state.counters.faults).toBeGreaterThanOrEqual(5 * 16);
    const [, victim, , writer] = family as [Agent, Agent, Agent, Agent];
    expect(yield* victim.peek(THERE)).toBe("died");
    expect(yield* writer.poke(0x10, 1)).toBe("died");
    expect(yield* agent.peek(AT)).toBe(agent.endpoint & 255);
  });
});

it("[V03] fork shares everything copy-on-write, also contiguous memory, whose copies lie anywhere", () => {
  on({}, function* (agent, machine) {
    yield* agent.mmap(AT, 8 * PAGE, MAP_ANON | MAP_PREALLOC | MAP_CONTIG);
    yield* agent.tell(commandMessage(CMD.WRITE, AT, 8 * PAGE, 3));
    const before = machine.check().pages;
    const child = yield* agent.fork();
    const forked = machine.check().pages;
    expect(forked - before).toBeLessThanOrEqual(3); // of the pages in which both wait for their message
    yield* child.poke(AT + 5 * PAGE + 7, 99);
    expect(machine.check().pages).toBe(forked + 1);
    expect([yield* agent.peek(AT + 5 * PAGE + 7), yield* child.peek(AT + 5 * PAGE + 7)]).not.toEqual([99, 99]);
    expect(yield* child.peek(AT + 5 * PAGE + 8)).toBe(yield* agent.peek(AT + 5 * PAGE + 8));
  });
});

it("[V05] a page that was read first is written without another fault", () => {
  on({}, function* (agent, machine) {
    yield* agent.mmap(AT, PAGE);
    const { faults } = machine.state.counters;
    yield* agent.peek(AT);
    yield* agent.poke(AT, 1);
    expect(machine.state.counters.faults).toBe(faults + 1);
  });
});

it("[V06] exec: whichever allocation fails, the program goes on as it was; with memory enough it is replaced", () => {
  on({}, function* (agent, machine) {
    yield* agent.mmap(AT, PAGE);
    yield* agent.poke(AT, 7);
    const image = encodeExecNewmem({
      textAddress: 0x1000, textBytes: 0x3000, dataAddress: 0x5000, dataBytes: 0x8000, totalBytes: 0, argsBytes: 100, separate: false, isElf: true, device: 0,
      inode: 0, ctime: 0, newUid: 0, newGid: 0, setUgid: false, programName: "new",
    });
    let tries = 0;
    for (let done = false; !done; ) {
      const { free } = machine.check();
      machine.state.failAt = ++tries;
      const made: any = yield* vmStubs.execNewmem({ process: agent.endpoint as never, arguments: (yield* scratchBytes(image)) as never, size: image.length });
      machine.state.failAt = 0;
      machine.check();
      done = made.ok;
      if (done) break;
      expect(made.error).toBe("ENOMEM");
      expect(machine.check().free).toBe(free);
      expect(yield* agent.peek(AT)).toBe(7);
    }
    expect(tries).toBeGreaterThan(5);
    expect(processOf(machine, agent).space.tables.size).toBeLessThan(4);
  });
});

it("[V07] mmap honors addresses, munmap takes any part, brk goes up and down", () => {
  on({}, function* (agent, machine, rs) {
    expect([yield* agent.mmap(AT + 8 * PAGE, 2 * PAGE), yield* agent.mmap(AT, 4 * PAGE), yield* agent.mmap(AT, PAGE)]).toEqual([AT + 8 * PAGE, AT, AT + 4 * PAGE]);
    for (let page = 0; page < 4; page++) yield* agent.poke(AT + page * PAGE, page + 1);
    expect(yield* agent.munmap(AT + PAGE, PAGE)).toBe(0);
    expect([yield* agent.peek(AT), yield* agent.peek(AT + 2 * PAGE), yield* agent.munmap(AT, 2 * PAGE)]).toEqual([1, 3, errorCode("EFAULT")]);
    expect(yield* agent.munmap(AT + 2 * PAGE, 3 * PAGE)).toBe(0); // over two regions
    const heap = (yield* agent.tell(commandMessage(CMD.PLACES)))[3];
    for (let round = 0; round < 20; round++) {
      expect((yield* rs.brk(agent.endpoint, heap + 40 * PAGE)).ok).toBe(true);
      expect(yield* agent.peek(heap + 39 * PAGE)).toBe(0);
      yield* agent.poke(heap + 39 * PAGE, 1);
      expect((yield* rs.brk(agent.endpoint, heap)).ok).toBe(true);
    }
    const child = yield* agent.fork();
    expect(yield* child.peek(heap + 39 * PAGE)).toBe("died");
  });
});

it("[V08] shared memory: both see what either writes, one may only read, and users are counted", () => {
  on({}, function* (agent) {
    yield* agent.mmap(AT, 2 * PAGE, MAP_ANON | MAP_PREALLOC | MAP_IPC_SHARED);
    const [other, reader] = [yield* agent.fork(true), yield* agent.fork(true)];
    for (const one of [other, reader]) yield* one.munmap(AT, 2 * PAGE);
    const place = { source: agent.endpoint as never, destinationAddress: THERE as never, sourceAddress: AT as never, size: 2 * PAGE };
    expect(yield* vmStubs.remap({ destination: other.endpoint, ...place })).toEqual({ ok: true, value: { address: THERE } });
    expect((yield* vmStubs.remapRo({ destination: reader.endpoint, ...place })).ok).toBe(true);
    yield* other.poke(THERE + PAGE, 5);
    expect([yield* agent.peek(AT + PAGE), yield* reader.peek(THERE + PAGE)]).toEqual([5, 5]);
    expect(yield* vmStubs.getref({ process: agent.endpoint as never, address: AT as never })).toEqual({ ok: true, value: { count: 3 } });
    const [mine, theirs]: any[] = [yield* vmStubs.getphys({ process: agent.endpoint as never, address: AT as never }), yield* vmStubs.getphys({ process: other.endpoint, address: THERE as never })];
    expect(mine.value.physical).toBe(theirs.value.physical);
    expect(yield* reader.poke(THERE, 1)).toBe("died");
    expect((yield* vmStubs.shmUnmap({ process: other.endpoint, address: THERE as never })).ok).toBe(true);
    expect(yield* other.peek(THERE)).toBe("died");
  });
});

it("[V09] maps physical memory only where the kernel has it on the process's list, in whole pages", () => {
  on({}, function* (agent, machine) {
    const map = { process: SELF, physical: 0xb8010, length: 0x20 };
    expect(yield* agent.vm("mapPhys", map)).toBe(errorCode("EPERM"));
    const range = yield* scratchBytes(new Uint8Array(Uint32Array.from([0xb8000, 0xb8fff]).buffer));
    const added = yield* kernelStubs.privctl({ process: agent.endpoint as never, request: SYS_PRIV_ADD_MEM, argument: range as never, physStart: 0 as never, physLength: 0 });
    expect(added.ok).toBe(true);
    expect(yield* agent.vm("mapPhys", { ...map, physical: 0xb7ff0 })).toBe(errorCode("EPERM"));
    const answer = yield* agent.tell(callMessage(CMD.VM, vmContract, "mapPhys", map));
    const address = answer[6 + 1] >>> 0;
    expect([answer[1], address % PAGE]).toEqual([0, 0x10]);
    machine.board.memory.write32(0xb8000, 0x11223344);
    expect(yield* agent.peek(address - 0x10 + 1)).toBe(0x33);
  });
});

it("[V13] keeps yielded blocks, gives them back by id, and forgets the oldest when memory is short", () => {
  on({ memoryMb: 16 }, function* (agent, machine) {
    yield* agent.mmap(AT, 64 * PAGE);
    const swap = (page: number, get: number, put: number) => agent.vm("yieldblockgetblock", {
      address: AT + page * PAGE, length: PAGE, getHigh: get < 0 ? VM_BLOCKID_NONE : 0, getLow: get < 0 ? VM_BLOCKID_NONE : get, yieldHigh: put < 0 ? VM_BLOCKID_NONE : 0,
      yieldLow: put < 0 ? VM_BLOCKID_NONE : put,
    });
    for (let page = 0; page < 64; page++) {
      yield* agent.poke(AT + page * PAGE, page + 1);
      expect(yield* swap(page, -1, page)).toBe(errorCode("ESRCH"));
    }
    expect(yield* agent.peek(AT + 5 * PAGE)).toBe(0);
    yield* agent.poke(AT + 5 * PAGE, 200);
    expect(yield* swap(5, 6, 500)).toBe(0); // one call for both
    expect(yield* agent.peek(AT + 5 * PAGE)).toBe(7);
    const free = machine.check().free;
    processOf(machine, agent).service = true; // may use the reserve
    yield* agent.mmap(THERE, (free + 10) * PAGE, MAP_ANON | MAP_PREALLOC);
    expect(machine.state.counters.forgotten).toBeGreaterThan(10);
    expect([yield* swap(0, 0, -1), yield* swap(0, 63, -1)]).toEqual([errorCode("ESRCH"), 0]);
  });
});

it("[V14] a copy between processes that share their pages by safemap and by fork is a copy", () => {
  on({}, function* (agent) {
    yield* agent.mmap(AT, 4 * PAGE);
    yield* agent.tell(commandMessage(CMD.WRITE, AT, 4 * PAGE, 1));
    const [other, third] = [yield* agent.fork(true), yield* agent.fork(true)];
    yield* agent.grant(other, AT, 4 * PAGE, CPF_READ | CPF_WRITE | CPF_MAP);
    const map = { granter: agent.endpoint, grant: 0, offset: 0, segment: SEG_D, address: AT, bytes: 4 * PAGE, writable: true };
    expect(yield* other.kernel("safemap", map)).toBe(0);
    yield* agent.grant(third, AT, 4 * PAGE, CPF_READ, 1);
    const copy = { process: agent.endpoint, grant: 1, offset: 0, address: AT, bytes: 4 * PAGE, segment: SEG_D };
    yield* other.poke(AT + PAGE, 111);
    expect(yield* third.kernel("safecopyfrom", copy)).toBe(0);
    yield* other.poke(AT + PAGE, 112);
    expect([yield* agent.peek(AT + PAGE), yield* third.peek(AT + PAGE)]).toEqual([112, 111]);
    yield* third.poke(AT + PAGE, 113);
    expect([yield* agent.peek(AT + PAGE), yield* other.peek(AT + PAGE)]).toEqual([112, 112]);
  });
});

it("[V15] swaps two instances of a service: the new one has what the old one mapped, and the old one its own copy", () => {
  on({}, function* (agent, machine, rs) {
    yield* agent.mmap(AT, 2 * PAGE);
    yield* agent.poke(AT + PAGE, 9);
    const fresh = yield* agent.fork(true);
    yield* fresh.munmap(AT, 2 * PAGE);
    const done = yield* vmStubs.rsUpdate({ source: agent.endpoint as never, target: fresh.endpoint });
    expect(done.ok).toBe(true);
    expect(yield* agent.peek(AT + PAGE)).toBe(9); // now the new one
    yield* agent.poke(AT + PAGE, 10);
    expect(yield* fresh.peek(AT + PAGE)).toBe(9);
    expect((yield* vmStubs.rsMemctl({ process: agent.endpoint as never, request: 0 })).ok).toBe(true);
    const { faults } = machine.state.counters;
    yield* agent.poke(AT, 1);
    expect(machine.state.counters.faults).toBe(faults);
    void rs;
  });
});

it("[V16] gives a process all of its address space, and the memory that boot kept for heap and stack back", () => {
  on({}, function* (agent, machine) {
    const end = 0xfffff000 - 0x19000000;
    expect(yield* agent.mmap(end - PAGE, PAGE)).toBe(end - PAGE);
    expect(yield* agent.mmap(0x10000000, 0x1000000)).toBe(0x10000000);
    yield* agent.poke(end - 1, 4);
    const init = machine.state.processes[11];
    const pages = [...init.space.tables.values()].reduce((sum: number, { used }: any) => sum + used, 0);
    expect(pages).toBeLessThan(12); // its stack of 16 KB at boot has gone, its program not
  });
});

it("[V17] needs no memory of its own to reach memory: with not one frame free it answers, and does not fault", () => {
  on({ memoryMb: 16 }, function* (agent, machine) {
    const { free } = machine.check();
    yield* agent.mmap(AT, free * PAGE);
    processOf(machine, agent).service = true;
    expect(yield* agent.tell(commandMessage(CMD.WRITE, AT, free * PAGE, 1, PAGE))).toBeNull();
    expect(machine.check().free).toBe(0);
    expect((yield* vmStubs.watchExit({ process: 11 as never })).ok).toBe(true);
    expect((yield* vmStubs.fork({ parent: 11 as never, slot: 30, flags: 0 }) as any).error).toBe("ENOMEM");
  });
});

it("[V18] the MMU walks tables that VM wrote in memory, and a table that is changed there changes what a process sees", () => {
  on({}, function* (agent, machine) {
    yield* agent.mmap(AT, 2 * PAGE);
    yield* agent.poke(AT, 1);
    yield* agent.poke(AT + PAGE, 2);
    const page = AT / PAGE + 0x19000;
    const table = processOf(machine, agent).space.tables.get(page >>> 10);
    const at = table.frame * PAGE + (page & 1023) * 4;
    const { memory } = machine.board;
    const [first, second] = [memory.read32(at), memory.read32(at + 4)];
    memory.write32(at, second);
    const other = yield* agent.fork(); // loads other tables meanwhile
    yield* other.exit();
    memory.write32(at, second & ~2);
    expect(yield* agent.peek(AT)).toBe(2);
    memory.write32(at, first & ~2);
    memory.write32(at + 4, second & ~2);
  });
});

it("[V19] whoever uses up memory is refused or ended, and nobody else is hurt", () => {
  on({ memoryMb: 16 }, function* (agent, machine) {
    const [hog, good] = [yield* agent.fork(), yield* agent.fork()];
    yield* good.mmap(AT, 8 * PAGE);
    expect(yield* hog.mmap(AT, 64 * 1024 * 1024, MAP_ANON | MAP_PREALLOC)).toBe(errorCode("ENOMEM"));
    yield* hog.mmap(AT, 64 * 1024 * 1024);
    expect(yield* hog.tell(commandMessage(CMD.WRITE, AT, 64 * 1024 * 1024, 1, PAGE))).toBeNull();
    for (let page = 0; page < 8; page++) expect(yield* good.poke(AT + page * PAGE, 1)).toBe("done");
    expect(machine.state.counters.shortages).toBeGreaterThan(0);
    const address: number = yield* allocate(VM_USE_BYTES);
    expect((yield* vmStubs.info({ what: VMIW_USE, process: SELF, count: 1, address: address as never, next: 0 as never })).ok).toBe(true);
    expect(decodeVmUse(yield* load(address, VM_USE_BYTES))).toMatchObject({ checked: 1, refusedFaults: 1 });
  });
});
