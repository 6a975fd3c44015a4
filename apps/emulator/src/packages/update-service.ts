import { errorName, type ErrorName, type ServiceImage } from "@procyon-os/message";
import type { System } from "../system.ts";

export interface UpdateOptions {
  /** The state of SEF that the old version has to reach first; 1 (no work under way) without it. */
  readonly state?: number;
  /** How long the old version may take for it, in ticks; RS's own measure without it. */
  readonly maxTicks?: number;
}

/** How an update ended. `reason` holds what the kernel and RS said meanwhile. */
export type UpdateOutcome = { readonly ok: true } | { readonly ok: false; readonly error: ErrorName; readonly reason: string };

const SLICE_CYCLES = 500_000;
/** Time of the machine within which RS has to have answered: longer than any time-out of its own. */
const MOST_SECONDS = 120;
const CRYSTAL_HZ = 14_318_180;

/** Runs the machine until the operator has an answer; null where none comes. */
function runUntilResult(system: System, answered: () => boolean): void {
  const end = system.board.clock.now + MOST_SECONDS * CRYSTAL_HZ;
  while (!answered() && system.ending === null && system.board.clock.now < end) {
    const result = system.run(SLICE_CYCLES);
    if (result.kind === "idle" && !answered()) {
      if (result.wakesAt === Infinity) return;
      system.kernel.skipTo(result.wakesAt);
    }
  }
}

/** Asks RS, by the operator, to put a package in the place of a running service. */
export function updateService(system: System, label: string, image: ServiceImage, { state = 1, maxTicks = 0 }: UpdateOptions): UpdateOutcome {
  const port = system.operatorPort;
  if (port === null) throw new Error("update: the machine has no operator; boot({ operator: true, … }) starts it");
  if (!/^[\x21-\x7e]{1,15}$/.test(label)) throw new Error(`update: ${JSON.stringify(label)} is no label of a service`);
  const reference = system.shelf.add(image);
  let heard = "";
  let result: number | null = null;
  system.listen = (text) => void (heard += text);
  port.onResult = (value) => void (result = value);
  port.request([label, reference, String(state), String(maxTicks)]);
  runUntilResult(system, () => result !== null);
  system.listen = null;
  const code = result as number | null;
  if (code === 0) return { ok: true };
  const error = code === null ? "ETIMEDOUT" : (errorName(code) ?? "EGENERIC");
  return { ok: false, error, reason: heard.trim() || (code === null ? "RS has not answered" : `RS answered ${error}`) };
}

