import {
  BDEV_R_BIT, BDEV_W_BIT, BLOCK_VECTOR_ELEMENT_BYTES, blockContract, blockPositionFields, encodeBlockVector, NR_IOREQS, readBlockReply,
} from "@procyon-os/contract-block";
import { ioctlArgument } from "@procyon-os/contract-char";
import { CPF_READ, CPF_WRITE } from "@procyon-os/contract-kernel";
import {
  encodeRequest, errorCode, instanceLocal, messageType, NONE, type Call, type Endpoint, type GrantId, type Message, type Program, type Request,
} from "@procyon-os/message";
import { allocate, dsRetrieveLabelEndpoint, free, grantDirect, printf, revoke, sendrec, store, systemHz, tickDelay } from "@procyon-os/syslib";

// libbdev's patience (reference/posix-abi.md 4.8).
const DRIVER_TRIES = 10;
const TRANSFER_TRIES = 5;
const DS_TRIES = 100;
const DS_DELAY_MS = 50;

const ERESTART = errorCode("ERESTART");
const EDEADSRCDST = errorCode("EDEADSRCDST");
const EIO = errorCode("EIO");
const { calls } = blockContract;

interface Driver {
  readonly label: string;
  endpoint: Endpoint;
}
interface OpenMinor {
  readonly access: number;
  count: number;
}

const drivers = instanceLocal<Map<number, Driver>>("block drivers", () => new Map()); // by major
const minors = instanceLocal<Map<number, OpenMinor>>("open block devices", () => new Map()); // by device

/** One buffer of a gather or scatter. */
export interface BlockBuffer {
  readonly address: number;
  readonly bytes: number;
}

const majorOf = (device: number): number => (device >>> 8) & 0xff;
const minorOf = (device: number): number => device & 0xff;

/** Says which driver serves the major number of a device. Again when the driver is a new one; open devices stay open. */
export function* blockDriver(device: number, label: string): Program<boolean> {
  const found = yield* dsRetrieveLabelEndpoint(label);
  drivers().set(majorOf(device), { label, endpoint: found.ok ? found.value : NONE });
  return found.ok;
}

/** What a process knows of drivers and open devices, as plain data: a part of its state. */
export interface BlockDevices {
  readonly drivers: readonly { readonly major: number; readonly label: string }[];
  readonly open: readonly { readonly device: number; readonly access: number; readonly count: number }[];
}

/** The drivers and open devices of now. */
export function blockDevices(): BlockDevices {
  return {
    drivers: [...drivers()].map(([major, { label }]) => ({ major, label })),
    open: [...minors()].map(([device, { access, count }]) => ({ device, access, count })),
  };
}

/**
 * Goes on with the devices of the instance before. They are open already; a driver for which they are not says so (ERESTART). Drivers
 * that are known by their label from a call before are not asked for again: one that was restarted since is found when it is needed.
 */
export function* resumeBlockDevices(saved: BlockDevices): Program<void> {
  minors().clear();
  for (const { device, access, count } of saved.open) minors().set(device, { access, count });
  for (const { major, label } of saved.drivers) if (drivers().get(major)?.label !== label) yield* blockDriver(major << 8, label);
}

/** Opens a device: 0 or a negative error. */
export function* blockOpen(device: number, access: number = BDEV_R_BIT | BDEV_W_BIT): Program<number> {
  const status = yield* retrying(device, false, () => request(device, calls.open, { minor: minorOf(device), access, id: 0 }));
  if (status !== 0) return status;
  const open = minors().get(device);
  if (open === undefined) minors().set(device, { access, count: 1 });
  else open.count++;
  return 0;
}

/** Closes a device: 0 or a negative error. */
export function* blockClose(device: number): Program<number> {
  const status = yield* retrying(device, false, () => request(device, calls.close, { minor: minorOf(device), id: 0 }));
  const open = minors().get(device);
  if (status === 0 && open !== undefined && --open.count === 0) minors().delete(device);
  return status;
}

/** Reads into memory of the caller: the bytes read, or a negative error. Fewer than asked only at the end of the device. */
export function* blockRead(device: number, position: number, address: number, bytes: number, flags = 0): Program<number> {
  return yield* simpleTransfer(device, false, position, address, bytes, flags);
}

/** Writes memory of the caller: the bytes written, or a negative error. */
export function* blockWrite(device: number, position: number, address: number, bytes: number, flags = 0): Program<number> {
  return yield* simpleTransfer(device, true, position, address, bytes, flags);
}

/** Reads into several buffers (at most 64), one after the other. */
export function* blockGather(device: number, position: number, buffers: readonly BlockBuffer[], flags = 0): Program<number> {
  return yield* vectorTransfer(device, false, position, buffers, flags);
}

/** Writes several buffers (at most 64), one after the other. */
export function* blockScatter(device: number, position: number, buffers: readonly BlockBuffer[], flags = 0): Program<number> {
  return yield* vectorTransfer(device, true, position, buffers, flags);
}

/** An ioctl whose argument lies at an address of the caller; its size and direction are in the request code. */
export function* blockIoctl(device: number, code: number, address: number): Program<number> {
  const { bytes, driverReads, driverWrites } = ioctlArgument(code);
  const access = (driverReads ? CPF_READ : 0) | (driverWrites ? CPF_WRITE : 0);
  return yield* retrying(device, false, function* () {
    const grant = access === 0 ? (-1 as GrantId) : yield* grantDirect(driverOf(device), address, bytes, access);
    const status = yield* request(device, calls.ioctl, { minor: minorOf(device), request: code, grant, flags: 0, id: 0 });
    if (access !== 0) yield* revoke(grant);
    return status;
  });
}

function* simpleTransfer(device: number, write: boolean, position: number, address: number, bytes: number, flags: number): Program<number> {
  return yield* retrying(device, true, function* () {
    const grant = yield* grantDirect(driverOf(device), address, bytes, write ? CPF_READ : CPF_WRITE);
    const fields = { minor: minorOf(device), count: bytes, grant, flags, id: 0, ...blockPositionFields(position) };
    const status = yield* request(device, write ? calls.write : calls.read, fields);
    yield* revoke(grant);
    return status;
  });
}

function* vectorTransfer(device: number, write: boolean, position: number, buffers: readonly BlockBuffer[], flags: number): Program<number> {
  if (buffers.length === 0 || buffers.length > NR_IOREQS) throw new Error(`a block vector of ${buffers.length} elements`);
  const vector = yield* allocate(buffers.length * BLOCK_VECTOR_ELEMENT_BYTES);
  const status = yield* retrying(device, true, function* () {
    const driver = driverOf(device);
    const elements: { grant: GrantId; bytes: number }[] = [];
    for (const { address, bytes } of buffers) elements.push({ grant: yield* grantDirect(driver, address, bytes, write ? CPF_READ : CPF_WRITE), bytes });
    yield* store(vector, encodeBlockVector(elements));
    const grant = yield* grantDirect(driver, vector, elements.length * BLOCK_VECTOR_ELEMENT_BYTES, CPF_READ);
    const fields = { minor: minorOf(device), count: elements.length, grant, flags, id: 0, ...blockPositionFields(position) };
    const result = yield* request(device, write ? calls.scatter : calls.gather, fields);
    yield* revoke(grant);
    for (const element of elements) yield* revoke(element.grant);
    return result;
  });
  free(vector);
  return status;
}

function driverOf(device: number): Endpoint {
  return drivers().get(majorOf(device))?.endpoint ?? NONE;
}

/** One request, one answer: its status, or the error of the trap. */
function* request<C extends Call<any, any, any>>(device: number, one: C, fields: Request<C>): Program<number> {
  const endpoint = driverOf(device);
  if (endpoint === NONE) return EDEADSRCDST;
  return statusOf(yield* sendrec(endpoint, encodeRequest(blockContract.base, one, fields)));
}

function statusOf(message: Message): number {
  const reply = readBlockReply(message);
  if (reply !== null) return reply.status;
  return messageType(message) < 0 ? messageType(message) : EIO; // an answer in another protocol is a failure of the driver
}

/** Makes a request until it has an answer of a driver that lives and knows the device. */
function* retrying(device: number, transfer: boolean, attempt: () => Program<number>): Program<number> {
  let deaths = 0;
  let failures = 0;
  for (;;) {
    const status = yield* attempt();
    if (status === EIO && transfer && ++failures < TRANSFER_TRIES) continue;
    if (status !== EDEADSRCDST && status !== ERESTART) return status;
    if (++deaths >= DRIVER_TRIES || !(yield* recover(device))) {
      yield* printf(`block: driver ${drivers().get(majorOf(device))?.label ?? "?"} of device ${majorOf(device)}/${minorOf(device)} is gone\n`);
      return EDEADSRCDST;
    }
  }
}

/**
 * Waits until the label stands for a driver that answers, and opens there every minor device that was open. The endpoint
 * may be the same (the driver was restarted in its slot) or another.
 */
function* recover(device: number): Program<boolean> {
  const driver = drivers().get(majorOf(device));
  if (driver === undefined) return false;
  const delay = Math.max(1, Math.ceil((DS_DELAY_MS * (yield* systemHz())) / 1000));
  for (let tries = 0; tries < DS_TRIES; tries++) {
    const found = yield* dsRetrieveLabelEndpoint(driver.label);
    driver.endpoint = found.ok ? found.value : NONE;
    if (found.ok && (yield* reopen(majorOf(device)))) return true;
    yield* tickDelay(delay);
  }
  return false;
}

/** False where the driver died meanwhile. A device that cannot be opened any more fails at its next request. */
function* reopen(major: number): Program<boolean> {
  for (const [device, { access }] of minors()) {
    if (majorOf(device) !== major) continue;
    const status = yield* request(device, calls.open, { minor: minorOf(device), access, id: 0 });
    if (status === EDEADSRCDST || status === ERESTART) return false;
    if (status < 0) yield* printf(`block: device ${major}/${minorOf(device)} cannot be opened again: ${status}\n`);
  }
  return true;
}
