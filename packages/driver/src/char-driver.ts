import { charContract, charPosition, DEV_RQ_BASE, encodeCharReply, type CharReply } from "@procyon-os/contract-char";
import {
  callByNumber, CLOCK, decodeRequest, errorCode, HARDWARE, isNotify, m2, messageSource, messageType, SENDREC, statusCall, ticks, u32,
  type Endpoint, type GrantId, type Message, type Program, type Request, type Ticks,
} from "@procyon-os/message";
import { sefReceive } from "@procyon-os/sef";
import { asynsend, panic, printf, sendNb, type Received } from "@procyon-os/syslib";
import { isOpenMinor, setOpenMinor } from "./open-minors.ts";

/** A read or write of a character device. */
export interface CharTransfer {
  readonly minor: number;
  readonly user: Endpoint;
  readonly position: number;
  readonly endpoint: Endpoint; // whose grant it is
  readonly grant: GrantId;
  readonly count: number;
}

export type CharCalls = typeof charContract.calls;
type Answer = Program<number | null>;

/**
 * What a character driver does itself. Results are a count or status, or a negative error; null means that the answer
 * comes later: in the asynchronous style by `asynsend` of a `revive` or `select2` reply.
 */
export interface CharDriver<S> {
  /** A restarted instance serves what was open before; without it, requests for devices not opened since are answered ERESTART. */
  readonly keepsOpen?: boolean;
  open(state: S, request: Request<CharCalls["open"]>): Answer;
  close(state: S, request: Request<CharCalls["close"]>): Answer;
  read(state: S, transfer: CharTransfer): Answer;
  write(state: S, transfer: CharTransfer): Answer;
  ioctl?(state: S, request: Request<CharCalls["ioctl"]>, endpoint: Endpoint): Answer;
  select?(state: S, request: Request<CharCalls["select"]>, endpoint: Endpoint): Answer;
  cancel?(state: S, request: Request<CharCalls["cancel"]>, endpoint: Endpoint): Answer;
  interrupt?(state: S, bits: number): Program<void>;
  alarm?(state: S, now: Ticks): Program<void>;
  other?(state: S, received: Received): Answer;
}

/** How a driver answers: at once with TASK_REPLY, or when it can with a reply for each kind of request. */
export type CharStyle = "sync" | "async";

const nameOf = callByNumber(charContract);
const { calls } = charContract;
const minorField = calls.open.request.minor;
const userField = calls.open.request.user;
const notifyArgument = m2.l1(u32);
const notifyTime = m2.l2(ticks);

/** Whether a message is a request of the character protocol. */
export function isCharRequest(message: Message): boolean {
  return (messageType(message) & ~0xff) === DEV_RQ_BASE;
}

/** Serves character requests for ever (libchardriver). */
export function* charDriverTask<S>(driver: CharDriver<S>, state: S, style: CharStyle): Program<never> {
  for (;;) {
    const received = yield* sefReceive();
    if (received.result !== 0) return yield* panic(`chardriver: receive failed: ${received.result}`);
    yield* processCharMessage(driver, state, style, received);
  }
}

/** Deals with one received message; for drivers that speak two protocols in one loop. */
export function* processCharMessage<S>(driver: CharDriver<S>, state: S, style: CharStyle, received: Received): Program<void> {
  const { message, status } = received;
  const source = messageSource(message);
  if (isNotify(status)) {
    if (source === HARDWARE && driver.interrupt !== undefined) yield* driver.interrupt(state, notifyArgument.read(message));
    else if (source === CLOCK && driver.alarm !== undefined) yield* driver.alarm(state, notifyTime.read(message));
    else if (driver.other !== undefined) yield* driver.other(state, received);
    return;
  }
  const result = yield* handleRequest(driver, state, received);
  if (result === null) return;
  const reply = style === "async" ? asyncReply(message, result) : { kind: "task", user: userField.read(message), status: result } as const;
  if (reply === null) return;
  const blocked = style === "sync" && statusCall(status) === SENDREC;
  const sent = blocked ? yield* sendNb(source, encodeCharReply(reply)) : yield* asynsend(source, encodeCharReply(reply));
  if (sent !== 0) yield* printf(`chardriver: unable to send reply to ${source}: ${sent}\n`);
}

/** The reply of an asynchronous driver; null where its protocol has none (reference/posix-abi.md 4.7). */
function asyncReply(message: Message, status: number): CharReply | null {
  if (status === errorCode("ERESTART")) return null; // VFS learns of the restart in another way
  const user = userField.read(message);
  switch (nameOf(messageType(message))) {
    case "open":
      return { kind: "open", user, status };
    case "close":
      return { kind: "close", user, status };
    case "read": case "write": case "ioctl": case "gather": case "scatter":
      return { kind: "revive", user, status, grant: calls.read.request.grant.read(message) };
    case "reopen":
      return { kind: "reopen", filp: calls.reopen.request.filp.read(message), status };
    case "select":
      return { kind: "select1", minor: minorField.read(message), operations: status };
    case "cancel":
      return null; // the request that is cancelled gets the answer
    default:
      return { kind: "task", user, status };
  }
}

function* handleRequest<S>(driver: CharDriver<S>, state: S, received: Received): Answer {
  const { message } = received;
  const source = messageSource(message);
  const name = nameOf(messageType(message));
  if (name === null || name === "status") return driver.other === undefined ? errorCode("EINVAL") : yield* driver.other(state, received);
  const minor = minorField.read(message);
  const opens = name === "open" || name === "reopen";
  if (!opens && !driver.keepsOpen && !isOpenMinor(minor)) return errorCode("ERESTART"); // meant for the instance before this one
  switch (name) {
    case "open":
      setOpenMinor(minor);
      return yield* driver.open(state, decodeRequest(calls.open, message));
    case "reopen": {
      setOpenMinor(minor);
      const request = decodeRequest(calls.reopen, message);
      return yield* driver.open(state, { minor, user: source, access: request.access });
    }
    case "close":
      return yield* driver.close(state, decodeRequest(calls.close, message));
    case "read": case "write": {
      const request = decodeRequest(calls.read, message);
      if (request.count < 0) return errorCode("EINVAL");
      const transfer = { minor, user: request.user, position: charPosition(request), endpoint: source, grant: request.grant, count: request.count };
      return yield* name === "read" ? driver.read(state, transfer) : driver.write(state, transfer);
    }
    case "ioctl":
      return driver.ioctl === undefined ? errorCode("ENOTTY") : yield* driver.ioctl(state, decodeRequest(calls.ioctl, message), source);
    case "select":
      return driver.select === undefined ? 0 : yield* driver.select(state, decodeRequest(calls.select, message), source);
    case "cancel":
      return driver.cancel === undefined ? 0 : yield* driver.cancel(state, decodeRequest(calls.cancel, message), source);
    case "gather": case "scatter":
      return errorCode("EINVAL"); // VFS of 3.2.0 sends no vectors to character devices
  }
}
