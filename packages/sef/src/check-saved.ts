import type { SavedPlace, SefContext } from "./context.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import type { Piece } from "./log-writer.ts";
import type { Key } from "./saved-log.ts";
import { writeValue } from "./state-codec.ts";

// One switch for all services of a thread: tests that look inside are outside of any instance.
const KEY = Symbol.for("@procyon-os/sef/check-saved");
const switches = globalThis as { [key: symbol]: { on: boolean } | undefined };

/** Switches a check on or off, for tests: after each transaction every part of the state must be as it was saved. */
export function checkSavedState(on: boolean): void {
  switches[KEY] = { on };
}

/** Whether a value is what lies in the log. */
function isSaved({ log, shapes }: SavedPlace, piece: Piece | undefined, value: unknown): boolean {
  const now = new GrowingBytes(256);
  writeValue(now, value, shapes);
  return piece !== undefined && piece.length === now.length && now.bytes.subarray(0, now.length).every((byte, i) => byte === log.bytes[piece.at + i]);
}

/** Throws, with its name, where an entry has changed and nobody said so (`changed`). */
export function checkSaved({ spec, state, saved }: SefContext): void {
  if (switches[KEY]?.on !== true || spec === null || !spec.saved) return;
  for (const { name, known } of saved.parts) {
    const parts = (state as { readonly [name: string]: unknown })[name] as Map<Key, unknown> | unknown[];
    const there = new Set<Key>();
    for (const [key, value] of parts.entries()) {
      if (value === undefined) continue;
      there.add(key);
      if (!isSaved(saved, known?.get(key), value)) throw new Error(`sef: ${spec.name}: ${name}[${key}] has changed, and changed() was not told`);
    }
    for (const key of known?.keys() ?? []) if (!there.has(key)) throw new Error(`sef: ${spec.name}: ${name}[${key}] is gone, and changed() was not told`);
  }
}
