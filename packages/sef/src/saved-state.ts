import { CPF_READ } from "@procyon-os/contract-kernel";
import type { Endpoint, GrantId, Program } from "@procyon-os/message";
import { allocate, free, grantDirect, printf, readGrant, setGrantDirect, store } from "@procyon-os/syslib";
import { context } from "./context.ts";
import { decodeState, encodeState } from "./state-codec.ts";
import { migrateState, type StateSpec } from "./state-spec.ts";

// The copy lies in the service's own memory, behind a grant with a number that every instance knows, made to the service's
// own endpoint: after the swap that is the endpoint of the instance that comes after.
//   0 magic   4 version   8 bytes of state   12 sequence   16 state (see `encodeState`)
const STATE_GRANT = 0 as GrantId;
const HEADER_BYTES = 16;
const MAGIC = 0x45544153; // "SATE"
const FIRST_ROOM = 4096;

function frameState(version: number, sequence: number, state: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + state.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, version, true);
  view.setUint32(8, state.length, true);
  view.setUint32(12, sequence, true);
  bytes.set(state, HEADER_BYTES);
  return bytes;
}

/** Makes the place for the copy. Must come before any other grant of the instance. */
export function* prepareSavedState(): Program<void> {
  const { saved, endpoint } = context();
  saved.address = yield* allocate(FIRST_ROOM);
  saved.room = FIRST_ROOM;
  saved.bytes = new Uint8Array(0);
  yield* store(saved.address, new Uint8Array(HEADER_BYTES));
  const grant = yield* grantDirect(endpoint, saved.address, FIRST_ROOM, CPF_READ);
  if (grant !== STATE_GRANT) throw new Error(`the state's grant has number ${grant}; sefStartup must come first`);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Takes the copy, where the state differs from the last one: between two requests, when it is consistent. */
export function* saveState(): Program<void> {
  const { spec, saved, state, endpoint } = context();
  if (spec === null || !spec.saved) return;
  const bytes = encodeState(state);
  if (sameBytes(bytes, saved.bytes)) return;
  const framed = frameState(spec.version, 0, bytes);
  if (framed.length > saved.room) {
    const room = framed.length * 2;
    const address = yield* allocate(room);
    yield* store(address, framed);
    yield* setGrantDirect(STATE_GRANT, endpoint, address, room, CPF_READ);
    free(saved.address);
    saved.address = address;
    saved.room = room;
  } else {
    yield* store(saved.address, framed);
  }
  saved.bytes = bytes.slice();
}

/** Gets the state of the instance before this one, brought up to this version; null where there is none to be had. */
export function* fetchState<S>(spec: StateSpec<S>, from: Endpoint): Program<S | null> {
  const header = yield* readGrant(from, STATE_GRANT, 0, HEADER_BYTES);
  if (!header.ok) {
    yield* printf(`sef: ${spec.name}: no state from endpoint ${from}: ${header.error}\n`);
    return null;
  }
  const view = new DataView(header.value.buffer, header.value.byteOffset, HEADER_BYTES);
  if (view.getUint32(0, true) !== MAGIC) return null;
  const body = yield* readGrant(from, STATE_GRANT, HEADER_BYTES, view.getUint32(8, true));
  if (!body.ok) return null;
  const version = view.getUint32(4, true);
  const state = migrateState(spec, version, decodeState(body.value));
  if (state === null) yield* printf(`sef: ${spec.name}: no migration from state version ${version} to ${spec.version}\n`);
  return state;
}
