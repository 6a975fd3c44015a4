import { CLOCK, type Program, type Ticks } from "@procyon-os/message";
import { receive } from "./ipc.ts";
import { kernel } from "./kernel.ts";

/** Waits a number of ticks. An alarm that the caller had set goes on afterwards (reference/rs-sef-ds-syslib.md 5.6). */
export function* tickDelay(ticks: number): Program<void> {
  if (ticks <= 0) return;
  const set = yield* kernel.setalarm({ expiresAt: ticks as Ticks, absolute: false });
  yield* receive(CLOCK);
  const left = set.ok ? set.value.ticksLeft : 0;
  if (left > 0) yield* kernel.setalarm({ expiresAt: Math.max(1, left - ticks) as Ticks, absolute: false });
}
