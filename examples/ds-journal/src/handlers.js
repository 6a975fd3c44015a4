import {
  DSF_INITIAL, DSF_MASK_TYPE, DSF_OVERWRITE, DSF_PRIV_OVERWRITE, DSF_PRIV_RETRIEVE, DSF_PRIV_SUBSCRIBE, DSF_TYPE_LABEL, DSF_TYPE_MAP,
  DSF_TYPE_MEM, DSF_TYPE_STR, DSF_TYPE_U32, DS_MAX_KEYLEN,
} from "@procyon-os/contract-ds";
import { DS, fail, NONE, ok, RS } from "@procyon-os/message";
import { bytesText, notify, readGrant, textBytes, writeGrant } from "@procyon-os/syslib";

const MAX_BYTES = 64 * 1024;
const SIMPLE_TYPES = [DSF_TYPE_U32, DSF_TYPE_STR, DSF_TYPE_MEM, DSF_TYPE_LABEL];

const labelOf = (journal, endpoint) =>
  endpoint === DS ? "ds" : ([...journal.entries.values()].find(({ type, value }) => type === DSF_TYPE_LABEL && value === endpoint)?.key ?? null);
const endpointOf = (journal, label) => journal.find(label, DSF_TYPE_LABEL)?.value ?? NONE;
const mayUse = (journal, entry, caller, bit) => (entry.flags & bit) === 0 || entry.owner === labelOf(journal, caller);
const grantError = (error) => fail(error === "EFAULT" ? "EFAULT" : "EPERM");

function* readKey(caller, { key, keyLength }) {
  if (keyLength < 2 || keyLength > DS_MAX_KEYLEN) return fail("EINVAL");
  const bytes = yield* readGrant(caller, key, 0, keyLength);
  return bytes.ok ? ok(bytesText(bytes.value)) : grantError(bytes.error);
}

/** The one type of a request, or an error: mapped entries do not exist here, as in DS. */
function oneType(flags) {
  const type = flags & DSF_MASK_TYPE;
  if (type === DSF_TYPE_MAP) return fail("ENOSYS");
  return SIMPLE_TYPES.includes(type) ? ok(type) : fail("EINVAL");
}

/** Whether a pattern matches a key as a whole. The patterns of services are so simple that JavaScript's do. */
const matches = (pattern, key) => new RegExp(`^(?:${pattern})$`).test(key);

function* tell(journal, entry, added) {
  for (const subscription of journal.subscriptions.values()) {
    if ((subscription.types & entry.type) === 0 || !matches(subscription.pattern, entry.key)) continue;
    if (!mayUse(journal, entry, endpointOf(journal, subscription.owner), DSF_PRIV_SUBSCRIBE)) continue;
    const others = subscription.due.filter(([key, type]) => key !== entry.key || type !== entry.type);
    journal.subscribe({ ...subscription, due: added ? [...others, [entry.key, entry.type]] : others });
    yield* notify(endpointOf(journal, subscription.owner));
  }
}

function* publish(journal, caller, request) {
  const owner = labelOf(journal, caller);
  if (owner === null) return fail("EPERM");
  if ((request.flags & DSF_TYPE_LABEL) !== 0 && caller !== RS) return fail("EPERM");
  const type = oneType(request.flags);
  if (!type.ok) return type;
  const key = yield* readKey(caller, request);
  if (!key.ok) return key;
  // A label is found by what it stands for too: publishing it again gives the process a new name.
  const renamed = type.value === DSF_TYPE_LABEL ? labelOf(journal, request.value) : null;
  const old = journal.find(key.value, type.value) ?? (renamed === null ? null : journal.find(renamed, DSF_TYPE_LABEL));
  if (old !== null && (request.flags & DSF_OVERWRITE) === 0) return fail("EEXIST");
  if (old !== null && !mayUse(journal, old, caller, DSF_PRIV_OVERWRITE)) return fail("EPERM");
  let bytes = new Uint8Array(0);
  if (type.value === DSF_TYPE_STR || type.value === DSF_TYPE_MEM) {
    if (request.valueLength === 0) return fail("EINVAL");
    if (request.valueLength > MAX_BYTES) return fail("ENOMEM");
    const read = yield* readGrant(caller, request.value, 0, request.valueLength);
    if (!read.ok) return grantError(read.error);
    bytes = read.value.slice();
    if (type.value === DSF_TYPE_STR) bytes[bytes.length - 1] = 0;
  }
  if (old !== null) journal.remove(old);
  const entry = { key: key.value, type: type.value, flags: request.flags & 0xf, owner, value: request.value | 0, bytes };
  journal.put(entry);
  yield* tell(journal, entry, true);
  return ok({});
}

function* retrieve(journal, caller, request) {
  const type = oneType(request.flags);
  if (!type.ok) return type;
  const key = yield* readKey(caller, request);
  if (!key.ok) return key;
  const entry = journal.find(key.value, type.value);
  if (entry === null) return fail("ESRCH");
  if (!mayUse(journal, entry, caller, DSF_PRIV_RETRIEVE)) return fail("EPERM");
  if (type.value === DSF_TYPE_U32 || type.value === DSF_TYPE_LABEL) return ok({ value: entry.value >>> 0, valueLength: 0 });
  const length = Math.min(request.valueLength, entry.bytes.length);
  const written = yield* writeGrant(caller, request.value, 0, entry.bytes.subarray(0, length));
  return written.ok ? ok({ value: request.value, valueLength: length }) : grantError(written.error);
}

function* retrieveLabel(journal, caller, request) {
  const label = labelOf(journal, request.endpoint);
  if (label === null) return fail("ESRCH");
  const bytes = textBytes(label, true);
  const written = yield* writeGrant(caller, request.key, 0, bytes.subarray(0, Math.max(0, Math.min(bytes.length, request.keyLength))));
  return written.ok ? ok({}) : grantError(written.error);
}

function* remove(journal, caller, request) {
  const type = oneType(request.flags);
  if (!type.ok) return type;
  const key = yield* readKey(caller, request);
  if (!key.ok) return key;
  const entry = journal.find(key.value, type.value);
  if (entry === null) return fail("ESRCH");
  if (entry.owner !== labelOf(journal, caller)) return fail("EPERM");
  const gone = [entry];
  if (entry.type === DSF_TYPE_LABEL) {
    journal.unsubscribe(entry.key);
    gone.push(...[...journal.entries.values()].filter(({ owner, type }) => owner === entry.key && type !== DSF_TYPE_LABEL));
  }
  for (const one of gone) journal.remove(one);
  for (const one of gone) yield* tell(journal, one, false);
  return ok({});
}

function* subscribe(journal, caller, request) {
  const owner = labelOf(journal, caller);
  if (owner === null) return fail("ESRCH");
  const pattern = yield* readKey(caller, request);
  if (!pattern.ok) return pattern;
  try {
    matches(pattern.value, "");
  } catch {
    return fail("EINVAL");
  }
  if (journal.subscriptions.has(owner) && (request.flags & DSF_OVERWRITE) === 0) return fail("EEXIST");
  const types = request.flags & DSF_MASK_TYPE || DSF_MASK_TYPE;
  const seen = [...journal.entries.values()].filter(({ key, type }) => (type & types) !== 0 && matches(pattern.value, key));
  const due = (request.flags & DSF_INITIAL) === 0 ? [] : seen.map(({ key, type }) => [key, type]);
  journal.subscribe({ owner, pattern: pattern.value, types, due });
  if (due.length > 0) yield* notify(caller);
  return ok({});
}

function* check(journal, caller, request) {
  const owner = labelOf(journal, caller);
  const subscription = owner === null ? undefined : journal.subscriptions.get(owner);
  if (subscription === undefined) return fail("ESRCH");
  const [first] = subscription.due;
  if (first === undefined) return fail("ENOENT");
  const [key, type] = first;
  const bytes = textBytes(key, true);
  const written = yield* writeGrant(caller, request.key, 0, bytes.subarray(0, Math.max(0, Math.min(bytes.length, request.keyLength))));
  if (!written.ok) return grantError(written.error);
  journal.subscribe({ ...subscription, due: subscription.due.slice(1) });
  return ok({ flags: type, owner: endpointOf(journal, journal.find(key, type)?.owner ?? "") });
}

function* snapshot(_journal, caller, request) {
  const key = yield* readKey(caller, request);
  return key.ok ? fail("ENOSYS") : key;
}

function* getSysInfo() {
  return fail("EINVAL"); // there is no table of fixed records to copy
}

/** A handler for every call of the contract. */
export const handlers = { publish, retrieve, subscribe, check, delete: remove, snapshot, retrieveLabel, getSysInfo };
