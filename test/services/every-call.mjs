// A service that makes every call of the kernel, VM, DS and RS through syslib, and prints `kernel.times OK` and the like: the
// result of each, and FAIL where a value is not what it must be. `service up /test/every -config /test/every.conf -label every`.
import { CPF_MAP, CPF_READ, CPF_WRITE, GET_PRIV, IRQ_DISABLE, IRQ_ENABLE, IRQ_RMPOLICY, IRQ_SETPOLICY, PHYS_SEG, privilegeEntry, RC_RESUME, RC_STOP, SEG_D, SYS_PRIV_QUERY_MEM, SYS_STATE_CLEAR_IPC_REFS, SYSCTL_CODE_DIAG, T_GETDATA, VM_D, VMCTL_I386_GETCR3 } from "@procyon-os/contract-kernel";
import { DS_MAX_KEYLEN, DS_TABLE_BYTES, DSF_TYPE_MAP, DSF_TYPE_U32, SI_DATA_STORE } from "@procyon-os/contract-ds";
import { MAP_ANON, MAP_IPC_SHARED, VM_BLOCKID_NONE, VMIW_STATS } from "@procyon-os/contract-vm";
import { DS, NONE, ok, SELF, SIGCONT, SIGTERM } from "@procyon-os/message";
import { sefReceive, sefStartup, stateSpec } from "@procyon-os/sef";
import { allocate, ds, grantDirect, kernel, kernelStructure, load, load32, mapMemory, printf, rs, rsLookup, rsRequest, store, store32, textBytes, vm, vsafecopy, whoami } from "@procyon-os/syslib";

const PAGE = 4096;
const NOBODY = 77777;
const NOWHERE = 0x10; // page 0 is nobody's
const HZ = 60;

/** Prints the result of a call; gives its value. */
function* tell(name, result) {
  yield* printf(`every: ${name} ${result.ok ? "OK" : result.error}\n`);
  return result.ok ? result.value : {};
}
function* same(what, found, wanted) {
  if (found !== wanted) yield* printf(`every: FAIL ${what}: ${found} instead of ${wanted}\n`);
}
/** Text in memory of the service: address and length with its NUL. */
function* place(text) {
  const bytes = textBytes(text, true);
  const address = yield* allocate(bytes.length);
  yield* store(address, bytes);
  return { address, length: bytes.length };
}

function* copies(self) {
  const [from, to] = [yield* allocate(64), yield* allocate(64)];
  const readable = yield* grantDirect(self, from, 64, CPF_READ | CPF_WRITE);
  const both = { source: self, target: self, sourceSegment: SEG_D, targetSegment: SEG_D, sourceAddress: from, targetAddress: to, bytes: 4 };
  const moved = function* (name, result) {
    yield* tell(name, result);
    yield* same(name, yield* load32(to), yield* load32(from));
    yield* store32(from, (yield* load32(from)) + 1);
  };
  yield* store32(from, 1000);
  yield* moved("kernel.vircopy", yield* kernel.vircopy(both));
  const { physical } = yield* tell("kernel.umap", yield* kernel.umap({ process: SELF, segment: VM_D, address: from, bytes: 4 }));
  yield* same("umapRemote", (yield* tell("kernel.umapRemote", yield* kernel.umapRemote({ process: self, segment: VM_D, grantee: SELF, address: from, bytes: 4 }))).physical, physical);
  yield* moved("kernel.physcopy", yield* kernel.physcopy({ ...both, source: NONE, sourceSegment: PHYS_SEG, sourceAddress: physical }));
  const safe = { process: self, segment: SEG_D, grant: readable, offset: 0, bytes: 4 };
  yield* moved("kernel.safecopyfrom", yield* kernel.safecopyfrom({ ...safe, address: to }));
  yield* store32(to, 77);
  yield* moved("kernel.safecopyto", yield* kernel.safecopyto({ ...safe, address: to }));
  yield* moved("kernel.vsafecopy", yield* vsafecopy([{ from: self, to: SELF, grant: readable, offset: 0, address: to, bytes: 4 }]));
  yield* tell("kernel.safememset", yield* kernel.safememset({ process: self, pattern: 7, grant: readable, offset: 0, bytes: 4 }));
  yield* same("safememset", yield* load32(from), 0x07070707);
  yield* tell("kernel.memset", yield* kernel.memset({ base: physical, bytes: 4, pattern: 9 }));
  yield* same("memset", yield* load32(from), 0x09090909);
  yield* tell("kernel.readbios", yield* kernel.readbios({ bytes: 4, address: 0x400, target: to }));
  yield* tell("kernel.int86", yield* kernel.int86({ registers: from }));
  yield* same("int86 carry", (yield* load(from, 64))[32] & 1, 1);
}

function* maps(other) {
  const mine = yield* mapMemory(PAGE);
  yield* store32(mine, 4711);
  const grant = yield* grantDirect(other, mine, PAGE, CPF_READ | CPF_MAP);
  yield* tell("kernel.saferevmap", yield* kernel.saferevmap({ byGrant: true, what: grant }));
  yield* tell("kernel.safemap", yield* kernel.safemap({ granter: other, grant: 3, offset: 0, segment: SEG_D, address: mine, bytes: PAGE, writable: true }));
  yield* tell("kernel.safeunmap", yield* kernel.safeunmap({ segment: SEG_D, address: mine }));
}

function* processes(self, other, user) {
  const bad = { process: NOBODY };
  yield* tell("kernel.fork", yield* kernel.fork({ parent: self, slot: 99, flags: 0, memoryMap: 0 }));
  yield* tell("kernel.exec", yield* kernel.exec({ ...bad, stackPointer: 0, name: 0, entry: 0 }));
  yield* tell("kernel.clear", yield* kernel.clear(bad));
  yield* tell("kernel.schedule", yield* kernel.schedule({ process: self, quantumMs: -1, priority: -1, cpu: -1 }));
  yield* tell("kernel.schedctl", yield* kernel.schedctl({ flags: 8, process: self, quantumMs: 200, priority: 7, cpu: -1 }));
  yield* tell("kernel.privctl", yield* kernel.privctl({ process: SELF, request: SYS_PRIV_QUERY_MEM, argument: 0, physStart: 0, physLength: 1 }));
  yield* tell("kernel.trace", yield* kernel.trace({ process: user, request: T_GETDATA, address: 0x7ffffffc, data: 0 }));
  yield* tell("kernel.runctl", yield* kernel.runctl({ process: user, action: RC_STOP, flags: 0 }));
  yield* same("resume", (yield* kernel.runctl({ process: user, action: RC_RESUME, flags: 0 })).ok, true);
  yield* tell("kernel.kill", yield* kernel.kill({ process: other, signal: SIGCONT }));
  yield* same("getksig", (yield* tell("kernel.getksig", yield* kernel.getksig({}))).process, NONE);
  yield* tell("kernel.endksig", yield* kernel.endksig({ process: other }));
  yield* tell("kernel.sigsend", yield* kernel.sigsend({ ...bad, message: 0 }));
  yield* tell("kernel.sigreturn", yield* kernel.sigreturn({ ...bad, context: 0 }));
  yield* tell("kernel.newmap", yield* kernel.newmap({ ...bad, memoryMap: 0 }));
  yield* tell("kernel.getmcontext", yield* kernel.getmcontext({ process: user, context: yield* allocate(600) }));
  yield* tell("kernel.setmcontext", yield* kernel.setmcontext({ process: user, context: yield* allocate(600) }));
  yield* tell("kernel.iopenable", yield* kernel.iopenable(bad));
  yield* tell("kernel.vtimer", yield* kernel.vtimer({ timer: 1, set: true, value: 5000, process: SELF }));
  yield* same("vtimer", ((yield* kernel.vtimer({ timer: 1, set: true, value: 0, process: SELF })).value?.old ?? 0) > 4000, true);
  yield* tell("kernel.update", yield* kernel.update({ source: NOBODY, target: self }));
  yield* tell("kernel.statectl", yield* kernel.statectl({ request: SYS_STATE_CLEAR_IPC_REFS }));
}

function* system(self) {
  const hook = (yield* tell("kernel.irqctl", yield* kernel.irqctl({ request: IRQ_SETPOLICY, line: 9, policy: 1, hook: 3 }))).hook;
  for (const request of [IRQ_ENABLE, IRQ_DISABLE, IRQ_RMPOLICY]) {
    yield* same(`irqctl ${request}`, (yield* kernel.irqctl({ request, line: 9, policy: 0, hook })).ok, true);
  }
  const read = yield* tell("kernel.devio", yield* kernel.devio({ request: 0x11, port: 0x3fd, value: 0 })); // state of the serial line
  yield* same("devio", (read.value & 0x60) !== 0, true);
  const vector = yield* allocate(16);
  yield* store(vector, Uint8Array.of(0xfd, 3, 0, 0));
  yield* tell("kernel.vdevio", yield* kernel.vdevio({ request: 0x11, vector, count: 1 }));
  yield* same("vdevio", (yield* load(vector, 4))[2] === (read.value & 255), true);
  yield* tell("kernel.sdevio", yield* kernel.sdevio({ request: 0x11, port: 0x3fd, address: vector, bytes: 2, process: SELF, offset: 0 }));
  const { uptime, bootTime } = yield* tell("kernel.times", yield* kernel.times({ process: NONE }));
  yield* same("uptime", uptime > 0, true);
  yield* tell("kernel.stime", yield* kernel.stime({ bootTime }));
  yield* tell("kernel.setalarm", yield* kernel.setalarm({ expiresAt: 50 * HZ, absolute: false }));
  yield* same("alarm", (yield* kernel.setalarm({ expiresAt: 0, absolute: false })).value?.ticksLeft > 49 * HZ, true);
  const privileges = privilegeEntry.decode(yield* kernelStructure(GET_PRIV, privilegeEntry.bytes));
  yield* tell("kernel.getinfo", ok({}));
  yield* tell("kernel.setgrant", yield* kernel.setgrant({ table: privileges.grantTable, entries: privileges.grantEntries }));
  yield* same("grants", privileges.grantEntries > 0, true);
  yield* tell("kernel.abort", yield* kernel.abort({ how: 3, process: NOBODY, length: 0, parameters: 0 }));
  const name = yield* place("every");
  yield* same("dataBytes", (yield* tell("kernel.queryHosted", yield* kernel.queryHosted({ reference: name.address, referenceBytes: name.length - 1 }))).dataBytes, 128 * 1024);
  yield* tell("kernel.checkHosted", yield* kernel.checkHosted({ process: self, reference: name.address, referenceBytes: name.length - 1, declared: 0, declaredBytes: 0 }));
  yield* tell("kernel.execHosted", yield* kernel.execHosted({ process: NOBODY, reference: name.address, referenceBytes: name.length - 1, arguments: 0, argumentsBytes: 0 }));
  const vmctl = yield* tell("kernel.vmctl", yield* kernel.vmctl({ process: SELF, parameter: VMCTL_I386_GETCR3, value: 0, address: 0 }));
  yield* same("cr3", vmctl.value !== 0 && vmctl.value % PAGE === 0, true);
  const line = yield* place("every: printed by hand\n");
  yield* tell("kernel.sysctl", yield* kernel.sysctl({ code: SYSCTL_CODE_DIAG, buffer: line.address, argument: line.length - 1 }));
}

function* memory(self, user) {
  const mapped = yield* tell("vm.mmap", yield* vm.mmap({ address: 0, length: PAGE, protection: 3, flags: MAP_ANON, file: -1, offset: 0 }));
  yield* store32(mapped.address, 5);
  yield* tell("vm.munmap", yield* vm.munmap({ address: mapped.address, length: PAGE }));
  yield* tell("vm.munmapText", yield* vm.munmapText({ address: NOWHERE - 0x10, length: PAGE }));
  const shared = (yield* vm.mmap({ address: 0, length: PAGE, protection: 3, flags: MAP_ANON | MAP_IPC_SHARED | 0x8, file: -1, offset: 0 })).value?.address;
  yield* store32(shared, 12345);
  const both = { destination: self, source: self, destinationAddress: 0, sourceAddress: shared, size: PAGE };
  const again = yield* tell("vm.remap", yield* vm.remap(both));
  yield* same("remap", yield* load32(again.address), 12345);
  const readable = yield* tell("vm.remapRo", yield* vm.remapRo(both));
  yield* same("remapRo", yield* load32(readable.address), 12345);
  yield* same("getref", (yield* tell("vm.getref", yield* vm.getref({ process: self, address: shared }))).count, 3);
  yield* same("getphys", (yield* tell("vm.getphys", yield* vm.getphys({ process: self, address: shared }))).physical % PAGE, 0);
  yield* tell("vm.shmUnmap", yield* vm.shmUnmap({ process: self, address: readable.address }));
  const dma = { process: self, start: 0x100000, size: PAGE };
  yield* tell("vm.adddma", yield* vm.adddma(dma));
  yield* tell("vm.getdma", yield* vm.getdma({}));
  yield* tell("vm.deldma", yield* vm.deldma(dma));
  yield* tell("vm.mapPhys", yield* vm.mapPhys({ process: SELF, physical: 0, length: PAGE }));
  yield* tell("vm.unmapPhys", yield* vm.unmapPhys({ process: SELF, address: shared }));
  const block = yield* mapMemory(PAGE);
  yield* store32(block, 99);
  const yielding = { address: block, getHigh: VM_BLOCKID_NONE, getLow: VM_BLOCKID_NONE, length: PAGE, yieldHigh: 1, yieldLow: 2 };
  yield* same("yield", (yield* vm.yieldblockgetblock(yielding)).error, "ESRCH"); // it is yielded, and nothing was to be got
  yield* same("what is there instead", yield* load32(block), 0);
  yield* tell("vm.yieldblockgetblock", yield* vm.yieldblockgetblock({ ...yielding, getHigh: 1, getLow: 2, yieldHigh: VM_BLOCKID_NONE, yieldLow: VM_BLOCKID_NONE }));
  yield* same("what came back", yield* load32(block), 99);
  yield* tell("vm.forgetblock", yield* vm.forgetblock({ high: 1, low: 2 }));
  yield* tell("vm.forgetblocks", yield* vm.forgetblocks({}));
  yield* tell("vm.info", yield* vm.info({ what: VMIW_STATS, process: SELF, count: 0, address: yield* allocate(64), next: 0 }));
  yield* tell("vm.exit", yield* vm.exit({ process: NOBODY }));
  yield* tell("vm.willexit", yield* vm.willexit({ process: NOBODY }));
  yield* tell("vm.fork", yield* vm.fork({ parent: self, slot: 99, flags: 0 }));
  yield* tell("vm.brk", yield* vm.brk({ process: NOBODY, address: 0 }));
  yield* tell("vm.execNewmem", yield* vm.execNewmem({ process: NOBODY, arguments: 0, size: 0 }));
  yield* tell("vm.pushSig", yield* vm.pushSig({ process: NOBODY }));
  yield* tell("vm.rsSetPriv", yield* vm.rsSetPriv({ process: self, mask: 0 }));
  yield* tell("vm.rsUpdate", yield* vm.rsUpdate({ source: NOBODY, target: self }));
  yield* tell("vm.rsMemctl", yield* vm.rsMemctl({ process: NOBODY, request: 0 }));
  yield* tell("vm.watchExit", yield* vm.watchExit({ process: user }));
  yield* tell("vm.notifySig", yield* vm.notifySig({ process: user, ipcServer: 0 }));
  yield* same("queryExit", (yield* tell("vm.queryExit", yield* vm.queryExit({}))).process, user);
}

function* dataStore(self) {
  const name = yield* place("every.number");
  const key = { key: yield* grantDirect(DS, name.address, name.length, CPF_READ), keyLength: name.length };
  const room = yield* allocate(DS_MAX_KEYLEN);
  const found = { key: yield* grantDirect(DS, room, DS_MAX_KEYLEN, CPF_WRITE), keyLength: DS_MAX_KEYLEN };
  yield* tell("ds.subscribe", yield* ds.subscribe({ ...key, flags: DSF_TYPE_U32 }));
  yield* tell("ds.publish", yield* ds.publish({ ...key, flags: DSF_TYPE_U32, value: 42, valueLength: 0 }));
  yield* same("retrieve", (yield* tell("ds.retrieve", yield* ds.retrieve({ ...key, flags: DSF_TYPE_U32, value: 0, valueLength: 0, snapshot: 0 }))).value, 42);
  yield* same("check", (yield* tell("ds.check", yield* ds.check(found))).flags, DSF_TYPE_U32);
  yield* tell("ds.delete", yield* ds.delete({ ...key, flags: DSF_TYPE_U32 }));
  yield* tell("ds.snapshot", yield* ds.snapshot({ ...key, flags: DSF_TYPE_MAP }));
  yield* tell("ds.retrieveLabel", yield* ds.retrieveLabel({ ...found, endpoint: self }));
  yield* same("label", String.fromCharCode(...(yield* load(room, 5))), "every");
  yield* tell("ds.getSysInfo", yield* ds.getSysInfo({ what: SI_DATA_STORE, size: DS_TABLE_BYTES, where: yield* allocate(DS_TABLE_BYTES) }));
}

function* reincarnation(self) {
  const found = yield* rsLookup("every");
  yield* tell("rs.lookup", found);
  yield* same("lookup", found.value, self);
  for (const what of ["down", "refresh", "restart", "clone"]) yield* tell(`rs.${what}`, yield* rsRequest(what, "nobody"));
  for (const what of ["up", "edit"]) yield* tell(`rs.${what}`, yield* rs[what]({ start: NOWHERE }));
  yield* tell("rs.update", yield* rs.update({ start: NOWHERE, state: 1, maxTime: 0 }));
  yield* tell("rs.init", yield* rs.init({ result: 0, type: 0, rprocTable: -1, oldEndpoint: NONE }));
  yield* tell("rs.luPrepare", yield* rs.luPrepare({ result: 0, state: 1, maxTime: 0 }));
}

export const every = {
  name: "every", version: "1.0.0", dataBytes: 128 * 1024, stackBytes: 16 * 1024,
  *main([, other = "", user = ""]) {
    const signalHandler = function* (_state, signal) {
      if (signal !== SIGTERM) return;
      // Last of all: after these two nothing is started again, this service neither.
      yield* tell("rs.shutdown", yield* rs.shutdown({}));
      yield* printf("every: kernel.exit OK\n");
      yield* kernel.exit({});
    };
    yield* sefStartup(stateSpec({ name: "every", version: 1, saved: true }), { *initFresh() { return ok({}); }, signalHandler });
    const { endpoint: self } = yield* whoami();
    yield* copies(self);
    yield* maps(Number(other));
    yield* processes(self, Number(other), Number(user));
    yield* system(self);
    yield* memory(self, Number(user));
    yield* dataStore(self);
    yield* reincarnation(self);
    yield* printf("every: done\n");
    for (;;) yield* sefReceive();
  },
};

export const everyFiles = {
  "/test/every": "#!hosted every\n",
  "/test/every.conf": "service every { uid 0; system ALL; vm ALL; ipc ALL; irq 9; io 3f8:8; };\n",
};
