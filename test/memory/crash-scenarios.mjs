// What VM dies in: requests of every kind, and what must be seen when they are through. See `crash-points.mjs`.
import { CPF_DIRECT, CPF_MAP, CPF_READ, CPF_USED, CPF_VALID, CPF_WRITE, kernelContract, SEG_D } from "@procyon-os/contract-kernel";
import {
  encodeExecNewmem, EXEC_NEWMEM_BYTES, MAP_ANON, MAP_CONTIG, MAP_IPC_SHARED, MAP_PREALLOC, VM_BLOCKID_NONE, VM_RS_MEM_PIN, vmCallMask,
  vmContract, VMIW_STATS,
} from "@procyon-os/contract-vm";
import { endpointSlot, errorCode, SELF } from "@procyon-os/message";
import { scratchBytes } from "@procyon-os/syslib";
import { callMessage, CMD, commandMessage } from "./memory-machine.mjs";

const AT = 0x90000000;
const THERE = 0xa0000000;
const PAGE = 4096;
const ESRCH = errorCode("ESRCH");

/** A process that does what it is told, and answers. */
export class Agent {
  constructor(rs, endpoint) {
    Object.assign(this, { rs, endpoint });
  }
  *tell(message) {
    const answer = yield* this.rs.command(this.endpoint, message);
    if (answer === null) throw new Error(`agent ${this.endpoint} died`);
    return answer;
  }
  *vm(name, request) {
    return (yield* this.tell(callMessage(CMD.VM, vmContract, name, request)))[1];
  }
  *kernel(name, request) {
    return (yield* this.tell(callMessage(CMD.KERNEL, kernelContract, name, request)))[1];
  }
  *mmap(address, pages, flags = MAP_ANON) {
    const answer = yield* this.tell(callMessage(CMD.VM, vmContract, "mmap", { address, length: pages * PAGE, protection: 3, flags, file: -1, offset: 0 }));
    return answer[1] < 0 ? answer[1] : answer[5] >>> 0;
  }
  *munmap(address, pages) {
    return yield* this.vm("munmap", { address, length: pages * PAGE });
  }
  *write(address, pages, seed) {
    yield* this.tell(commandMessage(CMD.WRITE, address, pages * PAGE, seed, PAGE / 2));
  }
  /** A hash of a few bytes of each page. */
  *read(address, pages) {
    return (yield* this.tell(commandMessage(CMD.READ, address, pages * PAGE, 0, PAGE / 2)))[2];
  }
  *fork(system = false) {
    return new Agent(this.rs, yield* this.rs.fork(this.endpoint, system));
  }
  *exit() {
    yield* this.rs.exit(this.endpoint);
  }
  *grant(to, address, pages, access, slot = 0) {
    const table = (yield* this.tell(commandMessage(CMD.PLACES)))[2];
    yield* this.tell(commandMessage(CMD.POKE, table + slot * 36, 0, CPF_VALID | CPF_USED | CPF_DIRECT | access, to.endpoint, address, pages * PAGE, 0));
    yield* this.kernel("setgrant", { table, entries: 8 });
  }
}

const equal = (what, value, wanted) => {
  if (JSON.stringify(value) !== JSON.stringify(wanted)) throw new Error(`${what}: ${JSON.stringify(value)} instead of ${JSON.stringify(wanted)}`);
};
const ok = (result) => {
  if (result?.ok !== true && result !== 0) throw new Error(`refused: ${JSON.stringify(result)}`);
  return result.value;
};

/** The hash of pages that `write` has written with a seed, or (null) that are zero. */
function hashOf(pages, seed) {
  let hash = 0;
  for (let i = 0; i < pages * PAGE; i += PAGE / 2) hash = (Math.imul(hash, 31) + (seed === null ? 0 : (seed + i * 7 + (i >>> 8)) & 255)) | 0;
  return hash;
}

/**
 * Each: what is done before, what VM dies in, what must be seen afterwards (`c.a` is a system process, `c.b` its child, both with an empty
 * place at AT), and how it is undone. What is not there is nothing.
 */
export const scenarios = {
  "page fault, fresh page": {
    *before({ a }) { equal("mmap", yield* a.mmap(AT, 4), AT); },
    *act({ a }) { yield* a.write(AT, 3, 5); },
    *after({ a }) { equal("bytes", yield* a.read(AT, 4), (yield* expected([[3, 5], [1, null]]))); },
    *undo({ a }) { ok(yield* a.munmap(AT, 4)); },
  },
  "page fault, copy on write": {
    *before(c) { yield* c.a.mmap(AT, 4); yield* c.a.write(AT, 4, 9); c.child = yield* c.a.fork(); },
    *act({ child }) { yield* child.write(AT, 2, 77); },
    *after({ a, child }) { equal("parent", yield* a.read(AT, 4), hashOf(4, 9)); equal("child", yield* child.read(AT, 2), hashOf(2, 77)); },
    *undo(c) { yield* c.child.exit(); ok(yield* c.a.munmap(AT, 4)); },
  },
  "page fault, write access comes back": {
    *before(c) { yield* c.a.mmap(AT, 4); yield* c.a.write(AT, 4, 9); yield* (yield* c.a.fork()).exit(); },
    *act({ a }) { yield* a.write(AT, 4, 3); },
    *after({ a }) { equal("bytes", yield* a.read(AT, 4), hashOf(4, 3)); },
    *undo({ a }) { ok(yield* a.munmap(AT, 4)); },
  },
  "page fault that is refused": {
    *before(c) { c.child = yield* c.a.fork(); },
    *act(c) { c.died = yield* c.rs.command(c.child.endpoint, commandMessage(CMD.WRITE, THERE, 1, 1)); },
    *after(c) { equal("death", c.died, null); },
    *undo(c) { yield* c.child.exit(); },
  },
  mmap: {
    *act(c) { c.at = yield* c.a.mmap(AT, 600); },
    *after({ a, at }) { equal("mmap", at, AT); yield* a.write(AT, 2, 1); equal("bytes", yield* a.read(AT, 3), yield* expected([[2, 1], [1, null]])); },
    *undo({ a }) { ok(yield* a.munmap(AT, 600)); },
  },
  "mmap, all at once, across two tables": {
    *act(c) { c.at = yield* c.a.mmap(0xa6ff8000 - 0x0, 24, MAP_ANON | MAP_PREALLOC); },
    *after({ a, at }) { equal("mmap", at, 0xa6ff8000); equal("zeros", yield* a.read(at, 24), hashOf(24, null)); yield* a.write(at, 24, 2); equal("bytes", yield* a.read(at, 24), hashOf(24, 2)); },
    *undo({ a, at }) { ok(yield* a.munmap(at, 24)); },
  },
  "mmap in one piece": {
    *act(c) { c.at = yield* c.a.mmap(AT, 9, MAP_ANON | MAP_PREALLOC | MAP_CONTIG); },
    *after({ a, at }) { equal("mmap", at, AT); equal("zeros", yield* a.read(AT, 9), hashOf(9, null)); },
    *undo({ a }) { ok(yield* a.munmap(AT, 9)); },
  },
  "munmap in the middle": {
    *before({ a }) { yield* a.mmap(AT, 9, MAP_ANON | MAP_PREALLOC); yield* a.write(AT, 9, 4); },
    *act(c) { c.result = yield* c.a.munmap(AT + 3 * PAGE, 3); },
    *after({ a, result }) {
      equal("munmap", result, 0);
      equal("below", yield* a.read(AT, 3), hashOf(3, 4));
      equal("mmap there", yield* a.mmap(AT + 3 * PAGE, 3), AT + 3 * PAGE);
      equal("zeros", yield* a.read(AT + 3 * PAGE, 3), hashOf(3, null));
    },
    *undo({ a }) { ok(yield* a.munmap(AT, 9)); },
  },
  "munmap of all, tables too": {
    *before({ a }) { yield* a.mmap(AT, 3); yield* a.write(AT, 3, 4); },
    *act(c) { c.result = yield* c.a.munmap(AT, 3); },
    *after({ result }) { equal("munmap", result, 0); },
  },
  "brk up and down": {
    *before(c) { c.heap = (yield* c.a.tell(commandMessage(CMD.PLACES)))[3] >>> 0; },
    *act({ rs, a, heap }) { ok(yield* rs.brk(a.endpoint, heap + 5 * PAGE)); yield* a.write(heap, 5, 1); ok(yield* rs.brk(a.endpoint, heap + 2 * PAGE)); },
    *after({ rs, a, heap }) {
      equal("kept", yield* a.read(heap, 2), hashOf(2, 1));
      ok(yield* rs.brk(a.endpoint, heap + 4 * PAGE));
      equal("new", yield* a.read(heap + 2 * PAGE, 2), hashOf(2, null));
    },
    *undo({ rs, a, heap }) { ok(yield* rs.brk(a.endpoint, heap)); },
  },
  fork: {
    *before({ a }) { yield* a.mmap(AT, 4); yield* a.write(AT, 4, 6); },
    *act(c) { c.child = yield* c.a.fork(); },
    *after({ a, child }) {
      yield* child.write(AT, 1, 50);
      yield* a.write(AT + PAGE, 1, 51);
      equal("parent", yield* a.read(AT, 1), hashOf(1, 6));
      equal("child", yield* child.read(AT, 1), hashOf(1, 50));
      equal("child, second page", yield* child.read(AT + 2 * PAGE, 2), yield* partOf(4, 6, 2, 2));
    },
    *undo(c) { yield* c.child.exit(); ok(yield* c.a.munmap(AT, 4)); },
  },
  exit: {
    *before(c) { yield* c.a.mmap(AT, 4); yield* c.a.write(AT, 4, 6); c.child = yield* c.a.fork(); yield* c.child.write(AT, 2, 9); },
    *act(c) { yield* c.child.exit(); },
    *after({ a }) { equal("parent", yield* a.read(AT, 4), hashOf(4, 6)); yield* a.write(AT, 4, 7); },
    *undo({ a }) { ok(yield* a.munmap(AT, 4)); },
  },
  exec: {
    *before(c) { c.child = yield* c.a.fork(); },
    *act(c) { c.result = yield* c.rs.vm("execNewmem", { process: c.child.endpoint, arguments: yield* scratchBytes(program), size: EXEC_NEWMEM_BYTES }); },
    *after({ machine, child, result }) {
      ok(result);
      const { space, data } = machine.state.processes[endpointSlot(child.endpoint)];
      equal("directory", machine.kernel.processes.at(endpointSlot(child.endpoint)).cr3, space.directory.frame * 4096);
      equal("data", [data.vir, data.length], [3, 2]);
    },
    *undo(c) { yield* c.child.exit(); },
  },
  "remap and unmap of shared memory": {
    *before(c) { c.child = yield* c.a.fork(true); yield* c.a.mmap(AT, 3, MAP_ANON | MAP_PREALLOC | MAP_IPC_SHARED); yield* c.a.write(AT, 3, 8); yield* c.allow(c.child, ["remap", "shmUnmap"]); },
    *act(c) { c.results = [yield* c.child.vm("remap", { destination: SELF, source: c.a.endpoint, destinationAddress: THERE, sourceAddress: AT, size: 3 * PAGE }), yield* c.child.read(THERE, 3)]; yield* c.child.write(THERE, 1, 90); c.results.push(yield* c.child.vm("shmUnmap", { process: SELF, address: THERE })); },
    *after({ a, results }) { equal("results", results, [0, hashOf(3, 8), 0]); equal("bytes", yield* a.read(AT, 1), hashOf(1, 90)); },
    *undo(c) { yield* c.child.exit(); ok(yield* c.a.munmap(AT, 3)); },
  },
  "safemap, and its end": {
    *before(c) { yield* c.a.mmap(AT, 4); yield* c.a.write(AT, 4, 8); c.child = yield* c.a.fork(true); yield* c.a.grant(c.child, AT, 3, CPF_READ | CPF_WRITE | CPF_MAP); },
    *act(c) {
      c.results = [yield* c.child.kernel("safemap", { granter: c.a.endpoint, grant: 0, offset: 0, segment: SEG_D, address: AT, bytes: 3 * PAGE, writable: true })];
      yield* c.child.write(AT + PAGE, 1, 90);
      c.results.push(yield* c.a.read(AT + PAGE, 1), yield* c.a.kernel("saferevmap", { byGrant: true, what: 0 }));
      yield* c.child.write(AT, 1, 91);
    },
    *after({ a, child, results }) { equal("results", results, [0, hashOf(1, 90), 0]); equal("granter", yield* a.read(AT, 1), hashOf(1, 8)); equal("grantee", yield* child.read(AT, 2), yield* expected([[1, 91], [1, 90]])); },
    *undo(c) { yield* c.child.exit(); ok(yield* c.a.munmap(AT, 4)); },
  },
  "a safemap that its grantee leaves": {
    *before(c) { yield* c.a.mmap(AT, 2); yield* c.a.write(AT, 2, 8); c.child = yield* c.a.fork(true); yield* c.a.grant(c.child, AT, 2, CPF_READ | CPF_WRITE | CPF_MAP); },
    *act(c) {
      c.results = [yield* c.child.kernel("safemap", { granter: c.a.endpoint, grant: 0, offset: 0, segment: SEG_D, address: AT, bytes: 2 * PAGE, writable: true })];
      yield* c.child.munmap(AT, 1);
      c.maps = c.machine.kernel.safemaps.all.map(({ bytes }) => bytes);
    },
    *after({ maps, results }) { equal("results", results, [0]); equal("bytes that are mapped", maps, [PAGE]); },
    *undo(c) { yield* c.child.exit(); ok(yield* c.a.munmap(AT, 2)); },
  },
  "a copy by the kernel, of whole pages and of memory that is not there yet": {
    *before(c) { yield* c.a.mmap(AT, 4); yield* c.a.write(AT, 4, 8); c.child = yield* c.a.fork(true); yield* c.child.mmap(THERE, 6); yield* c.a.grant(c.child, AT, 4, CPF_READ); },
    *act(c) {
      c.results = [];
      for (const [offset, address, bytes] of [[0, THERE, 3 * PAGE], [100, THERE + 4 * PAGE - 50, 200]]) {
        c.results.push(yield* c.child.kernel("safecopyfrom", { process: c.a.endpoint, grant: 0, offset, address, bytes, segment: SEG_D }));
      }
      yield* c.a.write(AT + PAGE, 1, 99);
    },
    *after({ child, results }) { equal("results", results, [0, 0]); equal("copy", yield* child.read(THERE, 3), yield* partOf(4, 8, 0, 3)); },
    *undo(c) { yield* c.child.exit(); ok(yield* c.a.munmap(AT, 4)); },
  },
  "yielded blocks": {
    *before({ a }) { yield* a.mmap(AT, 2, MAP_ANON | MAP_PREALLOC); yield* a.write(AT, 2, 8); },
    *act(c) { c.results = [yield* c.swap(0, null, 1), yield* c.a.read(AT, 1)]; yield* c.a.write(AT, 1, 20); c.results.push(yield* c.swap(0, 1, 2), yield* c.a.read(AT, 1)); },
    // Who finds its block forgotten has zeros there, or what was there; else the block as it was. Never another one's.
    *after({ a, results, fired }) {
      const [yielded, zeros, got, seen] = results;
      equal("yield", [yielded, zeros], [ESRCH, hashOf(1, null)]);
      if (got === 0) equal("block", seen, hashOf(1, 8));
      else equal("forgotten", [got, fired && [hashOf(1, null), hashOf(1, 20)].includes(seen)], [ESRCH, true]);
      equal("the page beside", yield* a.read(AT + PAGE, 1), yield* partOf(2, 8, 1, 1));
    },
    *undo({ a }) { ok(yield* a.vm("forgetblocks", {})); ok(yield* a.munmap(AT, 2)); },
  },
  "devices, exits and masks": {
    *before(c) { c.child = yield* c.a.fork(true); yield* c.child.mmap(AT, 2); yield* c.child.write(AT, 2, 1); c.free = c.machine.state.free.pages; },
    *act(c) {
      const { rs, child } = c;
      const start = c.frameOf(child, AT) * PAGE;
      const dma = { process: child.endpoint, start, size: PAGE };
      ok(yield* rs.vm("adddma", dma));
      ok(yield* rs.vm("watchExit", { process: child.endpoint }));
      ok(yield* rs.vm("notifySig", { process: child.endpoint, ipcServer: 0 }));
      yield* c.allow(child, ["queryExit", "mmap"]);
      yield* child.exit();
      c.results = [ok(yield* rs.vm("queryExit", {})), ok(yield* rs.vm("getdma", {})), c.isFree(start / PAGE)];
      ok(yield* rs.vm("deldma", dma));
      c.results.push(c.isFree(start / PAGE), (yield* rs.vm("getdma", {})).error);
      c.wanted = [{ process: child.endpoint, more: false }, dma, false, true, "EAGAIN"];
    },
    *after({ results, wanted }) { equal("results", results, wanted); },
  },
  "exchange of two instances": {
    *before(c) { yield* c.a.mmap(AT, 2); yield* c.a.write(AT, 2, 9); c.child = yield* c.a.fork(true); ok(yield* c.child.munmap(AT, 2)); yield* c.child.mmap(0x70000000, 1); yield* c.child.write(0x70000000, 1, 33); },
    *act(c) { c.result = yield* c.rs.vm("rsUpdate", { source: c.a.endpoint, target: c.child.endpoint }); },
    *after({ a, child, result }) {
      ok(result);
      equal("the new one runs", yield* a.read(0x70000000, 1), hashOf(1, 33));
      equal("it has what the old one mapped", yield* a.read(AT, 2), hashOf(2, 9));
      yield* a.write(AT, 1, 10);
      equal("the old one has its own", yield* child.read(AT, 2), hashOf(2, 9));
    },
    *undo(c) { ok(yield* c.rs.vm("rsUpdate", { source: c.a.endpoint, target: c.child.endpoint })); yield* c.child.exit(); ok(yield* c.a.munmap(AT, 2)); },
  },
  "pinned memory, and a signal's stack": {
    *before(c) { yield* c.a.mmap(AT, 5); yield* c.a.write(AT, 2, 4); c.child = yield* c.a.fork(true); },
    *act(c) { ok(yield* c.rs.vm("rsMemctl", { process: c.child.endpoint, request: VM_RS_MEM_PIN })); c.result = yield* c.rs.vm("pushSig", { process: c.child.endpoint }); },
    *after({ a, child, machine, result }) {
      ok(result);
      const { faults } = machine.state.counters;
      yield* child.write(AT, 5, 8);
      equal("faults", machine.state.counters.faults, faults);
      equal("parent", yield* a.read(AT, 2), hashOf(2, 4));
    },
    *undo(c) { yield* c.child.exit(); ok(yield* c.a.munmap(AT, 5)); },
  },
  "statistics": {
    *before({ a }) { yield* a.mmap(AT, 1); },
    *act(c) { c.result = yield* c.a.vm("info", { what: VMIW_STATS, process: SELF, count: 0, address: AT, next: 0 }); },
    *after({ result }) { equal("info", result, 0); },
    *undo({ a }) { ok(yield* a.munmap(AT, 1)); },
  },
};

function* expected(parts) {
  let hash = 0;
  for (const [pages, seed] of parts) for (let i = 0; i < pages * PAGE; i += PAGE / 2) hash = (Math.imul(hash, 31) + (seed === null ? 0 : (seed + i * 7 + (i >>> 8)) & 255)) | 0;
  return hash;
}
/** The hash of some of the pages that one `write` has written. */
function* partOf(pages, seed, from, count) {
  let hash = 0;
  for (let i = from * PAGE; i < Math.min(pages, from + count) * PAGE; i += PAGE / 2) hash = (Math.imul(hash, 31) + ((seed + i * 7 + (i >>> 8)) & 255)) | 0;
  return hash;
}

const program = encodeExecNewmem({
  textAddress: 0x1000, textBytes: 0x1800, dataAddress: 0x3000, dataBytes: 0x1f00, totalBytes: 0, argsBytes: 100, separate: false, isElf: true, device: 0, inode: 0,
  ctime: 0, newUid: 0, newGid: 0, setUgid: false, programName: "test",
});

/** What a scenario works with. */
export function contextOf(machine, rs, a) {
  return {
    machine, rs, a,
    *allow(agent, names) {
      const address = yield* scratchBytes(new Uint8Array(Int32Array.from(vmCallMask([...names, "mmap", "munmap"])).buffer));
      ok(yield* rs.vm("rsSetPriv", { process: agent.endpoint, mask: address }));
    },
    *swap(page, get, put) {
      const half = (id) => [id === null ? VM_BLOCKID_NONE : 0, id ?? VM_BLOCKID_NONE];
      const [getHigh, getLow] = half(get);
      const [yieldHigh, yieldLow] = half(put);
      return yield* a.vm("yieldblockgetblock", { address: AT + page * PAGE, length: PAGE, getHigh, getLow, yieldHigh, yieldLow });
    },
    frameOf(agent, address) {
      const page = address / PAGE + 0x19000;
      return machine.state.processes[endpointSlot(agent.endpoint)].space.tables.get(page >>> 10).entries[page & 1023] >>> 12;
    },
    isFree(frame) {
      return machine.state.references[frame] === 0;
    },
  };
}
