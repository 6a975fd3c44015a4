// The real kernel, CPUs, MMU and VM with nothing else around them: RS is the test.
import { localBus } from "@procyon-os/bus";
import { ALL_TRAPS, DYN_PRIV_ID, privilegeEntry, SCHEDCTL_FLAG_KERNEL, SRV_F, SYS_PRIV_ALLOW, SYS_PRIV_DISALLOW, SYS_PRIV_SET_SYS, SYS_PRIV_SET_USER, USR_F } from "@procyon-os/contract-kernel";
import { encodeRprocPub, rsContract, RPROCPUB_BYTES } from "@procyon-os/contract-rs";
import { Board, Cpu, fromSeconds } from "@procyon-os/hardware";
import { Kernel } from "@procyon-os/kernel";
import { ANY, encodeRequest, endpointSlot, INIT, isNotify, messageSource, newMessage, NONE, NR_BOOT_PROCS, RS, VM } from "@procyon-os/message";
import { grantDirect, kernel as kernelStubs, receive, scratchBytes, send, sendNb, store, allocate, vm as vmStubs } from "@procyon-os/syslib";
import { checkVm, vm, vmStateOf } from "@procyon-os/vm";
import { agentProgram } from "./agent.mjs";

const ALL = 0xffffffff;
const everything = {
  processSlot: 0, flags: SRV_F, asynTable: 0, asynSize: 0, trapMask: ALL_TRAPS, ipcTo: [ALL, ALL], callMask: [ALL, ALL], signalManager: RS,
  backupSignalManager: NONE, notifyPending: [0, 0], asynPending: [0, 0], intPending: 0, signalsPending: 0, alarmExpires: 0, ioRangeCount: 0,
  ioRanges: [], memRangeCount: 0, memRanges: [], irqCount: 0, irqs: [], grantTable: 0, grantEntries: 0,
};
export const must = (result, what) => {
  if (!result.ok) throw new Error(`${what}: ${result.error}`);
  return result.value;
};

function* privilege(process, changes) {
  const entry = privilegeEntry.encode({ ...everything, id: 0, ...changes });
  must(yield* kernelStubs.privctl({ process, request: SYS_PRIV_SET_SYS, argument: yield* scratchBytes(entry), physStart: 0, physLength: 0 }), "set_sys");
}
function* allow(process, priority, cpu) {
  must(yield* kernelStubs.schedctl({ flags: SCHEDCTL_FLAG_KERNEL, process, quantumMs: 200, priority, cpu }), "schedctl");
  must(yield* kernelStubs.privctl({ process, request: SYS_PRIV_ALLOW, argument: 0, physStart: 0, physLength: 0 }), "allow");
}

/** VM starts as RS starts it: with a table of who may make which calls. */
function* startVm(machine) {
  yield* privilege(VM, { id: VM + 5 });
  yield* allow(VM, machine.vmPriority, -1);
  const table = new Uint8Array(NR_BOOT_PROCS * RPROCPUB_BYTES);
  table.set(encodeRprocPub({
    inUse: true, sysFlags: 0, endpoint: RS, deviceFlags: 0, major: 0, deviceStyle: 0, deviceStyle2: 0, label: "rs", processName: "rs", vmCalls: [-1, -1],
  }));
  const address = yield* allocate(table.length);
  yield* store(address, table);
  const grant = yield* grantDirect(VM, address, table.length, 1);
  const request = { result: 0, type: 0, rprocTable: typeof grant === "number" ? grant : must(grant, "grant"), oldEndpoint: NONE };
  yield* send(VM, encodeRequest(rsContract.base, rsContract.calls.init, request));
  const { message } = yield* receive(VM);
  if (message[2] !== 0) throw new Error(`VM does not start: ${message[2]}`);
  yield* sendNb(VM, newMessage(0));
}

/** Everything that a test can do from inside, as RS: its methods are generators that trap. */
export class Conductor {
  constructor(machine) {
    this.machine = machine;
    this.freeSlots = [];
    for (let slot = 250; slot > 20; slot--) this.freeSlots.push(slot);
    this.deaths = []; // endpoints of agents that got a signal
    this.replies = [];
    this.nextCpu = 0;
  }

  /** Starts the first agent. */
  *start() {
    yield* startVm(this.machine);
    yield* privilege(INIT, { id: INIT + 5, flags: USR_F });
    yield* allow(INIT, 7, -1);
    yield* receive(INIT);
    return INIT;
  }

  /** A call of VM. */
  *vm(name, request) {
    return yield* vmStubs[name](request);
  }

  *privilege(process, changes) {
    yield* privilege(process, changes);
  }
  *schedule(process, priority, cpu) {
    must(yield* kernelStubs.schedctl({ flags: SCHEDCTL_FLAG_KERNEL, process, quantumMs: 200, priority, cpu }), "schedctl");
  }

  /** Forks an agent that waits; null where memory is short. `system`: with privileges of its own. */
  *fork(parent, system = false, cpu = -1) {
    const slot = this.freeSlots.pop();
    const made = yield* this.vm("fork", { parent, slot, flags: 0 });
    if (!made.ok) {
      this.freeSlots.push(slot);
      if (made.error !== "ENOMEM") throw new Error(`fork: ${made.error}`);
      return null;
    }
    const { child } = made.value;
    if (system) {
      if (!(this.machine.kernel.processes.at(slot).rts & RTS_NO_PRIV)) {
        must(yield* kernelStubs.privctl({ process: child, request: SYS_PRIV_DISALLOW, argument: 0, physStart: 0, physLength: 0 }), "disallow");
      }
      yield* privilege(child, { flags: SRV_F | DYN_PRIV_ID });
      yield* allow(child, 7, cpu);
    } else {
      if (this.machine.kernel.processes.at(slot).rts & RTS_NO_PRIV) {
        must(yield* kernelStubs.privctl({ process: child, request: SYS_PRIV_SET_USER, argument: 0, physStart: 0, physLength: 0 }), "set_user");
      }
      must(yield* kernelStubs.schedctl({ flags: SCHEDCTL_FLAG_KERNEL, process: child, quantumMs: 200, priority: 7, cpu }), "schedctl");
      if (this.machine.kernel.processes.at(slot).rts & RTS_NO_PRIV) {
        must(yield* kernelStubs.privctl({ process: child, request: SYS_PRIV_ALLOW, argument: 0, physStart: 0, physLength: 0 }), "allow");
      }
    }
    return child;
  }

  /** Ends an agent, wherever it is. */
  *exit(process) {
    must(yield* this.vm("willexit", { process }), "willexit");
    must(yield* kernelStubs.clear({ process }), "clear");
    must(yield* this.vm("exit", { process }), "exit");
    this.freeSlots.push(endpointSlot(process));
  }

  *brk(process, address) {
    return yield* this.vm("brk", { process, address });
  }

  /** Gives an agent a command without waiting for its end. */
  *begin(agent, message) {
    const sent = yield* sendNb(agent, message);
    if (sent !== 0) throw new Error(`agent ${agent} does not take a command: ${sent}`);
  }

  /** The next answer: [agent, message], or [agent, null] where it died. */
  *next() {
    for (;;) {
      const { message, status, result } = yield* receive(ANY);
      if (result !== 0) throw new Error(`receive: ${result}`);
      if (!isNotify(status)) return [messageSource(message), message];
      const signal = yield* kernelStubs.getksig({});
      if (!signal.ok || signal.value.process === NONE) continue;
      return [signal.value.process, null];
    }
  }

  /** A command and its answer; null where the agent died of it (its remains are still there: `exit`). */
  *command(agent, message) {
    yield* this.begin(agent, message);
    const [from, answer] = yield* this.next();
    if (from !== agent) throw new Error(`an answer of ${from} instead of ${agent}`);
    return answer;
  }
}
const RTS_NO_PRIV = 0x80;

export const CMD = { WRITE: 1, READ: 2, PLACES: 3, POKE: 4, KERNEL: 1000, VM: 2000 };

/** A command message: words of the payload. */
export function commandMessage(type, ...words) {
  const message = newMessage(type);
  words.forEach((word, i) => (message[2 + i] = word | 0));
  return message;
}
/** A request of a contract as a command: the agent makes the call. */
export function callMessage(base, contract, name, request) {
  const message = encodeRequest(contract.base, contract.calls[name], request);
  message[1] = base + contract.calls[name].number;
  return message;
}

/** The first entry from `start` on in which two tables differ, but for the bits that the MMU sets; -1: none. */
function firstDifference(inMemory, entries, start) {
  for (let i = start; i < entries.length; i++) if (((inMemory[i] ^ entries[i]) & ~0x60) !== 0) return i;
  return -1;
}

/** A machine whose RS runs `script(conductor)`. */
export class MemoryMachine {
  constructor(options, script) {
    const { memoryMb = 32, cpus = 1, seed = 1, race = false, restartCalls = false, checkAlways = false, vmPriority = 4, parameters = {}, image = vm } = options;
    const { services = {}, makeConductor = (one) => new Conductor(one) } = options;
    this.vmPriority = vmPriority;
    this.printed = "";
    this.error = null;
    this.done = false;
    const machine = this;
    const rs = {
      name: "rs", version: "0.0.0", dataBytes: 256 * 1024, stackBytes: 4096,
      *main() {
        const conductor = makeConductor(machine);
        machine.conductor = conductor;
        try {
          yield* script(conductor, yield* conductor.start());
        } catch (error) {
          machine.error = error;
        }
        machine.done = true;
        for (;;) yield* receive(VM);
      },
    };
    this.board = new Board({ memoryBytes: memoryMb * 1024 * 1024, cpus, disks: [], rtcStart: fromSeconds(0) });
    this.kernel = new Kernel({
      board: this.board, cpus: Array.from({ length: cpus }, (_, id) => new Cpu(this.board.memory, this.board.ports, id)), bus: localBus,
      resolveService: (reference) => services[reference] ?? null,
      modules: [
        { slot: RS, name: "rs", fullVm: false, stackKb: 8, program: { kind: "hosted", image: rs, args: ["rs"] } },
        { slot: VM, name: "vm", fullVm: false, stackKb: 8, program: { kind: "hosted", image, args: ["vm"] } },
        { slot: INIT, name: "init", fullVm: true, stackKb: 16, program: { kind: "elf", file: agentProgram() } },
      ],
      params: { ...parameters }, onMessage: (text) => (this.printed += text), seed, debug: { race, restartCalls, checkAlways },
    });
    this.kernel.boot();
  }

  /** VM's state; only while VM waits for a message. */
  get state() {
    const { hosted } = this.kernel.processes.at(VM);
    return (this.known = (hosted === null ? null : vmStateOf(hosted.port.instance)) ?? this.known); // of the last one, where it is being replaced
  }

  /** VM's own check, and: what lies in memory is what VM believes to have written (but for the bits that the MMU sets). */
  check() {
    const use = checkVm(this.state);
    for (const table of this.state.sharedTables) this.compare("all", table, 0);
    for (const process of this.state.processes) {
      if (!process) continue;
      const { directory, tables } = process.space;
      this.compare(process.endpoint, directory, 100);
      for (const table of tables.values()) this.compare(process.endpoint, table, process.endpoint === VM ? 100 : 0);
    }
    return use;
  }
  compare(whose, { frame, entries }, start) {
    const { words } = this.board.memory;
    const at = firstDifference(words.subarray(frame * 1024, frame * 1024 + 1024), entries, start);
    if (at >= 0) throw new Error(`a table of ${whose}: entry ${at} is ${words[frame * 1024 + at].toString(16)}, VM has ${entries[at].toString(16)}`);
  }

  /** Runs until the script is through; throws what it threw. */
  run() {
    let idles = 0;
    while (!this.done) {
      const result = this.kernel.run(20_000_000);
      if (result.kind === "panic") throw new Error(`the kernel panics: ${result.report}\n${this.printed.slice(-2000)}`);
      if (result.kind === "halted") throw new Error(`the machine halts\n${this.printed.slice(-2000)}`);
      if (result.kind !== "idle" || this.done) continue;
      if (result.wakesAt === Infinity || ++idles > 2000) throw new Error(`everybody waits\n${this.describe()}\n${this.printed.slice(-2000)}`);
      this.kernel.skipTo(result.wakesAt);
    }
    if (this.error !== null) throw this.error;
    this.kernel.check();
    return this;
  }

  describe() {
    return this.kernel.processes.slots.filter((p) => !p.isFree && !p.isTask).map((p) => `${p.name} ${p.endpoint} rts ${p.rts.toString(16)} from ${p.getFrom} to ${p.sendTo}`).join("\n");
  }
}
