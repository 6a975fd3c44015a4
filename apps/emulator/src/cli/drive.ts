import { CRYSTAL_HZ } from "@procyon-os/hardware";
import type { Ending, System } from "../system.ts";
import type { HostInput } from "./input.ts";
import type { HostOutput } from "./output.ts";

/** How the host's input reaches the guest. */
export interface Feeding {
  readonly input: HostInput;
  /** A terminal's keys go in as they come; lines of a script one by one, when the guest waits; a job takes everything. */
  readonly mode: "keys" | "lines" | "bytes";
  /** Looks at keys before the guest does; true where it has taken them (to leave). */
  readonly intercept?: (keys: Uint8Array) => boolean;
}

// The Backspace key of a terminal sends DEL; that of the machine's keyboard sends ^H, which erases in the guest.
const DELETE = 0x7f;
const BACKSPACE = 0x08;
const SLICE_CYCLES = 2_000_000;
/** How long in all a pipe is waited for before time runs on, in ms: what was written in one go arrives within it. */
const GRACE_MS = 500;

/** Gives the guest what it may have now; false where there was nothing. */
function feed(system: System, { input, mode }: Feeding): boolean {
  const bytes = mode === "lines" ? input.takeLine() : input.takeAll();
  if (bytes === null) return false;
  system.type(bytes);
  return true;
}

/**
 * Runs a machine to its end: sleeps to keep pace with the clock while it is idle and a person (or a pipe that is still open)
 * may type, and skips idle time otherwise. The guest's time comes from what it does, never from the host's clock.
 * @param beat called for each slice of the machine's time
 */
export async function drive(system: System, feeding: Feeding, outputs: readonly HostOutput[], beat: () => void): Promise<Ending | "left" | "stuck"> {
  const { input, mode, intercept } = feeding;
  const flush = (): void => outputs.forEach((output) => output.flush());
  let hungUp = false;
  let grace = mode === "keys" ? 0 : GRACE_MS;
  let slices = 0;
  while (system.ending === null) {
    if (mode === "keys" && input.available) {
      const keys = input.takeAll();
      if (keys !== null && intercept?.(keys) === true) return "left";
      if (keys !== null) system.type(keys.map((key) => (key === DELETE ? BACKSPACE : key)));
    }
    const result = system.run(SLICE_CYCLES);
    beat();
    if (result.kind === "running") {
      if (++slices % 8 === 0) {
        flush();
        await new Promise((resolve) => setImmediate(resolve)); // keys, signals and pipes of the host
      }
      continue;
    }
    if (result.kind !== "idle") break;
    flush();
    if (mode !== "keys" && system.board.uart.receiverEmpty && feed(system, feeding)) continue;
    if (mode === "keys" && input.ended && !input.available) return "left"; // the terminal has gone
    if (mode !== "keys" && (input.ended || input.hasLine)) {
      // What comes next is known, so nothing is gained by waiting for the host.
      if (!hungUp && !input.available && system.board.uart.receiverEmpty) {
        hungUp = true;
        system.hangUp();
      } else if (result.wakesAt === Infinity) return "stuck";
      else system.kernel.skipTo(result.wakesAt);
      continue;
    }
    if (grace > 0) {
      const before = performance.now();
      await input.wait(grace);
      grace -= performance.now() - before;
      continue;
    }
    const wait = result.wakesAt === Infinity ? Infinity : ((result.wakesAt - system.board.clock.now) / CRYSTAL_HZ) * 1000;
    if (wait > 1) await input.wait(wait);
    else await new Promise((resolve) => setImmediate(resolve));
    if (!input.available && !input.ended) system.kernel.skipTo(result.wakesAt);
  }
  flush();
  return system.ending ?? "stuck";
}
