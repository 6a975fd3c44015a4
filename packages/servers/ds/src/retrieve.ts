import { DSF_MASK_TYPE, DSF_PRIV_RETRIEVE, DSF_TYPE_LABEL, DSF_TYPE_MAP, DSF_TYPE_MEM, DSF_TYPE_STR, DSF_TYPE_U32, DSMF_COPY_MAPPED, DSMF_COPY_SNAPSHOT, DSMF_MAP_MAPPED } from "@procyon-os/contract-ds";
import { fail, ok, type Endpoint, type GrantId } from "@procyon-os/message";
import { load, writeGrant } from "@procyon-os/syslib";
import type { DsHandlers } from "./handlers.ts";
import { copyFailure, readKey, writeKey } from "./key.ts";
import { grantFor, snapshotOf } from "./map.ts";
import { entryChanged, findEntry, findLabel, mayUse, type Mapped } from "./store.ts";

const CHUNK = 16 * 1024;

/** Reads a value: a number in the reply, bytes into the caller's grant, as many as fit. */
export const retrieve: DsHandlers["retrieve"] = function* (store, caller, request) {
  const type = request.flags & DSF_MASK_TYPE;
  const key = yield* readKey(caller, request);
  if (!key.ok) return key;
  const slot = findEntry(store, key.value, type);
  const entry = store.entries[slot];
  if (entry === undefined || entry === null) return fail("ESRCH");
  if (!mayUse(store, entry, caller, DSF_PRIV_RETRIEVE)) return fail("EPERM");

  if (type === DSF_TYPE_U32 || type === DSF_TYPE_LABEL) return ok({ value: entry.value >>> 0, valueLength: request.valueLength });
  if (type === DSF_TYPE_MAP && entry.map !== undefined) {
    entryChanged(slot); // who maps it gets a grant
    return yield* retrieveMap(entry.map, caller, request);
  }
  if (type !== DSF_TYPE_STR && type !== DSF_TYPE_MEM) return fail("EINVAL");
  return yield* give(caller, request, entry.bytes);
};

type Wanted = Parameters<DsHandlers["retrieve"]>[2];

/** Copies as many bytes as fit into the caller's grant. */
function* give(caller: Endpoint, request: Wanted, bytes: Uint8Array): ReturnType<DsHandlers["retrieve"]> {
  const length = Math.min(request.valueLength, bytes.length);
  for (let at = 0; at < length; at += CHUNK) {
    const written = yield* writeGrant(caller, request.value as GrantId, at, bytes.subarray(at, Math.min(at + CHUNK, length)));
    if (!written.ok) return copyFailure(written);
  }
  return ok({ value: request.value, valueLength: length });
}

/** A mapped entry: its contents now, a snapshot, or a grant to map it. */
function* retrieveMap(map: Mapped, caller: Endpoint, request: Wanted): ReturnType<DsHandlers["retrieve"]> {
  switch (request.flags & (DSMF_MAP_MAPPED | DSMF_COPY_MAPPED | DSMF_COPY_SNAPSHOT)) {
    case DSMF_MAP_MAPPED: return ok({ value: yield* grantFor(map, caller), valueLength: map.length });
    case DSMF_COPY_MAPPED: return yield* give(caller, request, yield* load(map.address, map.length));
    case DSMF_COPY_SNAPSHOT: {
      const bytes = snapshotOf(map, request.snapshot);
      return bytes === null ? fail("EINVAL") : yield* give(caller, request, bytes);
    }
    default: return fail("EINVAL");
  }
}

/** The label of an endpoint. */
export const retrieveLabel: DsHandlers["retrieveLabel"] = function* (store, caller, request) {
  const entry = store.entries[findLabel(store, request.endpoint)];
  if (entry === undefined || entry === null) return fail("ESRCH");
  const written = yield* writeKey(caller, request.key, entry.key);
  if (!written.ok) return fail(written.error === "EINVAL" ? "EFAULT" : written.error);
  return ok({});
};
