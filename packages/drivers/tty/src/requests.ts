import { charContract, DEV_R_BIT, DEV_W_BIT, O_NOCTTY, SEL_ERR, SEL_NOTIFY, SEL_RD, SEL_WR, type CharReply } from "@procyon-os/contract-char";
import { errorCode, SUSPEND, type Endpoint, type Program, type Request } from "@procyon-os/message";
import { flushOutput } from "./answers.ts";
import { handleEvents, readyOperations, startReadTimer } from "./events.ts";
import { resetSettings, type Line } from "./line.ts";
import { flushInput, markForMode } from "./line-input.ts";
import { readPlan } from "./line-read.ts";
import { configureSerial, setModem } from "./serial.ts";
import { CONSOLE, LOG_MINOR, type TtyState } from "./tty-state.ts";

type Calls = typeof charContract.calls;

/** Opens a line: 1 where it becomes the caller's controlling terminal. */
export function* doOpen(line: Line, { minor, user, access }: Request<Calls["open"]>): Program<number> {
  if (minor === LOG_MINOR) return (access & DEV_R_BIT) !== 0 ? errorCode("EACCES") : 0;
  line.opens++;
  if (line.opens === 1) yield* setModem(line);
  if ((access & O_NOCTTY) !== 0) return 0;
  line.pgrp = user;
  return 1;
}

/**
 * Closes a line. The last close makes it as new; but what was typed ahead on the console is for whoever opens it next, and
 * output that is under way goes out.
 */
export function* doClose(line: Line, { minor }: Request<Calls["close"]>): Program<number> {
  if (minor === LOG_MINOR || line.opens === 0 || --line.opens > 0) return 0;
  line.pgrp = 0;
  if (line.index !== CONSOLE) {
    flushInput(line);
    yield* flushOutput(line);
  }
  resetSettings(line);
  markForMode(line);
  yield* configureSerial(line);
  return 0;
}

/** Reads: a count, an error, or SUSPEND where nothing can be read yet. */
export function* doRead(line: Line, request: Request<Calls["read"]>, caller: Endpoint): Program<number> {
  if (line.read !== null) return errorCode("EIO");
  if (request.count <= 0) return errorCode("EINVAL");
  const { needed, timed } = readPlan(line, request.count);
  const read = { caller, user: request.user, grant: request.grant, count: request.count, done: 0, suspended: false, needed, expires: null };
  line.read = read;
  if (timed) yield* startReadTimer(line);
  yield* handleEvents(line);
  if (line.read !== read) return read.done;
  read.suspended = true;
  return SUSPEND;
}

/** Writes: the count, an error, or SUSPEND where not everything has room yet. */
export function* doWrite(line: Line, request: Request<Calls["write"]>, caller: Endpoint): Program<number> {
  if (line.write !== null) return errorCode("EIO");
  if (request.count <= 0) return errorCode("EINVAL");
  const write = { caller, user: request.user, grant: request.grant, count: request.count, done: 0, suspended: false };
  line.write = write;
  yield* handleEvents(line);
  if (line.write !== write) return write.done;
  write.suspended = true;
  return SUSPEND;
}

/** Ends a request that waits: what it has got so far, or EINTR. */
export function* doCancel(line: Line, { user, mode, grant }: Request<Calls["cancel"]>): Program<number> {
  const revived = line.revives.findIndex((revive) => revive.user === user && revive.grant === grant);
  if (revived >= 0) return (line.revives.splice(revived, 1)[0] as { status: number }).status;
  let result = errorCode("EINTR");
  const matches = (transfer: { user: Endpoint; grant: number } | null): boolean => transfer?.user === user && transfer.grant === grant;
  if ((mode & DEV_R_BIT) !== 0 && matches(line.read)) line.read = null;
  if ((mode & DEV_W_BIT) !== 0 && line.write !== null && matches(line.write)) {
    if (line.write.done > 0) result = line.write.done;
    line.write = null;
  }
  if (matches(line.ioctl)) line.ioctl = null;
  yield* handleEvents(line);
  return result;
}

/** Which operations are ready; with SEL_NOTIFY, remembers the others. */
export function doSelect(line: Line, { minor, operations }: Request<Calls["select"]>, caller: Endpoint): number {
  const asked = operations & (SEL_RD | SEL_WR | SEL_ERR);
  const ready = readyOperations(line, asked);
  if (ready === 0 && asked !== 0 && (operations & SEL_NOTIFY) !== 0) {
    line.select = { caller, minor, operations: asked | (line.select?.caller === caller ? line.select.operations : 0) };
  }
  return ready;
}

/** One thing that is ready for a caller: what DEV_STATUS answers. */
export function nextStatus(state: TtyState, caller: Endpoint): CharReply {
  for (const line of state.lines) {
    const { select } = line;
    const ready = select !== null && select.caller === caller ? readyOperations(line, select.operations) : 0;
    if (select !== null && ready !== 0) {
      select.operations &= ~ready;
      if (select.operations === 0) line.select = null;
      return { kind: "ioReady", minor: select.minor, operations: ready };
    }
    const revived = line.revives.findIndex((revive) => revive.caller === caller);
    if (revived >= 0) {
      const [{ user, grant, status }] = line.revives.splice(revived, 1) as [Line["revives"][number]];
      return { kind: "revive", user, grant, status };
    }
  }
  return { kind: "noStatus" };
}

