import * as c from "@procyon-os/contract-char";
import { errorCode, SIGHUP, SIGWINCH, SUSPEND, type Endpoint, type GrantId, type Program, type Request } from "@procyon-os/message";
import { notify, readGrant, writeGrant } from "@procyon-os/syslib";
import { flushOutput, isDrained, signalLine } from "./answers.ts";
import type { Line } from "./line.ts";
import { flushInput, markForMode } from "./line-input.ts";
import { putOutput } from "./line-output.ts";
import { configureSerial } from "./serial.ts";

type IoctlRequest = Request<typeof c.charContract.calls.ioctl>;

/** An ioctl: 0, a negative error, or SUSPEND where it waits for the output (reference/posix-abi.md 6.3). */
export function* doIoctl(line: Line, { user, request, grant }: IoctlRequest, caller: Endpoint): Program<number> {
  switch (request) {
    case c.TCGETS:
      return yield* answer(caller, grant, c.encodeTermios(line.termios));
    case c.TCSETS:
      return yield* setTermios(line, caller, grant);
    case c.TCSETSW: case c.TCSETSF: case c.TCDRAIN:
      if (isDrained(line)) return yield* whenDrained(line, request, caller, grant);
      line.ioctl = { caller, user, grant, request };
      return SUSPEND;
    case c.TCFLSH:
      return yield* withWord(caller, grant, (which) => flush(line, which));
    case c.TCFLOW:
      return yield* withWord(caller, grant, (action) => flow(line, action));
    case c.TCSBRK:
      return 0; // a break has no one to see it
    case c.TIOCGWINSZ:
      return yield* answer(caller, grant, c.encodeWinsize(line.winsize));
    case c.TIOCSWINSZ: {
      const bytes = yield* readGrant(caller, grant, 0, c.WINSIZE_BYTES);
      if (!bytes.ok) return errorCode(bytes.error);
      line.winsize = c.decodeWinsize(bytes.value);
      yield* signalLine(line, SIGWINCH, false);
      return 0;
    }
    default:
      return errorCode("ENOTTY"); // TIOCGPGRP and TIOCSPGRP too: MINIX has no job control
  }
}

/** The ioctl that has waited for the output. */
export function* finishIoctl(line: Line): Program<void> {
  const { ioctl } = line;
  if (ioctl === null) return;
  line.ioctl = null;
  const status = yield* whenDrained(line, ioctl.request, ioctl.caller, ioctl.grant);
  line.revives.push({ caller: ioctl.caller, user: ioctl.user, grant: ioctl.grant, status });
  yield* notify(ioctl.caller);
}

function* whenDrained(line: Line, request: number, caller: Endpoint, grant: GrantId): Program<number> {
  if (request === c.TCDRAIN) return 0;
  if (request === c.TCSETSF) flushInput(line);
  return yield* setTermios(line, caller, grant);
}

function* setTermios(line: Line, caller: Endpoint, grant: GrantId): Program<number> {
  const bytes = yield* readGrant(caller, grant, 0, c.TERMIOS_BYTES);
  if (!bytes.ok) return errorCode(bytes.error);
  line.termios = c.decodeTermios(bytes.value);
  markForMode(line);
  if ((line.termios.iflag & c.IXON) === 0) line.stopped = false; // nothing could start it again
  if (line.termios.ospeed === c.B0) yield* signalLine(line, SIGHUP, true);
  yield* configureSerial(line);
  return 0;
}

function* flush(line: Line, which: number): Program<number> {
  if (which < c.TCIFLUSH || which > c.TCIOFLUSH) return errorCode("EINVAL");
  if (which !== c.TCOFLUSH) flushInput(line);
  if (which !== c.TCIFLUSH) yield* flushOutput(line);
  return 0;
}

function* flow(line: Line, action: number): Program<number> {
  if (action === c.TCOOFF || action === c.TCOON) line.stopped = action === c.TCOOFF;
  else if (action === c.TCIOFF || action === c.TCION) putOutput(line, [line.termios.cc[action === c.TCIOFF ? c.VSTOP : c.VSTART] as number]);
  else return errorCode("EINVAL");
  return 0;
}

function* withWord(caller: Endpoint, grant: GrantId, use: (word: number) => Program<number>): Program<number> {
  const bytes = yield* readGrant(caller, grant, 0, 4);
  if (!bytes.ok) return errorCode(bytes.error);
  return yield* use(new DataView(bytes.value.buffer, bytes.value.byteOffset, 4).getInt32(0, true));
}

function* answer(caller: Endpoint, grant: GrantId, bytes: Uint8Array): Program<number> {
  const copied = yield* writeGrant(caller, grant, 0, bytes);
  return copied.ok ? 0 : errorCode(copied.error);
}
