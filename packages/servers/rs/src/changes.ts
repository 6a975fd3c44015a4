import { instanceLocal } from "@procyon-os/message";
import { changed } from "@procyon-os/sef";
import type { RsState } from "./rs-state.ts";
import type { Service } from "./service.ts";

// Entries change in many places, and tasks hold them while they wait. So what has changed is found by looking: the values of
// an entry's fields are never changed in place, so that it is enough to compare them, one by one, with those of before.
const before = instanceLocal<{ entries: (unknown[] | null)[]; images: Set<number> }>("rs entries", () => ({ entries: [], images: new Set() }));

function isSame(old: unknown[] | null, service: Service | null): boolean {
  if (old === null || service === null) return old === service;
  let index = 0;
  for (const field in service) if (old[index++] !== service[field as keyof Service]) return false; // each entry, each round: no second search by name
  return true;
}

/** Tells SEF which entries have changed. To be called after whatever may have changed some, before the next receive. */
export function noteChanges(state: RsState): void {
  const known = before();
  state.services.forEach((service, index) => {
    if (isSame(known.entries[index] ?? null, service)) return;
    changed("services", index);
    known.entries[index] = service === null ? null : Object.values(service);
  });
  for (const key of new Set([...known.images, ...state.images.keys()])) {
    if (known.images.has(key) === state.images.has(key)) continue;
    changed("images", key);
    if (state.images.has(key)) known.images.add(key);
    else known.images.delete(key);
  }
}
