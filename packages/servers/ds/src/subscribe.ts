import { DSF_INITIAL, DSF_MASK_TYPE, DSF_OVERWRITE } from "@procyon-os/contract-ds";
import { fail, ok } from "@procyon-os/message";
import { notify } from "@procyon-os/syslib";
import { compileEre } from "./ere.ts";
import type { DsHandlers } from "./handlers.ts";
import { readKey, writeKey } from "./key.ts";
import { endpointOf, labelOf, subscriptionChanged, type Subscription } from "./store.ts";
import { matches } from "./subscribers.ts";

/** Makes or replaces the caller's one subscription; a bad pattern leaves the old one as it is. */
export const subscribe: DsHandlers["subscribe"] = function* (store, caller, request) {
  const owner = labelOf(store, caller);
  if (owner === null) return fail("ESRCH");
  let slot = store.subscriptions.findIndex((one) => one?.owner === owner);
  if (slot >= 0 && (request.flags & DSF_OVERWRITE) === 0) return fail("EEXIST");
  if (slot < 0) slot = store.subscriptions.indexOf(null);
  if (slot < 0) return fail("EAGAIN");
  const pattern = yield* readKey(caller, request);
  if (!pattern.ok) return pattern;
  if (compileEre(pattern.value) === null) return fail("EINVAL");

  const types = request.flags & DSF_MASK_TYPE || DSF_MASK_TYPE;
  const subscription: Subscription = { owner, types, pattern: pattern.value, due: [] };
  store.subscriptions[slot] = subscription;
  subscriptionChanged(slot);
  if ((request.flags & DSF_INITIAL) === 0) return ok({});
  subscription.due = [...store.entries.keys()].filter((entry) => matches(store, subscription, caller, entry));
  if (subscription.due.length > 0) yield* notify(caller);
  return ok({});
};

/** Takes the first key that the caller's subscription is due. */
export const check: DsHandlers["check"] = function* (store, caller, request) {
  const owner = labelOf(store, caller);
  const own = store.subscriptions.findIndex((one) => one !== null && one.owner === owner);
  const subscription = store.subscriptions[own];
  if (owner === null || subscription === undefined || subscription === null) return fail("ESRCH");
  const slot = subscription.due[0];
  const entry = slot === undefined ? null : (store.entries[slot] ?? null);
  if (entry === null) return fail("ENOENT");
  const written = yield* writeKey(caller, request.key, entry.key);
  if (!written.ok) return fail(written.error === "EINVAL" ? "EFAULT" : written.error);

  subscription.due = subscription.due.slice(1);
  subscriptionChanged(own);
  return ok({ flags: entry.flags & DSF_MASK_TYPE, owner: endpointOf(store, entry.owner) });
};
