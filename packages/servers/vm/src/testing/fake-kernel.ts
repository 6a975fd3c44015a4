import {
  enablePagingArgument, GET_IMAGE, GET_MACHINE, GET_MONPARAMS, GET_PROC, GET_REGS, GET_WHOAMI, kernelContract, machine,
  kernPhysmapReply, memoryMap, MF_HOSTED, PHYS_SEG, processEntry, registers, VMCTL_CLEAR_PAGEFAULT, VMCTL_ENABLE_PAGING, VMCTL_FLUSHTLB, VMCTL_GET_SLOT,
  VMCTL_I386_FREEPDE, VMCTL_INCSP, VMCTL_KERN_MAP_REPLY, VMCTL_KERN_PHYSMAP, VMCTL_MEMREQ_GET, VMCTL_MEMREQ_REPLY, VMCTL_SETADDRSPACE, VMCTL_UNMAPPED,
  VMCTL_VMINHIBIT_CLEAR, VMCTL_VMINHIBIT_SET, VMMF_UNCACHED,
} from "@procyon-os/contract-kernel";
import { encodeRprocPub } from "@procyon-os/contract-rs";
import {
  callByNumber, decodeRequest, encodeReply, endpointSlot, errorCode, fail, INIT, makeEndpoint, messageType, newMessage, ok, PM, RS, SELF,
  setShort, VM, type Endpoint, type Message, type Outcome, type Request,
} from "@procyon-os/message";
import type { FakeMemory } from "./fake-memory.ts";

type KernelCalls = typeof kernelContract.calls;
type Calls = { readonly [Name in keyof KernelCalls]?: (request: Request<KernelCalls[Name]>) => Outcome<KernelCalls[Name]> };
const nameOf = callByNumber(kernelContract);

/** Memory of a process that the kernel asks VM for. */
export interface FakeRequest {
  readonly target: Endpoint;
  readonly start: number;
  readonly length: number;
  readonly write: boolean;
  readonly type: number;
  readonly source: Endpoint;
  readonly sourceStart: number;
}

/** A device that the kernel wants to see. */
export interface FakeMapping {
  readonly physical: number;
  readonly length: number;
  readonly uncached: boolean;
}

/** As much of a kernel as VM can see. */
export class FakeKernel {
  readonly memory: FakeMemory;
  readonly cpus: number;
  readonly image: Uint8Array;
  readonly parameters: string;
  readonly mappings: readonly FakeMapping[];
  /** Where VM has mapped them, by index. */
  readonly mappedAt: number[] = [];
  /** VMCTL parameters in the order of the calls. */
  readonly vmctls: number[] = [];
  /** What VM has told to be given up where a safemap may have been: process, linear address, bytes. */
  readonly unmapped: [Endpoint, number, number][] = [];
  readonly prints: string[] = [];
  readonly requests: FakeRequest[] = [];
  requestResult = 0;
  flushes = 0;
  inhibits = 0;
  /** Answer of PRIVCTL QUERY_MEM. */
  mayMap = true;
  /** Where a forking parent waits for its reply. */
  messageAddress = 0;

  constructor(memory: FakeMemory, image: Uint8Array, cpus: number, parameters: string, mappings: readonly FakeMapping[]) {
    this.mappings = mappings;
    this.parameters = parameters;
    this.memory = memory;
    this.image = image;
    this.cpus = cpus;
  }

  /** Makes a kernel call of VM. */
  call(message: Message): Message {
    const name = nameOf(messageType(message));
    if (name === null) throw new Error(`kernel call ${messageType(message)}`);
    const one = kernelContract.calls[name];
    const request = decodeRequest(one, message);
    if (name === "vmctl") return this.vmctl(request as Request<KernelCalls["vmctl"]>);
    const outcome = (this.calls[name] as ((request: unknown) => Outcome<typeof one>) | undefined)?.(request);
    if (outcome === undefined) throw new Error(`VM makes the kernel call ${name}`);
    return encodeReply(one, outcome as never);
  }

  private readonly calls: Calls = {
    getinfo: (request) => this.getinfo(request),
    sysctl: ({ buffer, argument }) => {
      this.prints.push(String.fromCharCode(...this.memory.readOwn(buffer, argument)));
      return ok({});
    },
    exit: () => {
      throw new Error(`VM panics: ${this.prints.join("")}`);
    },
    physcopy: (request) => {
      if (request.source !== SELF || request.targetSegment !== PHYS_SEG || this.memory.paging) throw new Error("unexpected physcopy");
      this.memory.bytes.set(this.memory.readOwn(request.sourceAddress, request.bytes), request.targetAddress);
      return ok({});
    },
    vircopy: (request) => this.vircopy(request),
    safecopyfrom: ({ address, bytes }) => {
      const table = new Uint8Array(bytes);
      [RS, PM, INIT].forEach((endpoint, i) => table.set(publicEntry(endpoint), i * 260));
      this.memory.writeOwn(address, table);
      return ok({});
    },
    newmap: ({ process, memoryMap: address }) => {
      this.memory.process(process).map = memoryMap.decode(this.memory.readOwn(address, memoryMap.bytes));
      return ok({});
    },
    fork: ({ parent, slot, memoryMap: address }) => {
      const endpoint = makeEndpoint(1, slot);
      if (this.memory.processes.has(endpoint)) return fail("EINVAL");
      const { hosted, esp } = this.memory.process(parent);
      const child = this.memory.add({ slot, endpoint, hosted, map: memoryMap.decode(this.memory.readOwn(address, memoryMap.bytes)) });
      child.esp = esp;
      child.inhibited = true;
      return ok({ child: endpoint, messageAddress: this.messageAddress as never });
    },
    kill: ({ process, signal }) => {
      this.memory.process(process).signals.push(signal);
      return ok({});
    },
    setgrant: () => ok({}),
    times: () => ok({ userTime: 0, systemTime: 0, uptime: 0, bootTime: 0 } as never),
    privctl: () => (this.mayMap ? ok({}) : fail("EPERM")),
    update: ({ source, target }) => {
      const a = this.memory.process(source);
      const b = this.memory.process(target);
      [a.slot, b.slot] = [b.slot, a.slot];
      [a.endpoint, b.endpoint] = [target, source];
      this.memory.processes.set(source, b).set(target, a);
      return ok({});
    },
  };

  /** The kernel's copy for VM does not wait for VM: what is not there is EFAULT. */
  private vircopy(request: Request<KernelCalls["vircopy"]>): Outcome<KernelCalls["vircopy"]> {
    const { source, sourceAddress, target, targetAddress, bytes } = request;
    const place = (endpoint: Endpoint, address: number, write: boolean): number | null => {
      if (endpoint === SELF) return this.memory.own(address, write);
      const found = this.memory.walk(this.memory.process(endpoint), address);
      return found === null || (write && !found.writable) ? null : found.physical;
    };
    for (let i = 0; i < bytes; i++) {
      const from = place(source, sourceAddress + i, false);
      const to = place(target, targetAddress + i, true);
      if (from === null || to === null) return fail("EFAULT");
      this.memory.bytes[to] = this.memory.bytes[from] as number;
    }
    return ok({});
  }

  private getinfo(request: Request<KernelCalls["getinfo"]>): Outcome<KernelCalls["getinfo"]> {
    const { what, address } = request;
    const nobody = { endpoint: VM, privilegeFlags: 0, name: "vm" };
    const process = this.memory.processes.get(request.process);
    if (what === GET_WHOAMI) return ok(nobody);
    if (what === GET_MONPARAMS) {
      const text = `memory=100000:${(this.memory.bytes.length - 0x100000).toString(16)}\0${this.parameters}\0\0`;
      this.memory.writeOwn(address, Uint8Array.from({ length: 512 }, (_, i) => text.charCodeAt(i) || 0));
    } else if (what === GET_MACHINE) {
      this.memory.writeOwn(address, machine.encode({ processors: this.cpus, bootProcessor: 0, apicEnabled: 0, acpiRsdp: 0 }));
    } else if (what === GET_IMAGE) this.memory.writeOwn(address, this.image);
    else if (process === undefined) return fail("EINVAL");
    else if (what === GET_REGS) {
      const bytes = new Uint8Array(registers.bytes);
      new DataView(bytes.buffer).setUint32(56, process.esp, true);
      this.memory.writeOwn(address, bytes);
    } else if (what === GET_PROC) {
      const bytes = new Uint8Array(processEntry.bytes);
      const empty = processEntry.decode(bytes);
      this.memory.writeOwn(address, processEntry.encode({ ...empty, memoryMap: process.map, miscFlags: process.hosted ? MF_HOSTED : 0 }));
    } else throw new Error(`getinfo ${what}`);
    return ok(nobody);
  }

  private vmctl({ process, parameter, value, address }: Request<KernelCalls["vmctl"]>): Message {
    const reply = newMessage(0);
    this.vmctls.push(parameter);
    switch (parameter) {
      case VMCTL_SETADDRSPACE: {
        const target = this.memory.process(process);
        target.cr3 = value;
        target.inhibited = false;
        if ((address & 0x3fffff) >>> 12 !== endpointSlot(process)) throw new Error("the directory is shown at another slot");
        return reply;
      }
      case VMCTL_ENABLE_PAGING: {
        const { memoryMap: map } = enablePagingArgument.decode(this.memory.readOwn(value, 8));
        this.memory.process(VM).map = memoryMap.decode(this.memory.readOwn(map, 36));
        this.memory.paging = true;
        return reply;
      }
      case VMCTL_CLEAR_PAGEFAULT:
        if (!this.memory.process(process).faulting) throw new Error("CLEAR_PAGEFAULT without a page fault");
        this.memory.process(process).faulting = false;
        return reply;
      case VMCTL_INCSP:
        this.memory.process(process).esp += value;
        return reply;
      case VMCTL_VMINHIBIT_SET:
        this.memory.process(process).inhibited = true;
        this.inhibits++;
        return reply;
      case VMCTL_VMINHIBIT_CLEAR:
        if (!this.memory.process(process).inhibited) return newMessage(errorCode("EINVAL"));
        this.memory.process(process).inhibited = false;
        return reply;
      case VMCTL_GET_SLOT: {
        const there = [...this.memory.processes.values()].find(({ slot }) => slot === value);
        if (there === undefined) return newMessage(errorCode("ESRCH"));
        reply[2] = there.endpoint;
        reply[4] = there.cr3;
        return reply;
      }
      case VMCTL_UNMAPPED:
        this.unmapped.push([process, value, address]);
        return reply;
      case VMCTL_FLUSHTLB:
        this.flushes++;
        return reply;
      case VMCTL_I386_FREEPDE:
        return reply;
      case VMCTL_KERN_PHYSMAP: {
        const one = this.mappings[value];
        if (one === undefined) return newMessage(errorCode("EINVAL"));
        kernPhysmapReply.physical.write(reply, one.physical as never);
        kernPhysmapReply.length.write(reply, one.length);
        kernPhysmapReply.flags.write(reply, one.uncached ? VMMF_UNCACHED : 0);
        return reply;
      }
      case VMCTL_KERN_MAP_REPLY:
        this.mappedAt[value] = address;
        return reply;
      case VMCTL_MEMREQ_GET: {
        const one = this.requests.pop();
        if (one === undefined) return newMessage(errorCode("ESRCH"));
        reply[1] = one.type;
        reply[2] = one.target;
        reply[3] = one.start;
        reply[4] = one.length;
        reply[5] = one.source;
        reply[6] = one.sourceStart;
        reply[7] = RS;
        setShort(reply, 32, one.write ? 1 : 0);
        return reply;
      }
      case VMCTL_MEMREQ_REPLY:
        this.requestResult = value | 0;
        return reply;
      default:
        throw new Error(`VMCTL ${parameter}`);
    }
  }
}

/** An entry of RS's table: every call of VM is allowed. */
function publicEntry(endpoint: Endpoint): Uint8Array {
  return encodeRprocPub({
    inUse: true, sysFlags: 0, endpoint, deviceFlags: 0, major: 0, deviceStyle: 0, deviceStyle2: 0, label: "x", processName: "x",
    vmCalls: [-1, -1],
  });
}
