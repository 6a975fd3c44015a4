import { ok, type Program, type Result, type ServiceImage } from "@procyon-os/message";
import { sefStartup, stateSpec } from "@procyon-os/sef";
import { exit, getUptime, kernel, printf, systemHz } from "@procyon-os/syslib";
import { readTime } from "./read-time.ts";

const noState = stateSpec<null>({ name: "readclock", version: 1, saved: false });

function* start(): Program<Result<null>> {
  return ok(null);
}

/** readclock: sets the time of day from the CMOS clock, once, and ends (reference/posix-abi.md 8.2). */
export function* main(): Program<never> {
  yield* sefStartup(noState, { initFresh: start, initRestart: start });
  const reading = yield* readTime();
  if (!reading.ok) yield* printf(`readclock: ${reading.why}\n`);
  else {
    // The kernel keeps the time of boot; what is now is that and the uptime.
    const uptimeSeconds = Math.floor((yield* getUptime()) / (yield* systemHz()));
    const set = yield* kernel.stime({ bootTime: reading.seconds - uptimeSeconds });
    if (!set.ok) yield* printf(`readclock: not allowed to set the time: ${set.error}\n`);
  }
  return yield* exit();
}

/** The service, as a hosted one. */
export const image: ServiceImage = { name: "@procyon-os/readclock", version: "0.1.0", dataBytes: 16 * 1024, stackBytes: 16 * 1024, main };
