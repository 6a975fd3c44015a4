import { CPF_MAP, CPF_READ, CPF_WRITE, SEG_D } from "@procyon-os/contract-kernel";
import {
  DS_MAX_KEYLEN, dsContract, DSF_INITIAL, DSF_OVERWRITE, DSF_TYPE_LABEL, DSF_TYPE_MEM, DSF_TYPE_STR, DSF_TYPE_U32,
  DSF_TYPE_MAP, DSMF_COPY_MAPPED, DSMF_COPY_SNAPSHOT, DSMF_MAP_MAPPED,
} from "@procyon-os/contract-ds";
import { DS, instanceLocal, ok, type Endpoint, type GrantId, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { allocate, free } from "./heap.ts";
import { grantDirect, revoke } from "./grants.ts";
import { kernel } from "./kernel.ts";
import { client, type Stubs } from "./stubs.ts";
import { bytesText, textBytes } from "./text.ts";
import { load, store } from "./trap.ts";

/** The calls of DS, as they are on the wire. */
export const ds: Stubs<typeof dsContract> = client(dsContract, DS);

/** Runs a call with bytes of ours granted to DS, and takes the grant back. */
function* withGrant<T>(bytes: Uint8Array, access: number, use: (grant: GrantId, address: number) => Program<T>): Program<T> {
  const address = yield* allocate(bytes.length);
  yield* store(address, bytes);
  const grant = yield* grantDirect(DS, address, bytes.length, access);
  const result = yield* use(grant, address);
  yield* revoke(grant);
  free(address);
  return result;
}

function* withKey<T>(key: string, use: (key: GrantId, keyLength: number) => Program<T>): Program<T> {
  const bytes = textBytes(key, true);
  return yield* withGrant(bytes, CPF_READ, (grant) => use(grant, bytes.length));
}

function* publishNumber(key: string, value: number, flags: number): Program<Result<unknown>> {
  return yield* withKey(key, (grant, keyLength) => ds.publish({ key: grant, keyLength, flags, value, valueLength: 0 }));
}
function* retrieveNumber(key: string, flags: number): Program<Result<number>> {
  const found = yield* withKey(key, (grant, keyLength) => ds.retrieve({ key: grant, keyLength, flags, value: 0, valueLength: 0, snapshot: 0 }));
  return found.ok ? ok(found.value.value) : found;
}
function* publishBytes(key: string, bytes: Uint8Array, flags: number): Program<Result<unknown>> {
  return yield* withGrant(bytes, CPF_READ, (value) =>
    withKey(key, (grant, keyLength) => ds.publish({ key: grant, keyLength, flags, value, valueLength: bytes.length })));
}
function* retrieveBytes(key: string, room: number, flags: number): Program<Result<Uint8Array>> {
  return yield* withGrant(new Uint8Array(room), CPF_WRITE, function* (value, address): Program<Result<Uint8Array>> {
    const found = yield* withKey(key, (grant, keyLength) => ds.retrieve({ key: grant, keyLength, flags, value, valueLength: room, snapshot: 0 }));
    return found.ok ? ok(yield* load(address, Math.min(room, found.value.valueLength))) : found;
  });
}
function* deleteKey(key: string, flags: number): Program<Result<unknown>> {
  return yield* withKey(key, (grant, keyLength) => ds.delete({ key: grant, keyLength, flags }));
}

/** Publishes a number under a key. `flags`: DSF_OVERWRITE and the DSF_PRIV bits. */
export const dsPublishU32 = (key: string, value: number, flags = 0): Program<Result<unknown>> => publishNumber(key, value, flags | DSF_TYPE_U32);
/** The number under a key; ESRCH where there is none. */
export const dsRetrieveU32 = (key: string): Program<Result<number>> => retrieveNumber(key, DSF_TYPE_U32);
export const dsDeleteU32 = (key: string): Program<Result<unknown>> => deleteKey(key, DSF_TYPE_U32);

/** Publishes the endpoint that a label stands for. RS only. */
export const dsPublishLabel = (label: string, endpoint: Endpoint, flags = DSF_OVERWRITE): Program<Result<unknown>> =>
  publishNumber(label, endpoint, flags | DSF_TYPE_LABEL);
/** The endpoint that a label stands for. */
export function* dsRetrieveLabelEndpoint(label: string): Program<Result<Endpoint>> {
  return (yield* retrieveNumber(label, DSF_TYPE_LABEL)) as Result<Endpoint>;
}
export const dsDeleteLabel = (label: string): Program<Result<unknown>> => deleteKey(label, DSF_TYPE_LABEL);
/** The label that stands for an endpoint. */
export function* dsRetrieveLabelName(endpoint: Endpoint): Program<Result<string>> {
  return yield* withGrant(new Uint8Array(DS_MAX_KEYLEN), CPF_WRITE, function* (key, address): Program<Result<string>> {
    const found = yield* ds.retrieveLabel({ key, keyLength: DS_MAX_KEYLEN, endpoint });
    return found.ok ? ok(bytesText(yield* load(address, DS_MAX_KEYLEN))) : found;
  });
}

export const dsPublishText = (key: string, text: string, flags = 0): Program<Result<unknown>> =>
  publishBytes(key, textBytes(text, true), flags | DSF_TYPE_STR);
export function* dsRetrieveText(key: string, room = 1024): Program<Result<string>> {
  const found = yield* retrieveBytes(key, room, DSF_TYPE_STR);
  return found.ok ? ok(bytesText(found.value)) : found;
}
export const dsDeleteText = (key: string): Program<Result<unknown>> => deleteKey(key, DSF_TYPE_STR);

export const dsPublishMemory = (key: string, bytes: Uint8Array, flags = 0): Program<Result<unknown>> =>
  publishBytes(key, bytes, flags | DSF_TYPE_MEM);
/** At most `room` bytes of the value under a key. */
export const dsRetrieveMemory = (key: string, room: number): Program<Result<Uint8Array>> => retrieveBytes(key, room, DSF_TYPE_MEM);
export const dsDeleteMemory = (key: string): Program<Result<unknown>> => deleteKey(key, DSF_TYPE_MEM);

/** Asks for a notification when a key matches a pattern (POSIX extended, as a whole) from now on; DSF_INITIAL: also what is there. */
export const dsSubscribe = (pattern: string, flags: number = DSF_INITIAL | DSF_OVERWRITE): Program<Result<unknown>> =>
  withKey(pattern, (grant, keyLength) => ds.subscribe({ key: grant, keyLength, flags }));

/** One key that the subscription is due: its name, type and owner; ENOENT when there is no more. */
export function* dsCheck(): Program<Result<{ key: string; type: number; owner: Endpoint }>> {
  return yield* withGrant(new Uint8Array(DS_MAX_KEYLEN), CPF_WRITE, function* (key, address): Program<Result<{ key: string; type: number; owner: Endpoint }>> {
    const due = yield* ds.check({ key, keyLength: DS_MAX_KEYLEN });
    if (!due.ok) return due;
    return ok({ key: bytesText(yield* load(address, DS_MAX_KEYLEN)), type: due.value.flags, owner: due.value.owner });
  });
}

// Grants behind mapped entries of ours: they live as long as the entry does.
const publishedMaps = instanceLocal<Map<string, GrantId>>("published maps", () => new Map());

/** Publishes whole pages of memory: DS and others see what is written there until the entry is deleted. */
export function* dsPublishMap(key: string, address: VirtAddr | number, length: number, flags = 0): Program<Result<unknown>> {
  const value = yield* grantDirect(DS, address, length, CPF_READ | CPF_MAP);
  const published = yield* withKey(key, (grant, keyLength) => ds.publish({ key: grant, keyLength, flags: flags | DSF_TYPE_MAP, value, valueLength: length }));
  if (published.ok) publishedMaps().set(key, value);
  else yield* revoke(value);
  return published;
}

/** Takes a snapshot of a mapped entry: its number. DS keeps the last five. */
export function* dsSnapshotMap(key: string): Program<Result<number>> {
  const taken = yield* withKey(key, (grant, keyLength) => ds.snapshot({ key: grant, keyLength, flags: DSF_TYPE_MAP }));
  return taken.ok ? ok(taken.value.snapshot) : taken;
}

/** Copies a mapped entry as it is now, or one of its last five snapshots. */
export function* dsCopyMap(key: string, room: number, snapshot: number | null = null): Program<Result<Uint8Array>> {
  const flags = DSF_TYPE_MAP | (snapshot === null ? DSMF_COPY_MAPPED : DSMF_COPY_SNAPSHOT);
  return yield* withGrant(new Uint8Array(room), CPF_WRITE, function* (value, address): Program<Result<Uint8Array>> {
    const found = yield* withKey(key, (grant, keyLength) => ds.retrieve({ key: grant, keyLength, flags, value, valueLength: room, snapshot: snapshot ?? 0 }));
    return found.ok ? ok(yield* load(address, Math.min(room, found.value.valueLength))) : found;
  });
}

/** Maps an entry over whole pages of the caller, to be read: how many bytes. */
export function* dsRetrieveMap(key: string, address: VirtAddr | number, length: number): Program<Result<number>> {
  const found = yield* withKey(key, (grant, keyLength) =>
    ds.retrieve({ key: grant, keyLength, flags: DSF_TYPE_MAP | DSMF_MAP_MAPPED, value: 0, valueLength: length, snapshot: 0 }));
  if (!found.ok) return found;
  const bytes = Math.min(length, found.value.valueLength) & ~4095;
  const grant = found.value.value as GrantId;
  const mapped = yield* kernel.safemap({ granter: DS, grant, offset: 0, segment: SEG_D, address: address as VirtAddr, bytes, writable: false });
  return mapped.ok ? ok(bytes) : mapped;
}

/** Deletes a mapped entry of ours and takes the memory back: whoever saw it keeps a copy of what was there. */
export function* dsDeleteMap(key: string): Program<Result<unknown>> {
  const deleted = yield* deleteKey(key, DSF_TYPE_MAP);
  const grant = publishedMaps().get(key);
  if (!deleted.ok || grant === undefined) return deleted;
  publishedMaps().delete(key);
  return yield* revoke(grant);
}
