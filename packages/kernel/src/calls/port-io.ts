import {
  CHECK_IO_PORT, CPF_READ, CPF_WRITE, DIO_BYTE, DIO_DIRMASK, DIO_INPUT, DIO_LONG, DIO_OUTPUT, DIO_SAFE, DIO_SAFEMASK, DIO_TYPEMASK, DIO_WORD,
  kernelContract,
} from "@procyon-os/contract-kernel";
import { OK, SELF, errorCode, type GrantId, type Message } from "@procyon-os/message";
import { verifyGrant } from "../grants/verify-grant.ts";
import type { KernelCall } from "../kernel-call.ts";
import type { Kernel } from "../kernel.ts";
import { copyIn, copyOut } from "../memory/virtual-copy.ts";
import type { Process } from "../processes/process.ts";

const { request: one, reply: oneReply } = kernelContract.calls.devio;
const { request: string } = kernelContract.calls.sdevio;
const { request: vector } = kernelContract.calls.vdevio;
const VDEVIO_BYTES = 64;
const EINVAL = errorCode("EINVAL");
const EPERM = errorCode("EPERM");
type Width = 1 | 2 | 4;

function widthOf(request: number): Width | null {
  switch (request & DIO_TYPEMASK) {
    case DIO_BYTE: return 1;
    case DIO_WORD: return 2;
    case DIO_LONG: return 4;
    default: return null;
  }
}
function isInput(request: number): boolean | null {
  const direction = request & DIO_DIRMASK;
  return direction === DIO_INPUT ? true : direction === DIO_OUTPUT ? false : null;
}

/** Whether a process may use a port at this width: aligned, and the whole width inside one of its ranges. */
function mayUse({ privileges }: Process, port: number, width: Width): boolean {
  if (privileges === null || port % width !== 0 || port + width > 0x10000) return false;
  if (!(privileges.flags & CHECK_IO_PORT)) return true;
  return privileges.ioRanges.some(({ base, limit }) => port >= base && port + width - 1 <= limit);
}

/** What a device did not do is printed: silence would hide it. */
function reportPorts(kernel: Kernel, caller: Process): void {
  const report = kernel.board.ports.takeReport();
  if (report !== null) kernel.print(`kernel: ${caller.name}(${caller.endpoint}): port 0x${report.port.toString(16)} ${report.direction}: ${report.text}\n`);
}

/** SYS_DEVIO. */
export const devio: KernelCall = (kernel, caller, message) => {
  const request = one.request.read(message);
  const width = widthOf(request);
  const input = isInput(request);
  const port = one.port.read(message);
  if (width === null || input === null) return EINVAL;
  if (!mayUse(caller, port, width)) return EPERM;
  if (input) oneReply.value.write(message, kernel.board.ports.in(port, width));
  else kernel.board.ports.out(port, one.value.read(message), width);
  reportPorts(kernel, caller);
  return OK;
};

/** SYS_SDEVIO (reference/kernel.md 3.10). */
export const sdevio: KernelCall = (kernel, caller, message) => {
  const request = string.request.read(message);
  const width = widthOf(request);
  const input = isInput(request);
  const bytes = string.bytes.read(message);
  if (width === null || width === 4 || input === null || bytes % width !== 0) return EINVAL;
  const buffer = bufferOf(kernel, caller, message, input, bytes);
  if (typeof buffer === "number") return buffer;
  const port = string.port.read(message);
  if (!mayUse(caller, port, width)) return EPERM;
  if (bytes === 0) return OK;
  if (bytes > kernel.memory.size) return errorCode("EFAULT"); // no process has so much
  const data = new Uint8Array(bytes);
  let copied = copyIn(kernel, caller, buffer.process, buffer.address, data);
  // What is read from a device cannot be read again: make sure of the room before.
  if (copied === OK && input) copied = copyOut(kernel, caller, buffer.process, buffer.address, data);
  if (copied !== OK) return copied;

  const { ports } = kernel.board;
  const done = input ? ports.inString(port, width, data) : ports.outString(port, width, data);
  reportPorts(kernel, caller);
  if (!done) return EPERM;
  return input ? copyOut(kernel, null, buffer.process, buffer.address, data) : OK;
};

function bufferOf(kernel: Kernel, caller: Process, message: Message, input: boolean, bytes: number): { process: Process; address: number } | number {
  const endpoint = string.process.read(message);
  const process = endpoint === SELF ? caller : kernel.processes.find(endpoint);
  if (process === null) return EINVAL;
  if (process.isTask) return EPERM;
  const address = string.address.read(message);
  if ((string.request.read(message) & DIO_SAFEMASK) !== DIO_SAFE) return process === caller ? { process, address } : EPERM;
  const access = input ? CPF_WRITE : CPF_READ;
  const target = verifyGrant(kernel, process.endpoint, caller.endpoint, (address | 0) as GrantId, bytes, access, string.offset.read(message));
  return typeof target === "number" ? EPERM : { process: target.granter, address: target.address };
}

/** SYS_VDEVIO. */
export const vdevio: KernelCall = (kernel, caller, message) => {
  const request = vector.request.read(message);
  const width = widthOf(request);
  const input = isInput(request);
  const count = vector.count.read(message);
  if (width === null || input === null || count <= 0) return EINVAL;
  const pairBytes = width === 4 ? 8 : 4;
  if (count * pairBytes > VDEVIO_BYTES) return errorCode("E2BIG");
  const pairs = new Uint8Array(count * pairBytes);
  const address = vector.vector.read(message);
  let copied = copyIn(kernel, caller, caller, address, pairs);
  if (copied === OK && input) copied = copyOut(kernel, caller, caller, address, pairs);
  if (copied !== OK) return copied;
  const view = new DataView(pairs.buffer);
  const portAt = (index: number): number => view.getUint16(index * pairBytes, true);
  for (let index = 0; index < count; index++) if (!mayUse(caller, portAt(index), width)) return EPERM;

  for (let index = 0; index < count; index++) transfer(kernel, view, index * pairBytes, portAt(index), width, input);
  reportPorts(kernel, caller);
  return input ? copyOut(kernel, null, caller, address, pairs) : OK;
};

/** A pair is a 16-bit port and a value behind it, at its natural alignment. */
function transfer(kernel: Kernel, view: DataView, at: number, port: number, width: Width, input: boolean): void {
  const { ports } = kernel.board;
  const valueAt = at + (width === 4 ? 4 : 2);
  if (input) {
    const value = ports.in(port, width);
    if (width === 1) view.setUint8(valueAt, value);
    else if (width === 2) view.setUint16(valueAt, value, true);
    else view.setUint32(valueAt, value, true);
  } else {
    const value = width === 1 ? view.getUint8(valueAt) : width === 2 ? view.getUint16(valueAt, true) : view.getUint32(valueAt, true);
    ports.out(port, value, width);
  }
}
