import { encodeCharReply } from "@procyon-os/contract-char";
import { ttyContract } from "@procyon-os/contract-tty";
import {
  callByNumber, CLOCK, decodeRequest, encodeReply, errorCode, HARDWARE, isNotify, m2, messageSource, messageType, ok, u32, type Endpoint, type Message,
  type Program, type Result, type ServiceImage,
} from "@procyon-os/message";
import { queueReply, sefReceive, sefStartup, type InitInfo } from "@procyon-os/sef";
import { bootParameter, notify, panic, printf } from "@procyon-os/syslib";
import { armAlarm, expireReads, handleEvents, hangUp } from "./events.ts";
import { controlKeys, type FunctionKeys } from "./function-keys.ts";
import { doIoctl } from "./ioctl.ts";
import type { Line } from "./line.ts";
import { doCancel, doClose, doOpen, doRead, doSelect, doWrite, nextStatus } from "./requests.ts";
import { PORTS, serveSerial, startSerial, strayLines } from "./serial.ts";
import { consoleOf, freshTty, initialTermios, lineOfMinor, ttyState, type TtyState } from "./tty-state.ts";

const { calls } = ttyContract;
const nameOf = callByNumber(ttyContract);
const minorField = calls.open.request.minor;
const userField = calls.open.request.user;
const notifyArgument = m2.l1(u32);

/** Whether a person sits at the console: input of a program or a file is not searched for keys. */
function* hasKeyboard(): Program<boolean> {
  return (yield* bootParameter("serial")) === null && (yield* bootParameter("debug_fkeys")) !== "0";
}

/** Brings the chips to the state of the lines. After a crash: what they have held meanwhile is served, and VFS is told again. */
function* start(state: TtyState): Program<Result<TtyState>> {
  state.alarmAt = null;
  (consoleOf(state).keys as FunctionKeys).decoded = yield* hasKeyboard();
  for (const line of state.lines) {
    yield* startSerial(line);
    yield* serveLine(line);
    const waiting = new Set([...line.revives.map(({ caller }) => caller), ...(line.select === null ? [] : [line.select.caller])]);
    for (const caller of waiting) yield* notify(caller);
  }
  yield* armAlarm(state);
  return ok(state);
}

function* initFresh(_info: InitInfo): Program<Result<TtyState>> {
  return yield* start(freshTty(initialTermios(yield* bootParameter("serial"))));
}

function* initRestart(_info: InitInfo, saved: TtyState | null): Program<Result<TtyState>> {
  return yield* start(saved ?? freshTty(initialTermios(yield* bootParameter("serial"))));
}

/**
 * A new version finds the chips as the one before left them and nothing undone on the lines; what comes is an interrupt, as it was for that
 * one. A chip that is not as its line says is begun anew.
 */
function* goOn(info: InitInfo, saved: TtyState | null): Program<Result<TtyState>> {
  if (saved === null) return yield* initRestart(info, saved);
  (consoleOf(saved).keys as FunctionKeys).decoded = yield* hasKeyboard();
  for (const line of yield* strayLines(saved.lines)) {
    yield* startSerial(line);
    yield* serveLine(line);
  }
  saved.alarmAt = null;
  yield* armAlarm(saved);
  return ok(saved);
}

/** The parameters of the boot are known when they are wanted. */
function* getReady(): Program<void> {
  yield* hasKeyboard();
}

function* serveLine(line: Line): Program<void> {
  const { carrierLost } = yield* serveSerial(line);
  yield* handleEvents(line);
  if (!carrierLost) return;
  yield* hangUp(line);
  yield* handleEvents(line);
}

function* handleNotify(state: TtyState, message: Message): Program<void> {
  const source = messageSource(message);
  if (source === CLOCK) yield* expireReads(state);
  if (source !== HARDWARE) return;
  const bits = notifyArgument.read(message);
  for (const line of state.lines) if ((bits & (1 << (PORTS[line.index] as { irq: number }).irq)) !== 0) yield* serveLine(line);
}

/** FKEY_CONTROL, and its answer. */
function* handleKeys(state: TtyState, message: Message, caller: Endpoint): Program<Message> {
  const line = consoleOf(state);
  const outcome = controlKeys(line.keys as FunctionKeys, caller, decodeRequest(calls.fkeyControl, message));
  yield* handleEvents(line); // what was held may be no key any more
  return encodeReply(calls.fkeyControl, outcome);
}

/** What VFS asks of a line, or of what has become ready. */
function* handleDevice(state: TtyState, message: Message, source: Endpoint): Program<Message> {
  const reply = nameOf(messageType(message)) === "status"
    ? nextStatus(state, source)
    : ({ kind: "task", user: userField.read(message), status: yield* handleRequest(state, message, source) } as const);
  return encodeCharReply(reply);
}

/** A request for a line, and its result. */
function* handleRequest(state: TtyState, message: Message, caller: Endpoint): Program<number> {
  const line = lineOfMinor(state, minorField.read(message));
  if (line === null) return errorCode("ENXIO");
  switch (nameOf(messageType(message))) {
    case "open": return yield* doOpen(line, decodeRequest(calls.open, message));
    case "reopen": return 0; // nothing was lost
    case "close": return yield* doClose(line, decodeRequest(calls.close, message));
    case "read": return yield* doRead(line, decodeRequest(calls.read, message), caller);
    case "write": return yield* doWrite(line, decodeRequest(calls.write, message), caller);
    case "ioctl": {
      const result = yield* doIoctl(line, decodeRequest(calls.ioctl, message), caller);
      yield* handleEvents(line);
      return result;
    }
    case "select": return doSelect(line, decodeRequest(calls.select, message), caller);
    case "cancel": return yield* doCancel(line, decodeRequest(calls.cancel, message));
    default:
      yield* printf(`tty: unexpected request ${messageType(message)} from ${caller}\n`);
      return errorCode("EINVAL");
  }
}

/** TTY: the synchronous character driver of the serial lines, and who observes which function key (reference/posix-abi.md 6). */
export function* main(): Program<never> {
  const state = yield* sefStartup(ttyState, { initFresh, initRestart, getReady, initLu: goOn });
  for (;;) {
    const received = yield* sefReceive();
    const { result, message, status } = received;
    if (result !== 0) return yield* panic(`tty: receive failed: ${result}`);
    const source = messageSource(message);
    if (isNotify(status)) yield* handleNotify(state, message);
    else {
      const answers = nameOf(messageType(message)) === "fkeyControl" ? handleKeys : handleDevice;
      queueReply(received, yield* answers(state, message, source)); // with the state: what is left of an answered write is not lost
    }
    yield* armAlarm(state);
  }
}

/** The driver as a hosted service. */
export const image: ServiceImage = { name: "@procyon-os/tty", version: "0.1.0", dataBytes: 512 * 1024, stackBytes: 16 * 1024, contract: ttyContract, state: ttyState, main };
