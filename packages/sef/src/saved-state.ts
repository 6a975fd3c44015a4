import { CPF_READ } from "@procyon-os/contract-kernel";
import type { Endpoint, GrantId, Program } from "@procyon-os/message";
import { allocate, asynsendCount, free, grantDirect, printf, readGrant, setGrantDirect, store } from "@procyon-os/syslib";
import { context, type SefContext } from "./context.ts";
import {
  decodeHeader, encodeHeader, HEADER_BYTES, LogWriter, readLog, type Key, type LogContent, type LogHeader, type Pending, type QueuedMessage,
} from "./saved-log.ts";
import { encodeForNow } from "./state-codec.ts";
import { migrateState, type StateSpec } from "./state-spec.ts";

// The state lies in the service's own memory (`saved-log.ts`), behind a grant with a number that every instance knows, made
// to the service's own endpoint: after the swap that is the endpoint of the instance that comes after. A transaction is
// there when the header says so, which is one store.
export const STATE_GRANT = 0 as GrantId;
const FIRST_ROOM = 2048;
const areaBytes = (room: number): number => HEADER_BYTES + 2 * room;
/** A log that fills more than this of its place when it is new gets a larger one, so that it is not written anew all the time. */
const FULL = 0.75;
const GROWTH = 1.5;
/** The header must not lie across two pages: its store is done whole or not at all. */
const ALIGNMENT = 64;
const PIECE_BYTES = 16 * 1024;

type Fields = { readonly [name: string]: unknown };
type Parts = Map<Key, unknown> | unknown[];
const NO_PARTS: readonly string[] = [];

/** Makes the place for the state. Must come before any other grant of the instance. */
export function* prepareSavedState(): Program<void> {
  const { saved, endpoint } = context();
  saved.address = yield* allocate(areaBytes(FIRST_ROOM), ALIGNMENT);
  saved.room = FIRST_ROOM;
  saved.start = HEADER_BYTES;
  yield* store(saved.address, new Uint8Array(HEADER_BYTES));
  const grant = yield* grantDirect(endpoint, saved.address, areaBytes(FIRST_ROOM), CPF_READ);
  if (grant !== STATE_GRANT) throw new Error(`the state's grant has number ${grant}; sefStartup must come first`);
}

/**
 * Says that an entry of a field that is saved in parts may have changed, was added or was taken away. Cheap: the entry is
 * compared with what was saved last before anything is stored.
 */
export function changed(field: string, key: Key): void {
  const { saved } = context();
  let keys = saved.changed.get(field);
  if (keys === undefined) saved.changed.set(field, (keys = new Set()));
  keys.add(key);
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  if (a === undefined || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function encodeRest(spec: StateSpec<unknown>, state: unknown): Uint8Array {
  const parts = spec.parts ?? NO_PARTS;
  if (parts.length === 0) return encodeForNow(state);
  const rest: { [name: string]: unknown } = {};
  for (const name in state as Fields) if (!parts.includes(name)) rest[name] = (state as Fields)[name]; // for every request: no list of pairs
  return encodeForNow(rest);
}

function partsOf(state: unknown, field: string): Parts {
  const parts = (state as Fields)[field];
  if (parts instanceof Map || Array.isArray(parts)) return parts as Parts;
  throw new Error(`state.${field} is saved in parts, and so has to be a map or an array`);
}

const entryOf = (parts: Parts, key: Key): unknown => (parts instanceof Map ? parts.get(key) : parts[key as number]);

/** Adds what has changed since the last transaction to the log, and remembers it; false where nothing has. */
function writeChanges(sef: SefContext, spec: StateSpec<unknown>, log: LogWriter): boolean {
  const { saved, state } = sef;
  const before = log.length;
  const rest = encodeRest(spec, state);
  if (!sameBytes(saved.rest, rest)) {
    saved.rest = rest.slice();
    log.rest(saved.rest);
  }
  for (const field of spec.parts ?? NO_PARTS) {
    const parts = partsOf(state, field);
    let known = saved.parts.get(field);
    if (known === undefined || (Array.isArray(parts) && saved.lengths.get(field) !== parts.length)) {
      // All of it: the field is new, or its array has another length.
      known = new Map();
      saved.parts.set(field, known);
      saved.lengths.set(field, Array.isArray(parts) ? parts.length : 0);
      log.field(field, Array.isArray(parts), Array.isArray(parts) ? parts.length : 0);
      for (const key of parts instanceof Map ? parts.keys() : parts.keys()) changed(field, key);
    }
    for (const key of saved.changed.get(field) ?? []) writeEntry(log, field, key, entryOf(parts, key), known);
    saved.changed.delete(field);
  }
  return log.length > before;
}

function writeEntry(log: LogWriter, field: string, key: Key, value: unknown, known: Map<Key, Uint8Array>): void {
  if (value === undefined) {
    if (known.delete(key)) log.gone(field, key);
    return;
  }
  const bytes = encodeForNow(value);
  if (sameBytes(known.get(key), bytes)) return;
  const copy = bytes.slice();
  // A map keeps the order in which keys came: one that was away in between comes last.
  known.set(key, copy);
  log.part(field, key, copy);
}

/** All of the state as it was saved last, as a log of its own. */
function writeAll(sef: SefContext, spec: StateSpec<unknown>, log: LogWriter): void {
  const { saved } = sef;
  log.rest(saved.rest);
  for (const field of spec.parts ?? NO_PARTS) {
    log.field(field, Array.isArray(partsOf(sef.state, field)), saved.lengths.get(field) ?? 0);
    for (const [key, bytes] of saved.parts.get(field) ?? []) log.part(field, key, bytes);
  }
}

/** What goes out with the transaction, and what is still to be handled of what the instance before had begun. */
function writeQueue(log: LogWriter, queued: readonly QueuedMessage[], redo: Pending | null): void {
  for (const one of queued) log.send(one);
  if (redo !== null) log.redo(redo);
}

function header(sef: SefContext, spec: StateSpec<unknown>): Uint8Array {
  const { length, start } = sef.saved;
  return encodeHeader({ version: spec.version, bytes: length, received: sef.received, sent: asynsendCount(), tries: sef.redo === null ? 0 : sef.tries, start });
}

/** Writes everything anew, to where the log does not lie: what was there is valid until the header, or the grant, names the new one. */
function* rewrite(sef: SefContext, spec: StateSpec<unknown>, queued: readonly QueuedMessage[]): Program<void> {
  const { saved } = sef;
  const log = new LogWriter();
  writeAll(sef, spec, log);
  log.begin();
  writeQueue(log, queued, sef.redo);
  saved.length = log.length;
  if (log.length > saved.room * FULL) return yield* moveTo(sef, spec, log);
  saved.start = saved.start === HEADER_BYTES ? HEADER_BYTES + saved.room : HEADER_BYTES;
  yield* store(saved.address + saved.start, log.taken());
  yield* store(saved.address, header(sef, spec));
}

/** Moves to a larger place. */
function* moveTo(sef: SefContext, spec: StateSpec<unknown>, log: LogWriter): Program<void> {
  const { saved, endpoint } = sef;
  const room = Math.ceil((log.length * GROWTH) / ALIGNMENT) * ALIGNMENT;
  const address = yield* allocate(areaBytes(room), ALIGNMENT);
  saved.start = HEADER_BYTES;
  const framed = new Uint8Array(HEADER_BYTES + log.length);
  framed.set(header(sef, spec));
  framed.set(log.taken(), HEADER_BYTES);
  yield* store(address, framed);
  yield* setGrantDirect(STATE_GRANT, endpoint, address, areaBytes(room), CPF_READ);
  free(saved.address);
  saved.address = address;
  saved.room = room;
}

/** What else a transaction may hold. */
interface Transaction {
  /** Even where nothing of the state has changed. */
  readonly always?: boolean;
}

/**
 * Saves the state together with messages that go out with it, as one transaction: where nothing in the state has changed,
 * nothing is stored, and the request counts as one that can be handled again.
 */
export function* commit(queued: readonly QueuedMessage[], more: Transaction = {}): Program<void> {
  const sef = context();
  const { spec, saved } = sef;
  if (spec === null || !spec.saved) return;
  const { log } = saved;
  log.clear();
  log.begin();
  if (!writeChanges(sef, spec, log) && more.always !== true) return;
  writeQueue(log, queued, sef.redo);
  if (saved.length + log.length > saved.room) return yield* rewrite(sef, spec, queued);
  yield* store(saved.address + saved.start + saved.length, log.taken());
  saved.length += log.length;
  yield* store(saved.address, header(sef, spec));
}

/** Saves the state, where it differs from what was saved last. */
export function* saveState(): Program<void> {
  yield* commit([]);
}

/** What an instance has left: its state, brought up to this version, and what it had to send. */
export interface Saved<S> extends Omit<LogContent, "state"> {
  readonly header: LogHeader;
  readonly state: S;
}

/** Reads the log in pieces: an instance that has no state yet may have little memory, VM above all. */
function* readPieces(from: Endpoint, start: number, length: number): Program<Uint8Array | null> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; done += PIECE_BYTES) {
    const piece = yield* readGrant(from, STATE_GRANT, start + done, Math.min(PIECE_BYTES, length - done));
    if (!piece.ok) return null;
    bytes.set(piece.value, done);
  }
  return bytes;
}

/** Gets what the instance before this one has saved, or why there is nothing: it has left none, or one that this version cannot read. */
export function* fetchSaved<S>(spec: StateSpec<S>, from: Endpoint): Program<Saved<S> | "none" | "no migration"> {
  const head = yield* readGrant(from, STATE_GRANT, 0, HEADER_BYTES);
  if (!head.ok) {
    yield* printf(`sef: ${spec.name}: no state from endpoint ${from}: ${head.error}\n`);
    return "none";
  }
  const header = decodeHeader(head.value);
  if (header === null) return "none";
  const body = yield* readPieces(from, header.start, header.bytes);
  if (body === null) return "none";
  const { state: left, queued, redo } = readLog(body);
  const state = migrateState(spec, header.version, left);
  if (state !== null) return { header, state, queued, redo };
  yield* printf(`sef: ${spec.name}: no migration from state version ${header.version} to ${spec.version}\n`);
  return "no migration";
}
