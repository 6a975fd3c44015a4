// RS as far as VM is concerned: it never waits for VM but for a message of anybody, keeps a second VM that stands by, and lets it
// take the place of the first when that dies, or when it is to be updated.
import { PFF_EXEC_ONLY, kernelContract, LU_SYS_PROC, SRV_F, DYN_PRIV_ID, SYS_PRIV_ALLOW, SYS_PRIV_DISALLOW, SYS_STATE_SUCCESSOR } from "@procyon-os/contract-kernel";
import { RS_INIT, RS_LU_PREPARE, rsContract, SEF_INIT_LU, SEF_INIT_RESTART } from "@procyon-os/contract-rs";
import { encodeExecNewmem, EXEC_NEWMEM_BYTES, vmContract, VM_RS_MEM_MAKE_VM, VM_RS_MEM_PIN } from "@procyon-os/contract-vm";
import { AMF_NOREPLY, ANY, decodeReply, encodeRequest, endpointSlot, errorCode, isNotify, messageSource, messageType, newMessage, NONE, RS, VM } from "@procyon-os/message";
import { asynsend, kernel as kernelStubs, receive, scratchBytes, sendNb, waitingAsynsends } from "@procyon-os/syslib";
import { vm as vmImage } from "@procyon-os/vm";
import { callMessage, CMD, Conductor, MemoryMachine, must } from "./memory-machine.mjs";

const RESULT = 2; // word of RS_INIT and RS_LU_PREPARE

/** A conductor whose VM may die at any moment at which `ready` is true. */
export class RecoveringConductor extends Conductor {
  constructor(machine) {
    super(machine);
    this.waiting = []; // messages that came while another one was waited for
    this.standing = null; // endpoint of the second VM
    this.remains = []; // endpoints of what is left of dead ones
    this.crashes = 0;
    this.reference = "vm";
    this.updates = 0;
    this.version = null; // the next one, which stands by for an update
    this.helper = null;
    this.busy = false; // with VMs: no crash now, since nobody stands by
    this.asked = null; // the request that VM has or is to get
    this.untaken = false; // a VM died before it had taken that: the next one forgets it, and is asked again
  }

  get ready() {
    return this.standing !== null && this.helper !== null && !this.busy;
  }

  *start() {
    const first = yield* super.start();
    must(yield* this.vm("rsMemctl", { process: RS, request: VM_RS_MEM_PIN }), "pin");
    this.busy = true;
    this.helper = yield* this.fork(first, true);
    yield* this.standBy();
    this.busy = false;
    return first;
  }

  /** A call of VM, made as RS makes it. */
  *vm(name, request) {
    const { calls, base } = vmContract;
    this.asked = encodeRequest(base, calls[name], request);
    yield* this.ask();
    const message = yield* this.take((one) => messageSource(one) === VM && one[1] !== RS_INIT && one[1] !== RS_LU_PREPARE);
    this.asked = null;
    return decodeReply(calls[name], message);
  }

  *ask() {
    const sent = yield* asynsend(VM, this.asked, AMF_NOREPLY);
    if (sent !== 0) throw new Error(`asynsend to VM: ${sent}`);
  }

  /** The next message that fits; others wait. */
  *take(fits) {
    for (;;) {
      const at = this.waiting.findIndex(fits);
      if (at >= 0) return this.waiting.splice(at, 1)[0];
      yield* this.event();
    }
  }

  /** Takes what comes next: an event of VM's is dealt with, anything else waits for who wants it. */
  *event() {
    const { message, status, result } = yield* receive(ANY);
    if (result !== 0) throw new Error(`receive: ${result}`);
    if (isNotify(status) && messageSource(message) === this.version) {
      this.waiting.push(Object.assign(newMessage(0), { 0: NONE, standsBy: true }));
      return;
    }
    if (!isNotify(status)) {
      if (messageSource(message) === VM && messageType(message) === RS_INIT) return yield* this.initDone(message[RESULT]);
      this.waiting.push(message);
      return;
    }
    for (;;) {
      const signal = must(yield* kernelStubs.getksig({}), "getksig");
      if (signal.process === NONE) return;
      if (signal.process === VM) yield* this.died();
      else this.waiting.push(Object.assign(newMessage(0), { 0: signal.process, dead: true }));
    }
  }

  *next() {
    const message = yield* this.take((one) => messageSource(one) !== VM);
    return [messageSource(message), message.dead === true ? null : message];
  }

  /** VM is dead: the one that stands by takes its place. */
  *died() {
    if (this.updating) return yield* this.updateFailed();
    if (this.standing === null) throw new Error(`VM died and nobody stands by\n${this.machine.printed.slice(-1500)}`);
    this.crashes++;
    const old = this.standing;
    this.standing = null;
    yield* this.exchange(old, SEF_INIT_RESTART);
    this.remains.push(old);
  }

  *exchange(other, type) {
    must(yield* kernelStubs.update({ source: VM, target: other }), "update");
    if (this.asked !== null && type === SEF_INIT_RESTART) this.untaken ||= (yield* waitingAsynsends()).some(({ to, message }) => to === VM && message[1] === this.asked[1]);
    must(yield* kernelStubs.privctl({ process: VM, request: SYS_PRIV_ALLOW, argument: 0, physStart: 0, physLength: 0 }), "allow");
    const message = encodeRequest(rsContract.base, rsContract.calls.init, { result: 0, type, rprocTable: -1, oldEndpoint: other, self: VM });
    message[1] = RS_INIT;
    yield* asynsend(VM, message, AMF_NOREPLY);
  }

  *initDone(result) {
    if (result !== 0) {
      if (this.updating) return yield* this.updateFailed(); // it waits for an answer that it will not get
      throw new Error(`VM cannot take over: ${result}`);
    }
    yield* sendNb(VM, newMessage(0));
    if (this.untaken) yield* this.ask();
    this.untaken = false;
    if (!this.updating) return;
    this.updates++;
    this.remains.push(this.updating);
    this.updating = null;
    this.waiting.push(Object.assign(newMessage(0), { 0: NONE, updated: true }));
  }

  /** Makes a second VM, and ends what is left of dead ones. To be called when nothing else is under way. */
  *maintain() {
    if (this.busy || this.helper === null) return;
    this.busy = true;
    while (this.remains.length > 0) yield* this.exit(this.remains.pop());
    if (this.standing === null) yield* this.standBy();
    this.busy = false;
  }

  /** Until VM has been heard of: whatever it was at when it was last seen, it is through with that, or has died and come again. */
  *settle() {
    yield* this.vm("getdma", {});
  }

  *standBy() {
    this.standing = yield* this.secondVm(this.reference);
  }

  /** A process that runs VM's program and waits to take over; it does not run yet. */
  *secondVm(reference, flags = 0) {
    const slot = this.freeSlots.pop();
    const { child } = must(yield* this.vm("fork", { parent: this.helper, slot, flags: PFF_EXEC_ONLY }), "fork of VM");
    yield* this.privilege(child, { flags: SRV_F | DYN_PRIV_ID | flags });
    const bytes = encodeExecNewmem({
      textAddress: 0, textBytes: 0, dataAddress: 0, dataBytes: vmImage.dataBytes, totalBytes: 0, argsBytes: 0, separate: false, isElf: false, device: 0,
      inode: 0, ctime: 0, newUid: 0, newGid: 0, setUgid: false, programName: "vm",
    });
    must(yield* this.vm("execNewmem", { process: child, arguments: yield* scratchBytes(bytes), size: EXEC_NEWMEM_BYTES }), "exec of VM");
    const name = new TextEncoder().encode(reference);
    const area = yield* scratchBytes(name);
    must(yield* kernelStubs.execHosted({ process: child, reference: area, referenceBytes: name.length, arguments: area, argumentsBytes: name.length }), "execHosted");
    yield* this.schedule(child, this.machine.vmPriority, -1);
    must(yield* this.vm("rsMemctl", { process: child, request: VM_RS_MEM_MAKE_VM }), "make vm");
    return child;
  }

  /** Makes another version of VM, which makes itself ready while this one serves. */
  *readyVersion(reference) {
    yield* this.maintain();
    this.busy = true;
    this.version = yield* this.secondVm(reference, LU_SYS_PROC);
    must(yield* kernelStubs.statectl({ request: SYS_STATE_SUCCESSOR, process: this.version, grant: -1, length: VM, address: 0 }), "successor");
    yield* this.hold(false);
    yield* this.take((one) => one.standsBy === true);
    yield* this.hold(true);
  }
  *hold(on) {
    const request = on ? SYS_PRIV_DISALLOW : SYS_PRIV_ALLOW;
    must(yield* kernelStubs.privctl({ process: this.version, request, argument: 0, physStart: 0, physLength: 0 }), "hold");
  }

  /** Ends the version that stands by, where there is one. */
  *dropVersion() {
    const version = this.version;
    this.version = null;
    this.busy = false;
    if (version !== null) yield* this.exit(version);
  }

  /** Updates VM to another version: to one that is ready, where there is one. Gives 0, or the error. */
  *update(reference) {
    if (this.version === null) yield* this.maintain();
    this.busy = true;
    const version = this.version ?? (yield* this.secondVm(reference));
    this.version = null;
    const prepare = encodeRequest(rsContract.base, rsContract.calls.luPrepare, { result: 0, state: 1, maxTime: 0 });
    prepare[1] = RS_LU_PREPARE;
    yield* asynsend(VM, prepare, AMF_NOREPLY);
    const ready = yield* this.take((one) => messageSource(one) === VM && messageType(one) === RS_LU_PREPARE);
    if (ready[RESULT] !== 0) throw new Error(`VM is not ready: ${ready[RESULT]}`);
    this.updating = version;
    this.failed = false;
    yield* this.exchange(version, SEF_INIT_LU);
    yield* this.take((one) => one.updated === true);
    if (!this.failed) { // who stands by has to understand what the new version saves
      this.reference = reference;
      this.remains.push(this.standing);
      this.standing = null;
    }
    this.busy = false;
    yield* this.maintain();
    return this.failed ? errorCode("ERESTART") : 0;
  }

  /** The new version has died before it was confirmed: the old one goes on. */
  *updateFailed() {
    const version = this.updating;
    this.updating = null;
    this.failed = true;
    must(yield* kernelStubs.update({ source: VM, target: version }), "update back");
    yield* sendNb(VM, newMessage(errorCode("ERESTART")));
    this.remains.push(version);
    this.waiting.push(Object.assign(newMessage(0), { 0: NONE, updated: true }));
  }

  *exit(process) {
    must(yield* this.vm("willexit", { process }), "willexit");
    // Not RS's own call: it may have to wait for VM.
    const cleared = yield* this.helped(callMessage(CMD.KERNEL, kernelContract, "clear", { process }));
    if (cleared[1] !== 0) throw new Error(`clear: ${cleared[1]}`);
    must(yield* this.vm("exit", { process }), "exit");
    this.freeSlots.push(endpointSlot(process));
    if (!this.busy) yield* this.maintain();
  }
  *helped(message) {
    yield* this.begin(this.helper, message);
    return yield* this.take((one) => messageSource(one) === this.helper);
  }

  /** An agent may still be on its way to its receive: with several CPUs, or while VM resolves a fault of it. */
  *begin(agent, message) {
    yield* asynsend(agent, message);
  }
}

/** A machine whose VM is watched: `watcher({ instance, frame, machine })` before each trap of an instance; what it throws ends the instance. */
export class RecoveringMachine extends MemoryMachine {
  constructor(options, script, watcher = () => null) {
    let instances = 0;
    let machine = null;
    const watch = (image) => ({
      ...image,
      *main(args) {
        const instance = ++instances;
        const program = image.main(args);
        let step = program.next();
        while (step.done !== true) {
          const more = watcher({ instance, frame: step.value, machine });
          if (more) yield* more;
          step = program.next(yield step.value);
        }
        return step.value;
      },
    });
    const image = watch(options.image ?? vmImage);
    const versions = Object.fromEntries(Object.entries(options.versions ?? {}).map(([name, one]) => [name, watch(one)]));
    super({ ...options, image, services: { vm: image, ...versions }, makeConductor: (one) => new RecoveringConductor(one) }, script);
    machine = this;
  }
}
