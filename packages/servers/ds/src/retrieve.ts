import { DSF_MASK_TYPE, DSF_PRIV_RETRIEVE, DSF_TYPE_LABEL, DSF_TYPE_MAP, DSF_TYPE_MEM, DSF_TYPE_STR, DSF_TYPE_U32 } from "@procyon-os/contract-ds";
import { fail, ok, type GrantId } from "@procyon-os/message";
import { writeGrant } from "@procyon-os/syslib";
import type { DsHandlers } from "./handlers.ts";
import { copyFailure, readKey, writeKey } from "./key.ts";
import { findEntry, findLabel, mayUse } from "./store.ts";

const CHUNK = 16 * 1024;

/** Reads a value: a number in the reply, bytes into the caller's grant, as many as fit. */
export const retrieve: DsHandlers["retrieve"] = function* (store, caller, request) {
  const type = request.flags & DSF_MASK_TYPE;
  const key = yield* readKey(caller, request);
  if (!key.ok) return key;
  if (type === DSF_TYPE_MAP) return fail("ENOSYS");
  const entry = store.entries[findEntry(store, key.value, type)];
  if (entry === undefined || entry === null) return fail("ESRCH");
  if (!mayUse(store, entry, caller, DSF_PRIV_RETRIEVE)) return fail("EPERM");

  if (type === DSF_TYPE_U32 || type === DSF_TYPE_LABEL) return ok({ value: entry.value >>> 0, valueLength: request.valueLength });
  if (type !== DSF_TYPE_STR && type !== DSF_TYPE_MEM) return fail("EINVAL");
  const length = Math.min(request.valueLength, entry.bytes.length);
  for (let at = 0; at < length; at += CHUNK) {
    const written = yield* writeGrant(caller, request.value as GrantId, at, entry.bytes.subarray(at, Math.min(at + CHUNK, length)));
    if (!written.ok) return copyFailure(written);
  }
  return ok({ value: request.value, valueLength: length });
};

/** The label of an endpoint. */
export const retrieveLabel: DsHandlers["retrieveLabel"] = function* (store, caller, request) {
  const entry = store.entries[findLabel(store, request.endpoint)];
  if (entry === undefined || entry === null) return fail("ESRCH");
  const written = yield* writeKey(caller, request.key, entry.key);
  if (!written.ok) return fail(written.error === "EINVAL" ? "EFAULT" : written.error);
  return ok({});
};
