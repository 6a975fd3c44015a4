import { DSF_IN_USE, DSF_MASK_INTERNAL, DSF_MASK_TYPE, DSF_OVERWRITE, DSF_PRIV_OVERWRITE, DSF_TYPE_LABEL, DSF_TYPE_MAP, DSF_TYPE_MEM, DSF_TYPE_STR, DSF_TYPE_U32 } from "@procyon-os/contract-ds";
import { fail, ok, RS, type Endpoint, type GrantId, type Program, type Result } from "@procyon-os/message";
import { readGrant } from "@procyon-os/syslib";
import type { DsHandlers } from "./handlers.ts";
import { copyFailure, readKey } from "./key.ts";
import { mapPublished } from "./map.ts";
import { entryChanged, findEntry, findLabel, labelOf, mayUse } from "./store.ts";
import { tellSubscribers } from "./subscribers.ts";

/** Longest value: what all of DS holds is copied to the instance that comes after a crash. */
const MAX_VALUE_BYTES = 256 * 1024;
const CHUNK = 16 * 1024;

function* readValue(caller: Endpoint, grant: GrantId, length: number): Program<Result<Uint8Array, "ENOMEM" | "EINVAL" | "EPERM" | "EFAULT">> {
  if (length > MAX_VALUE_BYTES) return fail("ENOMEM");
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += CHUNK) {
    const part = yield* readGrant(caller, grant, at, Math.min(CHUNK, length - at));
    if (!part.ok) return copyFailure(part);
    bytes.set(part.value, at);
  }
  return ok(bytes);
}

/** Stores a value. Order of the checks: reference/rs-sef-ds-syslib.md 4.2. */
export const publish: DsHandlers["publish"] = function* (store, caller, request) {
  const { flags } = request;
  const type = flags & DSF_MASK_TYPE;
  const owner = labelOf(store, caller);
  if (owner === null) return fail("EPERM");
  if ((flags & DSF_TYPE_LABEL) !== 0 && caller !== RS) return fail("EPERM");
  if ((flags & DSF_TYPE_MAP) !== 0 && (flags & DSF_OVERWRITE) !== 0) return fail("EINVAL");
  const key = yield* readKey(caller, request);
  if (!key.ok) return key;

  // A label is also found by what it stands for: overwriting it gives the process a new name.
  let slot = findEntry(store, key.value, type);
  if (slot < 0 && (flags & DSF_TYPE_LABEL) !== 0) slot = findLabel(store, request.value as Endpoint);
  const old = store.entries[slot] ?? null;
  if (old === null) {
    slot = store.entries.indexOf(null);
    if (slot < 0) return fail("ENOMEM");
  } else if ((flags & DSF_OVERWRITE) === 0) return fail("EEXIST");
  else if (!mayUse(store, old, caller, DSF_PRIV_OVERWRITE)) return fail("EPERM");

  if (type === DSF_TYPE_MAP) {
    const map = yield* mapPublished(caller, request.value as GrantId, request.valueLength);
    if (!map.ok) return map;
    store.entries[slot] = { key: key.value, flags: DSF_IN_USE | (flags & DSF_MASK_INTERNAL), owner, value: 0, bytes: new Uint8Array(0), map: map.value };
    entryChanged(slot);
    yield* tellSubscribers(store, slot, true);
    return ok({});
  }
  let bytes = new Uint8Array(0);
  if (type === DSF_TYPE_STR || type === DSF_TYPE_MEM) {
    if (type === DSF_TYPE_STR && request.valueLength === 0) return fail("EINVAL");
    const value = yield* readValue(caller, request.value as GrantId, request.valueLength);
    if (!value.ok) return value;
    bytes = new Uint8Array(value.value);
    if (type === DSF_TYPE_STR) bytes[bytes.length - 1] = 0;
  } else if (type !== DSF_TYPE_U32 && type !== DSF_TYPE_LABEL) return fail("EINVAL");

  const value = bytes.length > 0 ? 0 : request.value | 0;
  store.entries[slot] = { key: key.value, flags: DSF_IN_USE | (flags & DSF_MASK_INTERNAL), owner, value, bytes };
  entryChanged(slot);
  yield* tellSubscribers(store, slot, true);
  return ok({});
};
