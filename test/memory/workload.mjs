// Random work with memory on the real kernel, against a model of every byte.
import { CPF_DIRECT, CPF_MAP, CPF_READ, CPF_USED, CPF_VALID, CPF_WRITE, kernelContract, SEG_D } from "@procyon-os/contract-kernel";
import { MAP_ANON, MAP_CONTIG, MAP_PREALLOC, VM_BLOCKID_NONE, vmContract } from "@procyon-os/contract-vm";
import { endpointSlot, errorCode } from "@procyon-os/message";
import { callMessage, CMD, commandMessage } from "./memory-machine.mjs";
import { Maps, ModelProcess, Page, PAGE } from "./model.mjs";

const STACK_TOP = 0x80000000;
const WINDOW = 0x90000000;
const WINDOW_PAGES = 48;
const HEAP_PAGES = 12;
const FIRST_PROCESS_PAGE = 0x19000;
const MOST_SYSTEM = 24;
const GRANTS = 8;
const ENOMEM = errorCode("ENOMEM");
const EFAULT = errorCode("EFAULT");
const ESRCH = errorCode("ESRCH");
const EINVAL = errorCode("EINVAL");

/** Deterministic chance. */
class Chance {
  constructor(seed) {
    this.x = (seed * 2654435761) >>> 0 || 1;
  }
  below(limit) {
    this.x ^= this.x << 13;
    this.x ^= this.x >>> 17;
    this.x ^= this.x << 5;
    return (this.x >>> 0) % limit;
  }
  pick(list) {
    return list[this.below(list.length)];
  }
}

const usual = [
  ["write", 26], ["read", 16], ["mmap", 12], ["munmap", 10], ["brk", 6], ["fork", 5], ["exit", 5], ["safecopy", 7], ["safemap", 4], ["revoke", 4],
  ["unmap", 2], ["yield", 5],
];

/** What concerns two processes is done while nobody else is at work. */
const ALONE = new Set(["safecopy", "safemap", "revoke", "unmap"]);

/** Does `operations` operations; at most `together` processes at once. `weights` says how often each kind comes. */
export class Workload {
  constructor(machine, conductor, { seed, operations, processes = 200, together = 1, checkEvery = 1000, onCheck = () => {}, before = null, weights = usual }) {
    Object.assign(this, { before, machine, conductor, operations, most: processes, together, checkEvery, onCheck });
    this.chance = new Chance(seed);
    this.wheel = weights.flatMap(([name, weight]) => new Array(weight).fill(name));
    this.list = [];
    this.done = 0;
    this.checks = 0;
    this.deaths = 0;
    this.refused = 0; // ENOMEM
    this.counts = {};
    this.nextId = 1;
    this.maps = new Maps();
  }

  *run(first) {
    const places = yield* this.conductor.command(first, commandMessage(CMD.PLACES));
    this.grantTable = places[2];
    this.heapPage = (places[3] >>> 0) / PAGE;
    this.first = new ModelProcess(first, false);
    // Exit must give back all: what the first process has by then is not counted against the work.
    const warm = yield* this.conductor.fork(first, true);
    yield* this.conductor.exit(warm);
    const before = this.machine.check();
    yield* this.fork(this.first, null);
    let nextCheck = this.checkEvery;
    while (this.done < this.operations) {
      yield* this.round();
      if (this.done >= nextCheck) {
        yield* this.calm();
        this.verify();
        nextCheck += this.checkEvery;
      }
    }
    yield* this.calm();
    this.verify();
    for (const process of [...this.list]) yield* this.end(process);
    if (this.conductor.dropVersion) yield* this.conductor.dropVersion();
    yield* this.calm();
    const after = this.machine.check();
    const leak = before.free + before.own - after.free - after.own;
    // The first process keeps the copy that fork made of the page it waits in; a VM that stood by has a little more than the first one, and
    // one that saved ahead the memory for that.
    const most = this.disturbed ? 8 : this.conductor.updates > 0 ? 40 : 1;
    if (leak > most || leak < -most) throw new Error(`${before.free} frames were free before, ${after.free} after`);
    return { before, after };
  }

  /** Whether VM has died: then all yielded blocks are forgotten, and whoever was just giving or taking one has zeros. */
  get disturbed() {
    return (this.conductor.crashes ?? 0) > 0;
  }
  get forgetful() {
    return this.disturbed || this.machine.state.counters.forgotten > 0;
  }
  /** Until VM is at rest, and another one stands by. */
  *calm() {
    if (this.conductor.settle === undefined) return;
    yield* this.conductor.settle();
    yield* this.conductor.maintain();
    yield* this.conductor.settle();
  }

  /** A few operations of processes that have nothing to do with each other, at once. */
  *round() {
    yield* this.before?.() ?? [];
    const busy = new Set();
    const jobs = new Map();
    for (let i = 0; i < this.together; i++) {
      const process = this.chance.pick(this.list);
      if (busy.has(process)) continue;
      const name = this.chance.pick(this.wheel);
      const ofRs = name === "fork" || name === "exit" || name === "brk"; // RS does them at once
      const alone = ALONE.has(name);
      if (alone && busy.size > 0) break;
      if (!this.mayJoin(process, busy)) continue;
      this.counts[name] = (this.counts[name] ?? 0) + 1;
      this.done++;
      if (ofRs) {
        yield* this[name](process, jobs);
        if (this.list.length === 0) yield* this.fork(this.first, null);
        if (this.chance.below(2) === 0) break;
        continue;
      }
      const job = this[name](process);
      const step = job.next(null);
      if (step.done) continue;
      busy.add(process);
      for (const other of step.value.with ?? []) busy.add(other);
      jobs.set(step.value.agent, { job, process });
      yield* this.conductor.begin(step.value.agent, step.value.message);
      if (alone) break;
    }
    while (jobs.size > 0) yield* this.collect(jobs);
  }

  /** The next answer, and what follows from it. */
  *collect(jobs) {
    const [agent, message] = this.early?.shift() ?? (yield* this.conductor.next());
    const entry = jobs.get(agent);
    if (entry === undefined) throw new Error(`an answer of ${agent}, which was not asked`);
    jobs.delete(agent);
    if (message === null) {
      entry.job.next(null);
      const dead = this.list.find((one) => one.endpoint === agent);
      if (!this.short()) throw new Error(`process ${agent} died in ${entry.what ?? "an operation"}`);
      this.deaths++;
      yield* this.end(dead);
      if (this.list.length === 0) yield* this.fork(this.first, null);
      return;
    }
    const step = entry.job.next(message);
    if (step.done) return;
    jobs.set(step.value.agent, entry);
    yield* this.conductor.begin(step.value.agent, step.value.message);
  }

  /** Whether nobody who is at work shares a page with this process. */
  mayJoin(process, busy) {
    if (busy.size === 0) return true;
    for (const page of process.pages.values()) if (page.owners.size > 1) for (const owner of page.owners.keys()) if (owner !== process && busy.has(owner)) return false;
    return true;
  }

  /** Memory is so full that a refusal is in order. */
  short() {
    return this.machine.state.free.pages < this.machine.state.managed.reduce((sum, run) => sum + run.count, 0) / 16;
  }
  allow(result, ...expected) {
    if (expected.includes(result)) return result;
    if (result === ENOMEM && this.short()) return void this.refused++, result;
    throw new Error(`${result} instead of ${expected.join(" or ")} after ${this.done} operations`);
  }

  anyPage(process) {
    const pages = [...process.pages.keys()];
    return pages.length === 0 ? -1 : this.chance.pick(pages);
  }
  /** A page that the process sees by a map, where there is one: what it maps on makes a chain. */
  seenPage(process) {
    const seen = this.maps.list.filter((map) => map.grantee === process);
    if (seen.length === 0) return this.anyPage(process);
    const { page, count } = this.chance.pick(seen);
    return page + this.chance.below(count);
  }
  /** A page that lies where the process once saw another by a map that it has left, where there is one: grants of that must not reach it. */
  leftPage(process) {
    const left = [...process.left].filter((page) => process.pages.has(page));
    return left.length === 0 ? this.anyPage(process) : this.chance.pick(left);
  }
  span(process, page, most, may = () => true) {
    let count = 0;
    while (count < most && process.pages.has(page + count) && may(page + count)) count++;
    return count;
  }

  *fork(parent) {
    if (this.list.length >= this.most) return;
    const system = this.list.filter((one) => one.system).length < MOST_SYSTEM && this.chance.below(3) === 0;
    const child = yield* this.conductor.fork(parent.endpoint, system, this.cpu());
    if (child === null) {
      if (!this.short()) throw new Error("fork is refused while memory is free");
      this.refused++;
      return;
    }
    const model = new ModelProcess(child, system);
    for (const [page, content] of parent.pages) model.set(page, content.copy());
    model.heap = parent.heap;
    this.list.push(model);
    if (system) yield* this.conductorCommand(model, callMessage(CMD.KERNEL, kernelContract, "setgrant", { table: this.grantTable, entries: GRANTS }));
  }
  cpu() {
    const { length } = this.machine.kernel.cpus;
    return length === 1 ? -1 : this.chance.below(length);
  }
  /** A command while others may be at work: their answers wait. */
  *conductorCommand(process, message) {
    yield* this.conductor.begin(process.endpoint, message);
    for (;;) {
      const [from, answer] = yield* this.conductor.next();
      if (from === process.endpoint) return answer;
      (this.early ??= []).push([from, answer]);
    }
  }

  *exit(process) {
    if (this.chance.below(this.most) < this.list.length) yield* this.end(process);
  }
  *end(process) {
    yield* this.conductor.exit(process.endpoint);
    // Where memory was short, who could not be given pages of its own goes on as it was.
    const isOwn = ({ grantee, page, count }) => Array.from({ length: count }, (_, i) => this.references(grantee, page + i)).every((users) => users < 2);
    this.maps.leave(process, this.short() ? isOwn : undefined);
    for (const page of [...process.pages.keys()]) process.drop(page);
    for (const id of [...process.yielded.keys()]) process.forgetYielded(id);
    this.list.splice(this.list.indexOf(process), 1);
  }

  *brk(process) {
    const pages = this.chance.below(HEAP_PAGES + 1);
    const result = yield* this.conductor.brk(process.endpoint, (this.heapPage + pages) * PAGE - this.chance.below(2) * this.chance.below(PAGE - 1));
    this.allow(result.ok ? 0 : errorCode(result.error), 0);
    if (!result.ok) return;
    for (let i = pages; i < process.heap; i++) process.drop(this.heapPage + i);
    this.maps.left(process, this.heapPage + pages, Math.max(0, process.heap - pages));
    for (let i = process.heap; i < pages; i++) process.set(this.heapPage + i, new Page());
    process.heap = pages;
  }

  *write(process) {
    const page = this.anyPage(process);
    if (page < 0) return;
    const many = this.chance.below(4) === 0;
    const count = this.span(process, page, many ? 4 : 2, (one) => !process.readOnly.has(one));
    if (count === 0) return;
    const offset = this.chance.below(PAGE);
    const step = many ? PAGE : 1;
    const length = Math.min(count * PAGE - offset, many ? count * PAGE : 1 + this.chance.below(96));
    const seed = this.chance.below(256);
    const address = page * PAGE + offset;
    const answer = yield { agent: process.endpoint, message: commandMessage(CMD.WRITE, address, length, seed, step) };
    if (answer === null) return;
    for (let i = 0; i < length; i += step) {
      const at = address + i;
      process.pages.get(Math.floor(at / PAGE)).write()[at % PAGE] = (seed + i * 7 + (i >>> 8)) & 255;
    }
  }

  *read(process) {
    const page = this.anyPage(process);
    if (page < 0) return;
    const offset = this.chance.below(PAGE);
    const length = Math.min(this.span(process, page, 2) * PAGE - offset, 1 + this.chance.below(128));
    const address = page * PAGE + offset;
    const answer = yield { agent: process.endpoint, message: commandMessage(CMD.READ, address, length, 0, 1) };
    if (answer === null) return;
    let hash = 0;
    for (let i = 0; i < length; i++) {
      const at = address + i;
      hash = (Math.imul(hash, 31) + (process.pages.get(Math.floor(at / PAGE)).bytes?.[at % PAGE] ?? 0)) >>> 0;
    }
    if (hash !== answer[2] >>> 0) throw new Error(`process ${process.endpoint} reads something else at 0x${address.toString(16)} after ${this.done} operations`);
  }

  *mmap(process) {
    if (process.pages.size > 40) return;
    const count = 1 + this.chance.below(6);
    const wanted = this.chance.below(8) === 0 ? 0 : WINDOW / PAGE + this.chance.below(WINDOW_PAGES);
    const flags = MAP_ANON | this.chance.pick([0, 0, MAP_PREALLOC, MAP_PREALLOC | MAP_CONTIG]);
    let at = wanted === 0 ? STACK_TOP / PAGE : wanted;
    while (!this.isFree(process, at, count)) at++;
    const request = { address: wanted * PAGE, length: count * PAGE - this.chance.below(PAGE), protection: 3, flags, file: -1, offset: 0 };
    const answer = yield { agent: process.endpoint, message: callMessage(CMD.VM, vmContract, "mmap", request) };
    if (answer === null || this.allow(answer[1], 0) !== 0) return;
    if (answer[5] >>> 0 !== at * PAGE) throw new Error(`mmap gives 0x${(answer[5] >>> 0).toString(16)} instead of 0x${(at * PAGE).toString(16)}`);
    for (let i = 0; i < count; i++) process.set(at + i, new Page());
  }
  isFree(process, first, count) {
    for (let i = 0; i < count; i++) if (process.pages.has(first + i)) return false;
    return true;
  }

  *munmap(process) {
    const page = this.chance.below(6) === 0 ? WINDOW / PAGE + this.chance.below(WINDOW_PAGES) : this.chance.below(4) === 0 ? this.seenPage(process) : this.anyPage(process);
    if (page < STACK_TOP / PAGE) return;
    const count = 1 + this.chance.below(4);
    const all = process.has(page, count);
    const answer = yield { agent: process.endpoint, message: callMessage(CMD.VM, vmContract, "munmap", { address: page * PAGE, length: count * PAGE }) };
    if (answer === null || this.allow(answer[1], all ? 0 : EFAULT) !== 0) return;
    for (let i = 0; i < count; i++) process.drop(page + i);
    this.maps.left(process, page, count);
  }

  /** Two system processes with something to grant and something to receive, or null. */
  pair(granter) {
    const others = this.list.filter((one) => one.system && one !== granter);
    return granter.system && others.length > 0 && granter.pages.size > 0 ? this.chance.pick(others) : null;
  }
  grantMessage(granter, slot, to, address, length, access) {
    return commandMessage(CMD.POKE, this.grantTable + slot * 36, 0, CPF_VALID | CPF_USED | CPF_DIRECT | access, to.endpoint, address, length, 0);
  }
  *safecopy(granter) {
    const other = this.pair(granter);
    if (other === null || other.pages.size === 0) return;
    const slot = this.chance.below(2);
    const out = this.chance.below(2) === 0; // the other writes into the granter's memory
    const [from, to] = out ? [other, granter] : [granter, other];
    const fromPage = this.anyPage(from);
    const toPage = this.anyPage(to);
    const fromOffset = this.chance.below(PAGE);
    const toOffset = this.chance.below(3) === 0 ? fromOffset : this.chance.below(PAGE);
    const room = Math.min(this.span(from, fromPage, 5) * PAGE - fromOffset, this.span(to, toPage, 5, (one) => !to.readOnly.has(one)) * PAGE - toOffset);
    if (room <= 0) return;
    const length = this.chance.below(3) === 0 ? room : 1 + this.chance.below(Math.min(room, 200));
    const [fromAddress, toAddress] = [fromPage * PAGE + fromOffset, toPage * PAGE + toOffset];
    const [granted, own] = out ? [toAddress, fromAddress] : [fromAddress, toAddress];
    if (overlap(from, fromAddress, to, toAddress, length)) return; // what comes of that is nobody's promise
    const set = yield { agent: granter.endpoint, with: [other], message: this.grantMessage(granter, slot, other, granted, length, CPF_READ | CPF_WRITE) };
    if (set === null) return;
    const call = { process: granter.endpoint, grant: slot, offset: 0, address: own, bytes: length, segment: SEG_D };
    const answer = yield { agent: other.endpoint, message: callMessage(CMD.KERNEL, kernelContract, out ? "safecopyto" : "safecopyfrom", call) };
    if (answer === null) return;
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = from.pages.get(Math.floor((fromAddress + i) / PAGE)).bytes?.[(fromAddress + i) % PAGE] ?? 0;
    if (this.allow(answer[1], 0) !== 0) return this.adopt(to, toAddress, bytes);
    for (let i = 0; i < length; i++) to.pages.get(Math.floor((toAddress + i) / PAGE)).write()[(toAddress + i) % PAGE] = bytes[i];
  }
  /** A copy that was given up half way: each byte is the old or the new one. */
  adopt(process, address, bytes) {
    for (let i = 0; i < bytes.length; i++) {
      const at = address + i;
      const page = Math.floor(at / PAGE);
      const real = this.real(process, page)?.[at % PAGE] ?? 0;
      const old = process.pages.get(page).bytes?.[at % PAGE] ?? 0;
      if (real === old) continue;
      if (real !== bytes[i]) throw new Error(`a copy that failed has left a byte of neither at 0x${at.toString(16)}`);
      process.pages.get(page).write()[at % PAGE] = real;
    }
  }
  entry(process, page) {
    const linear = page + FIRST_PROCESS_PAGE;
    return this.machine.state.processes[endpointSlot(process.endpoint)].space.tables.get(linear >>> 10)?.entries[linear & 1023] ?? 0;
  }
  /** The bytes of a page, as the page table says; null where it is absent. */
  real(process, page) {
    const entry = this.entry(process, page);
    return (entry & 1) === 0 ? null : new Uint8Array(this.machine.board.memory.buffer, (entry >>> 12) * PAGE, PAGE);
  }

  /** How many use the frame of a page. */
  references(process, page) {
    return this.machine.state.references[this.entry(process, page) >>> 12];
  }

  *safemap(granter) {
    const grantee = this.pair(granter);
    if (grantee === null || grantee.pages.size === 0) return;
    const slot = 2 + this.chance.below(GRANTS - 2);
    if (this.maps.uses(granter, slot)) return; // what was mapped by it could not be taken back by it any more
    const from = this.chance.pick([this.seenPage, this.leftPage, this.anyPage, this.anyPage]).call(this, granter);
    const to = this.anyPage(grantee);
    const most = 1 + this.chance.below(3);
    const writable = this.chance.below(3) > 0;
    // Who has a page to be read must not give it to be written.
    const count = Math.min(this.span(granter, from, most, (page) => !writable || !granter.readOnly.has(page)), this.span(grantee, to, most));
    if (count === 0) return;
    const access = CPF_MAP | CPF_READ | (writable ? CPF_WRITE : 0);
    const set = yield { agent: granter.endpoint, with: [grantee], message: this.grantMessage(granter, slot, grantee, from * PAGE, count * PAGE, access) };
    if (set === null) return;
    const call = { granter: granter.endpoint, grant: slot, offset: 0, segment: SEG_D, address: to * PAGE, bytes: count * PAGE, writable };
    const answer = yield { agent: grantee.endpoint, message: callMessage(CMD.KERNEL, kernelContract, "safemap", call) };
    if (answer === null || this.allow(answer[1], 0) !== 0) return;
    this.maps.add({ granter, grant: slot, from, grantee, page: to, count, at: to, writable });
  }

  *revoke(process) {
    const own = this.maps.grantsOf(process);
    if (own.length === 0) return;
    const grant = this.chance.pick(own);
    const gone = this.maps.by(process, grant);
    const message = callMessage(CMD.KERNEL, kernelContract, "saferevmap", { byGrant: true, what: grant });
    const answer = yield { agent: process.endpoint, with: gone.map((map) => map.grantee), message };
    if (answer !== null) this.endMaps(gone, this.allow(answer[1], 0));
  }

  *unmap(process) {
    const mine = this.maps.list.filter((map) => map.grantee === process);
    if (mine.length === 0) return;
    const { at } = this.chance.pick(mine);
    const message = callMessage(CMD.KERNEL, kernelContract, "safeunmap", { segment: SEG_D, address: at * PAGE });
    const answer = yield { agent: process.endpoint, message };
    if (answer !== null) this.endMaps(mine.filter((map) => map.at === at), this.allow(answer[1], 0));
  }

  /** Where memory did not last for all of them, the kernel knows which maps are over. */
  endMaps(maps, result) {
    const { all } = this.machine.kernel.safemaps;
    const isThere = ({ grantee, page }) => all.some((one) => one.grantee === grantee.endpoint && one.granteeLinear === (page + FIRST_PROCESS_PAGE) * PAGE);
    this.maps.end(maps, result === 0 ? undefined : (map) => !isThere(map));
  }

  *yield(process) {
    const page = this.anyPage(process);
    if (page < STACK_TOP / PAGE) return;
    const count = this.span(process, page, 1 + this.chance.below(3), (one) => process.pages.get(one).users === 1 && !process.readOnly.has(one));
    if (count === 0) return;
    const wanted = process.yielded.size > 0 && this.chance.below(2) === 0 ? this.chance.pick([...process.yielded.keys()]) : 0;
    const given = process.yielded.size < 4 && (wanted === 0 || this.chance.below(2) === 0) ? this.nextId++ : 0;
    if (wanted === 0 && given === 0) return;
    const half = (id) => (id === 0 ? VM_BLOCKID_NONE : 0);
    const request = {
      address: page * PAGE, length: count * PAGE, getHigh: half(wanted), getLow: wanted || VM_BLOCKID_NONE, yieldHigh: half(given), yieldLow: given || VM_BLOCKID_NONE,
    };
    const answer = yield { agent: process.endpoint, message: callMessage(CMD.VM, vmContract, "yieldblockgetblock", request) };
    if (answer === null) return;
    const fits = wanted !== 0 && process.yielded.get(wanted).length === count;
    // EINVAL: not one block (it lies in two regions, or was in a safemap once). Then nothing has happened.
    if (answer[1] === EINVAL) return;
    // A yield's own result is not told: VM's state is.
    const kept = given !== 0 && this.machine.state.yielded.has(`${process.endpoint}:0:${given}`);
    // Somebody at work at the same time may have made VM forget it already; then zeros are in its place.
    const zeros = () => Array.from({ length: count }, (_, i) => this.real(process, page + i)).every((bytes) => bytes === null || Buffer.compare(bytes, ZEROS) === 0);
    const taken = kept || (given !== 0 && this.forgetful && answer[1] === ESRCH && zeros());
    if (given !== 0 && !taken && !this.disturbed && !this.short()) throw new Error("a block was not yielded though memory is free");
    const own = Array.from({ length: count }, (_, i) => process.pages.get(page + i));
    if (taken) {
      process.giveAway(given, own);
      this.blank(process, page, count);
    }
    if (wanted === 0 || !fits) {
      if (this.disturbed && !taken && zeros()) this.blank(process, page, count);
      return void this.allow(answer[1], ESRCH);
    }
    if (answer[1] === ESRCH && this.forgetful) {
      if (this.disturbed && !taken && zeros()) this.blank(process, page, count);
      return process.forgetYielded(wanted);
    }
    this.allow(answer[1], 0);
    this.maps.left(process, page, count);
    process.yielded.get(wanted).forEach((block, i) => process.set(page + i, block));
    process.forgetYielded(wanted);
  }

  /** Pages of zeros in the place of what a process has given up. */
  blank(process, page, count) {
    for (let i = 0; i < count; i++) process.set(page + i, new Page());
    this.maps.left(process, page, count);
  }

  place(process, page) {
    return `process ${process.endpoint}, page 0x${page.toString(16)} after ${this.done} operations`;
  }
  /** The kernel keeps the maps that are there with all their grants, and no others; where memory was short or VM has died one may be over that nobody knows of. */
  verifyMaps() {
    if (this.disturbed || this.refused > 0 || this.deaths > 0) return;
    const list = (maps) => maps.map((words) => words.join(" ")).sort().join("\n");
    const grants = (chain) => [...new Set(chain.map(([granter, grant]) => `${granter}:${grant}`))].sort();
    const kept = list(this.machine.kernel.safemaps.all.map(({ granter, grantee, granteeLinear, bytes, chain }) =>
      [granter, grantee, granteeLinear / PAGE - FIRST_PROCESS_PAGE, bytes / PAGE, ...grants(chain.map((link) => [link.granter, link.grant]))]));
    const wanted = list(this.maps.list.map(({ granter, grantee, page, count, chain }) =>
      [granter.endpoint, grantee.endpoint, page, count, ...grants(chain.map((link) => [link.granter.endpoint, link.grant]))]));
    if (kept !== wanted) throw new Error(`the kernel keeps other maps than there are after ${this.done} operations:\n${kept}\ninstead of\n${wanted}`);
  }
  /** Every byte of every process, and every use of every frame. */
  verify() {
    const use = this.machine.check();
    this.verifyMaps();
    const equal = new Map(); // frame to the bytes that it was compared with: many share both
    for (const process of this.list) {
      for (const [page, { bytes }] of process.pages) {
        const entry = this.entry(process, page);
        if ((entry & 1) === 0) {
          if (bytes !== null && Buffer.compare(bytes, ZEROS) !== 0) throw new Error(`${this.place(process, page)}: its content is lost`);
          continue;
        }
        if (equal.get(entry >>> 12) === (bytes ?? ZEROS)) continue;
        if (Buffer.compare(this.real(process, page), bytes ?? ZEROS) !== 0) throw new Error(`${this.place(process, page)} has other bytes`);
        equal.set(entry >>> 12, bytes ?? ZEROS);
      }
    }
    this.checks++;
    this.onCheck(this, use);
  }
}
const ZEROS = new Uint8Array(PAGE);

/** Whether a page that is copied from is copied to as well: both may see it, at different places. */
function overlap(from, fromAddress, to, toAddress, length) {
  const sources = new Set();
  for (let page = Math.floor(fromAddress / PAGE); page * PAGE < fromAddress + length; page++) sources.add(from.pages.get(page));
  for (let page = Math.floor(toAddress / PAGE); page * PAGE < toAddress + length; page++) if (sources.has(to.pages.get(page))) return true;
  return false;
}
