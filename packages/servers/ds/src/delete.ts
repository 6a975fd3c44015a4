import { DSF_MASK_TYPE, DSF_PRIV_SNAPSHOT, DSF_TYPE_LABEL, DSF_TYPE_MAP, DSF_TYPE_MEM, DSF_TYPE_STR, DSF_TYPE_U32 } from "@procyon-os/contract-ds";
import { fail, ok, type Program } from "@procyon-os/message";
import type { DsHandlers } from "./handlers.ts";
import { readKey } from "./key.ts";
import { takeSnapshot, unmapPublished } from "./map.ts";
import { entryChanged, findEntry, labelOf, mayUse, subscriptionChanged, type Store } from "./store.ts";
import { tellSubscribers } from "./subscribers.ts";

/** The process with this label is gone: so are its subscription and what it published. */
function* deleteOwned(store: Store, label: string): Program<void> {
  for (const [slot, subscription] of store.subscriptions.entries()) {
    if (subscription?.owner !== label) continue;
    store.subscriptions[slot] = null;
    subscriptionChanged(slot);
  }
  for (const [slot, entry] of store.entries.entries()) {
    if (entry === null || entry.owner !== label) continue;
    yield* tellSubscribers(store, slot, false);
    store.entries[slot] = null;
    entryChanged(slot);
    if (entry.map !== undefined) yield* unmapPublished(entry.map);
  }
}

/** Deletes an entry of the caller (reference/rs-sef-ds-syslib.md 4.4). */
export const deleteEntry: DsHandlers["delete"] = function* (store, caller, request) {
  const type = request.flags & DSF_MASK_TYPE;
  const owner = labelOf(store, caller);
  if (owner === null) return fail("EPERM");
  const key = yield* readKey(caller, request);
  if (!key.ok) return key;
  const slot = findEntry(store, key.value, type);
  const entry = store.entries[slot];
  if (entry === undefined || entry === null) return fail("ESRCH");
  if (entry.owner !== owner) return fail("EPERM");
  if (![DSF_TYPE_U32, DSF_TYPE_STR, DSF_TYPE_MEM, DSF_TYPE_MAP, DSF_TYPE_LABEL].includes(type)) return fail("EINVAL");

  if (type === DSF_TYPE_LABEL) yield* deleteOwned(store, entry.key);
  yield* tellSubscribers(store, slot, false);
  store.entries[slot] = null;
  entryChanged(slot);
  if (entry.map !== undefined) yield* unmapPublished(entry.map);
  return ok({});
};

/** Takes a snapshot of a mapped entry; the last five are kept. */
export const snapshot: DsHandlers["snapshot"] = function* (store, caller, request) {
  const key = yield* readKey(caller, request);
  if (!key.ok) return key;
  const slot = findEntry(store, key.value, DSF_TYPE_MAP);
  const entry = store.entries[slot];
  if (entry?.map === undefined) return fail("ESRCH");
  if (!mayUse(store, entry, caller, DSF_PRIV_SNAPSHOT)) return fail("EPERM");
  entryChanged(slot);
  return ok({ snapshot: yield* takeSnapshot(entry.map) });
};
