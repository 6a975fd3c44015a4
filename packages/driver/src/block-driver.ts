import {
  BDEV_BASE, blockContract, blockPosition, blockReply, BLOCK_VECTOR_ELEMENT_BYTES, decodeBlockVector, DIOCGETP, DIOCSETP,
  encodePartition, decodePartition, NR_IOREQS, PARTITION_BYTES, type BlockVectorElement, type Partition,
} from "@procyon-os/contract-block";
import {
  AMF_NOREPLY, callByNumber, CLOCK, decodeRequest, errorCode, HARDWARE, isNotify, m2, messageSource, messageType, SENDREC, statusCall,
  ticks, u32, type Endpoint, type GrantId, type Message, type Program, type Ticks,
} from "@procyon-os/message";
import { sefReceive } from "@procyon-os/sef";
import { asynsend, panic, printf, readGrant, sendNb, writeGrant, type Received } from "@procyon-os/syslib";
import { isOpenMinor, setOpenMinor } from "./open-minors.ts";

/** What a transfer is: bytes from a position of a minor device to (or from) grants of one process, in their order. */
export interface BlockTransfer {
  readonly minor: number;
  readonly write: boolean;
  readonly position: number;
  readonly endpoint: Endpoint;
  readonly elements: readonly BlockVectorElement[];
  readonly flags: number;
}

/** What a block driver does itself. Results are bytes or 0, or a negative error. */
export interface BlockDriver<S> {
  /** A restarted instance serves what was open before; without it, requests for devices not opened since are answered ERESTART. */
  readonly keepsOpen?: boolean;
  open(state: S, minor: number, access: number): Program<number>;
  close(state: S, minor: number): Program<number>;
  transfer(state: S, request: BlockTransfer): Program<number>;
  ioctl?(state: S, minor: number, request: number, endpoint: Endpoint, grant: GrantId): Program<number>;
  /** For disks: base, size and geometry of a minor device, or null where there is none. */
  partition?(state: S, minor: number): Partition | null;
  /** For disks: sets base and size (DIOCSETP). */
  setPartition?(state: S, minor: number, partition: Partition): void;
  interrupt?(state: S, bits: number): Program<void>;
  alarm?(state: S, now: Ticks): Program<void>;
  /** Any other message: the result to answer with, or null for no answer. */
  other?(state: S, received: Received): Program<number | null>;
}

const notifyArgument = m2.l1(u32);
const notifyTime = m2.l2(ticks);
const nameOf = callByNumber(blockContract);
const { calls } = blockContract;
const minorField = calls.open.request.minor;
const idField = calls.open.request.id;

/** Whether a message is a request of the block protocol. */
export function isBlockRequest(message: Message): boolean {
  return (messageType(message) & ~0x7f) === BDEV_BASE;
}

/** Serves block requests, one at a time, for ever (libblockdriver, single threaded). */
export function* blockDriverTask<S>(driver: BlockDriver<S>, state: S): Program<never> {
  for (;;) {
    const received = yield* sefReceive();
    if (received.result !== 0) return yield* panic(`blockdriver: receive failed: ${received.result}`);
    yield* processBlockMessage(driver, state, received);
  }
}

/** Deals with one received message; for drivers that speak two protocols in one loop. */
export function* processBlockMessage<S>(driver: BlockDriver<S>, state: S, received: Received): Program<void> {
  const { message, status } = received;
  if (isNotify(status)) return yield* handleNotify(driver, state, received);
  const result = yield* handleRequest(driver, state, received);
  if (result === null) return;
  const source = messageSource(message);
  const reply = blockReply(result, idField.read(message));
  // NOREPLY: the caller may be in a SENDREC to somebody else, which this reply must not end.
  const sent = statusCall(status) === SENDREC ? yield* sendNb(source, reply) : yield* asynsend(source, reply, AMF_NOREPLY);
  if (sent !== 0) yield* printf(`blockdriver: unable to send reply to ${source}: ${sent}\n`);
}

function* handleNotify<S>(driver: BlockDriver<S>, state: S, received: Received): Program<void> {
  const { message } = received;
  const source = messageSource(message);
  if (source === HARDWARE) yield* driver.interrupt?.(state, notifyArgument.read(message)) ?? nothing();
  else if (source === CLOCK) yield* driver.alarm?.(state, notifyTime.read(message)) ?? nothing();
  else yield* driver.other?.(state, received) ?? nothing();
}

function* nothing(): Program<void> {}

function* handleRequest<S>(driver: BlockDriver<S>, state: S, received: Received): Program<number | null> {
  const { message } = received;
  const source = messageSource(message);
  const name = nameOf(messageType(message));
  if (name === null) return driver.other === undefined ? errorCode("EINVAL") : yield* driver.other(state, received);
  const minor = minorField.read(message);
  if (name !== "open" && !driver.keepsOpen && !isOpenMinor(minor)) return errorCode("ERESTART"); // meant for the instance before this one
  switch (name) {
    case "open":
      setOpenMinor(minor);
      return yield* driver.open(state, minor, decodeRequest(calls.open, message).access);
    case "close":
      return yield* driver.close(state, minor);
    case "read": case "write": {
      const request = decodeRequest(calls.read, message);
      if (request.count < 0) return errorCode("EINVAL");
      const elements = [{ grant: request.grant, bytes: request.count }];
      return yield* driver.transfer(state, { minor, write: name === "write", position: blockPosition(request), endpoint: source, elements, flags: request.flags });
    }
    case "gather": case "scatter": {
      const request = decodeRequest(calls.gather, message);
      const elements = yield* readVector(source, request.grant, request.count);
      if (elements === null) return errorCode("EINVAL");
      return yield* driver.transfer(state, { minor, write: name === "scatter", position: blockPosition(request), endpoint: source, elements, flags: request.flags });
    }
    case "ioctl": {
      const request = decodeRequest(calls.ioctl, message);
      return yield* handleIoctl(driver, state, minor, request.request, source, request.grant);
    }
  }
}

function* readVector(source: Endpoint, grant: GrantId, count: number): Program<BlockVectorElement[] | null> {
  const vector = yield* readGrant(source, grant, 0, Math.min(count, NR_IOREQS) * BLOCK_VECTOR_ELEMENT_BYTES);
  if (!vector.ok) return null;
  const elements = decodeBlockVector(vector.value);
  const total = elements.reduce((sum, { bytes }) => sum + bytes, 0);
  return total > 0x7fffffff ? null : elements; // the status could not say how many bytes
}

function* handleIoctl<S>(driver: BlockDriver<S>, state: S, minor: number, request: number, source: Endpoint, grant: GrantId): Program<number> {
  if (request === DIOCGETP && driver.partition !== undefined) {
    const partition = driver.partition(state, minor);
    if (partition === null) return errorCode("ENXIO");
    const copied = yield* writeGrant(source, grant, 0, encodePartition(partition));
    return copied.ok ? 0 : errorCode(copied.error);
  }
  if (request === DIOCSETP && driver.partition !== undefined && driver.setPartition !== undefined) {
    const bytes = yield* readGrant(source, grant, 0, PARTITION_BYTES);
    if (!bytes.ok) return errorCode(bytes.error);
    if (driver.partition(state, minor) === null) return errorCode("ENXIO");
    driver.setPartition(state, minor, decodePartition(bytes.value));
    return 0;
  }
  return driver.ioctl === undefined ? errorCode("EINVAL") : yield* driver.ioctl(state, minor, request, source, grant);
}
