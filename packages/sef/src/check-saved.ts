import type { SefContext } from "./context.ts";
import type { Key } from "./saved-log.ts";
import { encodeState } from "./state-codec.ts";

// One switch for all services of a thread: tests that look inside are outside of any instance.
const KEY = Symbol.for("@procyon-os/sef/check-saved");
const switches = globalThis as { [key: symbol]: { on: boolean } | undefined };

/** Switches a check on or off, for tests: after each transaction every part of the state must be as it was saved. */
export function checkSavedState(on: boolean): void {
  switches[KEY] = { on };
}

const isSame = (a: Uint8Array | undefined, b: Uint8Array): boolean => a !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Throws, with its name, where an entry has changed and nobody said so (`changed`). */
export function checkSaved({ spec, state, saved }: SefContext): void {
  if (switches[KEY]?.on !== true || spec === null || !spec.saved) return;
  for (const field of spec.parts ?? []) {
    const parts = (state as { readonly [name: string]: unknown })[field] as Map<Key, unknown> | unknown[];
    const known = saved.parts.get(field) ?? new Map<Key, Uint8Array>();
    const there = new Set<Key>();
    for (const [key, value] of parts.entries()) {
      if (value === undefined) continue;
      there.add(key);
      if (!isSame(known.get(key), encodeState(value))) throw new Error(`sef: ${spec.name}: ${field}[${key}] has changed, and changed() was not told`);
    }
    for (const key of known.keys()) if (!there.has(key)) throw new Error(`sef: ${spec.name}: ${field}[${key}] is gone, and changed() was not told`);
  }
}
