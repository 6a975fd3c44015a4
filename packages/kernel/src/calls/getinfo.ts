import {
  GET_CPUINFO, GET_HZ, GET_IDLETSC, GET_IMAGE, GET_IRQACTIDS, GET_IRQHOOKS, GET_KINFO, GET_KMESSAGES, GET_LOADINFO, GET_MACHINE,
  GET_MONPARAMS, GET_PRIV, GET_PRIVTAB, GET_PROC, GET_PROCTAB, GET_RANDOMNESS, GET_RANDOMNESS_BIN, GET_REGS, GET_WHOAMI, MONPARAMS_BYTES,
  NR_IRQ_VECTORS, RANDOM_ELEMENTS, RANDOM_SOURCES, REGISTER_BYTES, cpuInfo, irqHookEntry, kernelContract, kinfo, loadInfo, machine,
  privilegeEntry, processEntry, randomness, randomnessBin, PROCESS_TABLE_ADDRESS, type Struct,
} from "@procyon-os/contract-kernel";
import { NONE, NR_PROCS, NR_TASKS, OK, SELF, errorCode, type Message } from "@procyon-os/message";
import { CYCLES_PER_SECOND } from "../costs.ts";
import type { RandomBin } from "../interrupts/interrupts.ts";
import type { KernelCall } from "../kernel-call.ts";
import type { Kernel } from "../kernel.ts";
import { KERNEL_BASE, KERNEL_BYTES } from "../memory/segments.ts";
import { copyOut } from "../memory/virtual-copy.ts";
import type { Process } from "../processes/process.ts";
import { privilegesToEntry } from "../privileges/privileges.ts";
import { idleTime, processTable, processToEntry } from "./getinfo-process.ts";

const { request, reply } = kernelContract.calls.getinfo;
const EINVAL = errorCode("EINVAL");

/** SYS_GETINFO (reference/kernel.md 3.11). */
export const getinfo: KernelCall = (kernel, caller, message) => {
  const what = request.what.read(message);
  if (what === GET_WHOAMI) return whoAmI(caller, message);
  const data = information(kernel, caller, message, what);
  if (typeof data === "number") return data;
  const most = request.maxBytes.read(message);
  if (most > 0 && most < data.length) return errorCode("E2BIG");
  const copied = copyOut(kernel, caller, caller, request.address.read(message), data);
  if (copied === OK) consume(kernel, message, what);
  return copied;
};

function whoAmI(caller: Process, message: Message): number {
  reply.endpoint.write(message, caller.endpoint);
  reply.privilegeFlags.write(message, caller.privileges?.flags ?? 0);
  reply.name.write(message, caller.name);
  return OK;
}

function information(kernel: Kernel, caller: Process, message: Message, what: number): Uint8Array | number {
  switch (what) {
    case GET_KINFO: return kernelInfo();
    case GET_IMAGE: return kernel.image;
    case GET_PROCTAB: return processTable(kernel);
    case GET_RANDOMNESS: return randomness.encode({ elements: RANDOM_ELEMENTS, sources: RANDOM_SOURCES, bins: kernel.interrupts.randomness });
    case GET_RANDOMNESS_BIN: {
      const bin = kernel.interrupts.randomness[request.process.read(message)];
      if (bin === undefined) return EINVAL;
      return bin.size < RANDOM_ELEMENTS ? errorCode("ENOENT") : randomnessBin.encode(bin);
    }
    case GET_MONPARAMS: return monitorParameters(kernel);
    case GET_IRQHOOKS: return irqHooks(kernel);
    case GET_IRQACTIDS: return words(Array.from({ length: NR_IRQ_VECTORS }, (_, line) => kernel.interrupts.active[line] ?? 0));
    case GET_KMESSAGES: return kernel.kernelMessages();
    case GET_PRIVTAB: return sequence(privilegeEntry, kernel.privileges.all.map(privilegesToEntry));
    case GET_MACHINE: return machine.encode({ processors: kernel.cpus.length, bootProcessor: 0, apicEnabled: 0, acpiRsdp: 0 });
    case GET_CPUINFO: return sequence(cpuInfo, kernel.cpus.map(() => emulatedCpu));
    case GET_LOADINFO: return loadInfo.encode(kernel.clock.loadInfo());
    case GET_HZ: return words([kernel.clock.hz]);
    case GET_IDLETSC: return words([idleTime(kernel) % 0x100000000, Math.floor(idleTime(kernel) / 0x100000000)]);
    case GET_PROC:
    case GET_PRIV:
    case GET_REGS: return ofProcess(kernel, caller, message, what);
    default: return EINVAL;
  }
}

function ofProcess(kernel: Kernel, caller: Process, message: Message, what: number): Uint8Array | number {
  const endpoint = request.process.read(message);
  const process = endpoint === SELF ? caller : kernel.processes.find(endpoint);
  if (process === null) return EINVAL;
  if (what === GET_PROC) return processEntry.encode(processToEntry(kernel, process));
  if (what === GET_REGS) return new Uint8Array(process.frame.buffer, process.frame.byteOffset, REGISTER_BYTES).slice();
  return process.privileges === null ? EINVAL : privilegeEntry.encode(privilegesToEntry(process.privileges));
}

/** Randomness is given once. */
function consume(kernel: Kernel, message: Message, what: number): void {
  const empty = (bin: RandomBin | undefined): void => {
    if (bin !== undefined) bin.next = bin.size = 0;
  };
  if (what === GET_RANDOMNESS) kernel.interrupts.randomness.forEach(empty);
  if (what === GET_RANDOMNESS_BIN) empty(kernel.interrupts.randomness[request.process.read(message)]);
}

const emulatedCpu = { vendor: 0, family: 5, model: 0, stepping: 0, frequency: Math.floor(CYCLES_PER_SECOND / 1e6), flags: [0, 0] } as const;

function kernelInfo(): Uint8Array {
  return kinfo.encode({
    codeBase: KERNEL_BASE, codeSize: KERNEL_BYTES, dataBase: KERNEL_BASE, dataSize: KERNEL_BYTES, processTable: PROCESS_TABLE_ADDRESS,
    nrProcs: NR_PROCS, nrTasks: NR_TASKS, release: "3", version: "2.0",
  });
}

function sequence<T>(one: Struct<T>, values: readonly T[]): Uint8Array {
  const bytes = new Uint8Array(values.length * one.bytes);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => one.write(view, index * one.bytes, value));
  return bytes;
}

function words(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setUint32(index * 4, value >>> 0, true));
  return bytes;
}

function irqHooks(kernel: Kernel): Uint8Array {
  return sequence(
    irqHookEntry,
    kernel.interrupts.hooks.map(({ owner, line, bit, notifyId, policy }) => ({
      next: 0, handler: owner === NONE ? 0 : 1, irq: line, id: bit, owner, notifyId, policy,
    })),
  );
}

/** `name=value` texts, each ended by a NUL, and an empty one at the end. */
function monitorParameters(kernel: Kernel): Uint8Array {
  const bytes = new Uint8Array(MONPARAMS_BYTES);
  let at = 0;
  for (const [name, value] of Object.entries(kernel.params)) {
    const text = `${name}=${value}\0`;
    if (at + text.length >= MONPARAMS_BYTES) throw new Error(`boot parameters are longer than ${MONPARAMS_BYTES} bytes`);
    for (let index = 0; index < text.length; index++) bytes[at++] = text.charCodeAt(index);
  }
  return bytes;
}
