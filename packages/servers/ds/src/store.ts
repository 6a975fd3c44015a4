import { DSF_TYPE_LABEL, NR_DS_KEYS, NR_DS_SUBS } from "@procyon-os/contract-ds";
import { DS, NONE, type Endpoint, type GrantId } from "@procyon-os/message";
import { changed, stateSpec } from "@procyon-os/sef";

/** Something stored. Key and type together are its name. */
export interface Entry {
  readonly key: string;
  readonly flags: number; // one DSF_TYPE and DSF_PRIV bits
  readonly owner: string; // a label
  readonly value: number; // of U32 and LABEL
  readonly bytes: Uint8Array; // of STR and MEM
  readonly map?: Mapped; // of MAP
}

/** Memory of a publisher that DS sees (reference/rs-sef-ds-syslib.md 4.3). */
export interface Mapped {
  readonly publisher: Endpoint;
  readonly grant: GrantId;
  readonly length: number; // whole pages
  address: number; // where this instance of DS has it
  snapshots: Uint8Array[]; // number n lies at n mod NR_DS_SNAPSHOT
  taken: number; // snapshots so far
  grants: { readonly to: Endpoint; readonly grant: GrantId }[]; // to those who map it from here
}

/** Whom to notify of what. One for each label. */
export interface Subscription {
  readonly owner: string; // a label
  readonly types: number; // DSF_TYPE bits
  readonly pattern: string; // a POSIX extended regular expression
  due: number[]; // slots of entries that the owner has not asked for yet, ascending
}

/** All of DS. Slots stay where they are: a subscription names entries by slot. */
export interface Store {
  readonly entries: (Entry | null)[];
  readonly subscriptions: (Subscription | null)[];
}

/** The state that survives a crash of DS. */
export const dsState = stateSpec<Store>({ name: "ds", version: 1, saved: true, once: true, parts: ["entries", "subscriptions"] });

/** Says that a slot has another entry, or that something in its entry has changed. */
export const entryChanged = (slot: number): void => changed("entries", slot);
/** The same for a subscription. */
export const subscriptionChanged = (slot: number): void => changed("subscriptions", slot);

/** Nothing stored. */
export function emptyStore(): Store {
  return { entries: Array(NR_DS_KEYS).fill(null), subscriptions: Array(NR_DS_SUBS).fill(null) };
}

/** The slot of the entry with this key and one of these types, or -1. */
export function findEntry(store: Store, key: string, types: number): number {
  return store.entries.findIndex((entry) => entry !== null && (entry.flags & types) !== 0 && entry.key === key);
}

/** The slot of the label that stands for an endpoint, or -1. */
export function findLabel(store: Store, endpoint: Endpoint): number {
  return store.entries.findIndex((entry) => entry !== null && (entry.flags & DSF_TYPE_LABEL) !== 0 && entry.value === endpoint);
}

/** The label of a process, by which it owns things; null for a process without one. */
export function labelOf(store: Store, endpoint: Endpoint): string | null {
  if (endpoint === DS) return "ds";
  return store.entries[findLabel(store, endpoint)]?.key ?? null;
}

/** The endpoint that a label stands for; NONE where there is no such label. */
export function endpointOf(store: Store, label: string): Endpoint {
  return (store.entries[findEntry(store, label, DSF_TYPE_LABEL)]?.value ?? NONE) as Endpoint;
}

/** Whether a process may do to an entry what one of its DSF_PRIV bits keeps for the owner. */
export function mayUse(store: Store, entry: Entry, caller: Endpoint, privateBit: number): boolean {
  return (entry.flags & privateBit) === 0 || entry.owner === labelOf(store, caller);
}

/** What is always true of a store; throws where it is not. For tests. */
export function checkStore(store: Store): void {
  const names = new Set<string>();
  for (const [slot, entry] of store.entries.entries()) {
    if (entry === null) continue;
    const name = `${entry.key}/${entry.flags & 0xff0}`;
    if (names.has(name)) throw new Error(`ds: slot ${slot}: a second ${name}`);
    names.add(name);
  }
  const owners = new Set<string>();
  for (const [slot, subscription] of store.subscriptions.entries()) {
    if (subscription === null) continue;
    if (owners.has(subscription.owner)) throw new Error(`ds: subscription ${slot}: a second one of ${subscription.owner}`);
    owners.add(subscription.owner);
    for (const due of subscription.due) if (store.entries[due] === null) throw new Error(`ds: subscription ${slot}: entry ${due} is due and gone`);
  }
}
