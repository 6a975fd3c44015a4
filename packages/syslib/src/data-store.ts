import { CPF_READ, CPF_WRITE } from "@procyon-os/contract-kernel";
import {
  DS_MAX_KEYLEN, dsContract, DSF_INITIAL, DSF_OVERWRITE, DSF_TYPE_LABEL, DSF_TYPE_MEM, DSF_TYPE_STR, DSF_TYPE_U32,
} from "@procyon-os/contract-ds";
import { DS, ok, type Endpoint, type GrantId, type Program, type Result } from "@procyon-os/message";
import { allocate, free } from "./heap.ts";
import { grantDirect, revoke } from "./grants.ts";
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
