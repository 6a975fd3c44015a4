import type { Program } from "@procyon-os/message";
import { kernel, notify } from "@procyon-os/syslib";
import type { Line, PendingTransfer } from "./line.ts";

/** Whether all output has left the driver. */
export function isDrained(line: Line): boolean {
  return line.write === null && line.output.length === 0;
}

/** Sends a signal to whoever has the line as controlling terminal; PM gives INT, QUIT and WINCH to its process group. */
export function* signalLine(line: Line, signal: number, flush: boolean): Program<void> {
  if (line.pgrp !== 0) {
    const sent = yield* kernel.kill({ process: line.pgrp, signal });
    if (!sent.ok) line.pgrp = 0; // the process is gone
  }
  if (!flush) return;
  line.input = [];
  line.breaks = 0;
  line.stopped = false;
  yield* flushOutput(line);
}

/** Drops output; its writer is told that it is out. */
export function* flushOutput(line: Line): Program<void> {
  line.output = new Uint8Array(0);
  const { write } = line;
  if (write === null) return;
  line.write = null;
  yield* answerLater(line, write, write.count);
}

/** The result of a transfer: for a caller that was answered SUSPEND, by way of DEV_STATUS; else where it is still asked. */
export function* answerLater(line: Line, transfer: PendingTransfer, status: number): Program<void> {
  transfer.done = status;
  if (!transfer.suspended) return;
  line.revives.push({ caller: transfer.caller, user: transfer.user, grant: transfer.grant, status });
  yield* notify(transfer.caller);
}
