import { DSF_MASK_TYPE, DSF_PRIV_SUBSCRIBE } from "@procyon-os/contract-ds";
import { NONE, type Endpoint, type Program } from "@procyon-os/message";
import { notify } from "@procyon-os/syslib";
import { compileEre } from "./ere.ts";
import { endpointOf, mayUse, subscriptionChanged, type Store, type Subscription } from "./store.ts";

/** Whether an entry is one that a subscription asks for. */
export function matches(store: Store, subscription: Subscription, subscriber: Endpoint, slot: number): boolean {
  const entry = store.entries[slot];
  if (entry === null || entry === undefined || (entry.flags & subscription.types & DSF_MASK_TYPE) === 0) return false;
  if (!mayUse(store, entry, subscriber, DSF_PRIV_SUBSCRIBE)) return false;
  return compileEre(subscription.pattern)?.(entry.key) ?? false;
}

/**
 * Tells all subscribers of an entry: that it is new (`due`), or that it goes. One that goes is due no more, so its
 * subscriber is notified and finds nothing.
 */
export function* tellSubscribers(store: Store, slot: number, due: boolean): Program<void> {
  for (const [index, subscription] of store.subscriptions.entries()) {
    if (subscription === null) continue;
    const subscriber = endpointOf(store, subscription.owner);
    if (subscriber === NONE || !matches(store, subscription, subscriber, slot)) continue;
    const others = subscription.due.filter((one) => one !== slot);
    subscription.due = due ? [...others, slot].sort((a, b) => a - b) : others;
    subscriptionChanged(index);
    yield* notify(subscriber);
  }
}
