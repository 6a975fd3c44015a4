import { CPF_READ } from "@procyon-os/contract-kernel";
import type { Endpoint, GrantId, Program } from "@procyon-os/message";
import { allocate, asynsendCount, free, grantDirect, setGrantDirect, store } from "@procyon-os/syslib";
import { context, type SavedPart, type SavedPlace, type SefContext } from "./context.ts";
import type { ReadAhead } from "./fetch-saved.ts";
import { LogWriter, type Piece } from "./log-writer.ts";
import { BEGIN_BYTES, encodeHeader, HEADER_BYTES, nameNumber, type Key, type QueuedMessage } from "./saved-log.ts";
import { writeRest } from "./saved-rest.ts";
import type { Touched } from "./read-log.ts";
import type { StateSpec } from "./state-spec.ts";

// The state lies in the service's own memory (`saved-log.ts`), behind a grant with a number that every instance knows, made
// to the service's own endpoint: after the swap that is the endpoint of the instance that comes after. `saved.log` has the same bytes
// here: entries are compared with what was saved of them where they lie.
export const STATE_GRANT = 0 as GrantId;
const FIRST_ROOM = 2048;
/** So much can be read of any place, of services in C too. */
export const LEAST_AREA_BYTES = 4096;
const areaBytes = (room: number): number => HEADER_BYTES + 2 * room;
/** A log that fills more than this of its place when it is new gets a larger one, so that it is not written anew all the time. */
const FULL = 0.75;
const GROWTH = 1.5;
const MORE_BYTES = 12 * 1024;
/** The header must not lie across two pages: its store is done whole or not at all. */
const ALIGNMENT = 64;

type Parts = Map<Key, unknown> | unknown[];

/** The header of a log that begins at `start` and has so many bytes' room. */
function headerOf({ version, name }: StateSpec<unknown>, { start, room, begun }: Pick<SavedPlace, "start" | "room" | "begun">): Uint8Array {
  return encodeHeader({ version, start, room, begun, name: nameNumber(name) });
}

/** A header, and a log of so many bytes' room that has what is given, and zeros. */
function framed(spec: StateSpec<unknown>, room: number, { log, begun }: SavedPlace): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + room);
  bytes.set(headerOf(spec, { start: HEADER_BYTES, room, begun }));
  bytes.set(log.bytes.subarray(0, log.length), HEADER_BYTES);
  return bytes;
}

/** Makes the place for the state. Must come before any other grant of the instance. */
export function* prepareSavedState(spec: StateSpec<unknown>): Program<void> {
  const { saved, endpoint } = context();
  saved.address = yield* allocate(areaBytes(FIRST_ROOM), ALIGNMENT);
  saved.room = FIRST_ROOM;
  saved.start = HEADER_BYTES;
  saved.parts = (spec.parts ?? []).map((name: string, id) => ({ id, name, known: null, length: 0, changed: new Set<Key>() }));
  yield* store(saved.address, framed(spec, FIRST_ROOM, saved));
  saved.owner = endpoint;
  const grant = yield* grantDirect(endpoint, saved.address, areaBytes(FIRST_ROOM), CPF_READ);
  if (grant !== STATE_GRANT) throw new Error(`the state's grant has number ${grant}; sefStartup must come first`);
}

/**
 * Says that an entry of a field that is saved in parts may have changed, was added or was taken away. Cheap: the entry is
 * compared with what was saved last before anything is stored.
 */
export function changed(field: string, key: Key): void {
  const { parts } = context().saved;
  for (let id = 0; id < parts.length; id++) {
    const part = parts[id] as SavedPart;
    if (part.name === field) return void part.changed.add(key);
  }
}

function partsOf(state: unknown, { name }: SavedPart): Parts {
  const parts = (state as { readonly [name: string]: unknown })[name];
  if (parts instanceof Map || Array.isArray(parts)) return parts as Parts;
  throw new Error(`state.${name} is saved in parts, and so has to be a map or an array`);
}

const entryOf = (parts: Parts, key: Key): unknown => (parts instanceof Map ? parts.get(key) : parts[key as number]);
const lengthOf = (parts: Parts): number => (parts instanceof Map ? 0 : parts.length);

function writePart(saved: SavedPlace, part: SavedPart, parts: Parts): void {
  if (part.known === null || part.length !== lengthOf(parts)) {
    // All of it: the field is new, or its array has another length.
    part.known = new Map();
    part.length = lengthOf(parts);
    saved.log.field(part.id, part.name, Array.isArray(parts), part.length);
    part.changed.clear(); // a map's entries have its order
    for (const key of parts.keys()) part.changed.add(key);
  }
  if (part.changed.size === 0) return;
  for (const key of part.changed) writeEntry(saved, part.id, key, entryOf(parts, key), part.known);
  part.changed.clear();
}

function writeEntry({ log, shapes }: SavedPlace, id: number, key: Key, value: unknown, known: Map<Key, Piece>): void {
  if (value === undefined) {
    if (known.delete(key)) log.gone(id, key);
    return;
  }
  const before = log.length;
  const at = log.part(id, key, value, shapes);
  const length = log.length - at;
  const piece = known.get(key);
  // A map keeps the order in which keys came: one that was away in between comes last.
  if (piece === undefined) known.set(key, { at, length });
  else if (piece.length === length && log.isSame(piece.at, at, length)) log.length = before;
  else {
    piece.at = at;
    piece.length = length;
  }
}

/** The shapes that came with what was written, and are not in the log yet. */
function writeShapes({ log, shapes }: SavedPlace, from: number): number {
  for (let number = from; number < shapes.list.length; number++) log.shape(number, shapes.list[number] as readonly string[]);
  return shapes.list.length;
}

/** What goes out with the transaction, and what is still to be handled of what the instance before had begun; and its end. */
function finish(sef: SefContext, log: LogWriter, begun: number, queued: readonly QueuedMessage[]): void {
  for (const one of queued) log.send(one);
  if (sef.redo !== null) log.redo(sef.redo);
  log.end(begun, { received: sef.received, sent: asynsendCount(), tries: sef.redo === null ? 0 : sef.tries });
}

/**
 * Writes a transaction into the log, which is still to be stored: what has changed since the last one, and what goes out with it. False
 * where nothing has changed.
 * @param always even then
 */
function stage(sef: SefContext, spec: StateSpec<unknown>, queued: readonly QueuedMessage[], always: boolean): boolean {
  const { saved, state } = sef;
  const { log } = saved;
  const begun = log.begin();
  writeRest(saved, spec, state);
  for (let id = 0; id < saved.parts.length; id++) {
    const part = saved.parts[id] as SavedPart;
    writePart(saved, part, partsOf(state, part));
  }
  if (log.length === begun + BEGIN_BYTES && !always) {
    log.length = begun;
    return false;
  }
  saved.shapesWritten = writeShapes(saved, saved.shapesWritten);
  finish(sef, log, begun, queued);
  return true;
}

/** All of the state as it was saved last, as a log of its own. */
function renew(sef: SefContext, spec: StateSpec<unknown>, queued: readonly QueuedMessage[]): void {
  const { saved, state } = sef;
  const old = saved.log;
  const log = saved.spare;
  log.length = 0;
  saved.spare = old;
  saved.log = log;
  const begun = log.begin();
  writeShapes(saved, 0);
  saved.rest = null;
  writeRest(saved, spec, state);
  for (const part of saved.parts) {
    log.field(part.id, part.name, Array.isArray(partsOf(state, part)), part.length);
    for (const [key, piece] of part.known ?? []) piece.at = log.copy(part.id, key, old, piece);
  }
  finish(sef, log, begun, queued);
}

/** Writes everything anew, to where the log does not lie: what was there is valid until the header, or the grant, names the new one. */
function* rewrite(sef: SefContext, spec: StateSpec<unknown>, queued: readonly QueuedMessage[]): Program<void> {
  const { saved } = sef;
  renew(sef, spec, queued);
  saved.begun++;
  const { log } = saved;
  saved.stored = log.length;
  if (log.length > saved.room * FULL) return yield* moveTo(sef, spec);
  const { address, room } = saved;
  saved.start = saved.start === HEADER_BYTES ? HEADER_BYTES + room : HEADER_BYTES;
  log.grow(room);
  log.bytes.fill(0, log.length, room);
  yield* store(address + saved.start, log.bytes.subarray(0, room));
  yield* store(address, headerOf(spec, saved));
}

/**
 * Moves to a larger place.
 * @param owner who may read it
 */
function* moveTo(sef: SefContext, spec: StateSpec<unknown>, owner: Endpoint = sef.endpoint): Program<void> {
  const { saved } = sef;
  const room = Math.ceil((saved.log.length * GROWTH + MORE_BYTES) / ALIGNMENT) * ALIGNMENT;
  const address = yield* allocate(areaBytes(room), ALIGNMENT);
  saved.start = HEADER_BYTES;
  yield* store(address, framed(spec, room, saved));
  yield* setGrantDirect(STATE_GRANT, owner, address, areaBytes(room), CPF_READ);
  free(saved.address);
  saved.address = address;
  saved.room = room;
  saved.owner = owner;
}

/**
 * Saves a state that the running instance goes on changing, for a start: what a new version saves when it has its place is only what is
 * different then. Nobody reads it before that. Not where the state has other fields in parts than this version.
 */
export function* saveAhead(spec: StateSpec<unknown>, { preview: state, from, header }: ReadAhead): Program<boolean> {
  const sef = context();
  const { saved } = sef;
  const isWhole = (name: string): boolean => [Map, Array].some((kind) => (state as { readonly [name: string]: unknown })[name] instanceof kind);
  if (typeof state !== "object" || state === null || !(spec.parts ?? []).every(isWhole)) return false;
  sef.state = state;
  stage(sef, spec, [], true);
  saved.stored = saved.log.length;
  saved.begun = header.begun + 1;
  yield* moveTo(sef, spec, from); // where there is room for more; who comes after this one is where the running one is
  sef.state = null;
  return true;
}

/** What was saved ahead counts for nothing. */
export function forgetAhead(): void {
  for (const part of context().saved.parts) part.known = null;
}

/** Whether what was saved of a map's entries is in the order that they have: what went and came again is another one in that. */
function isInOrder(known: ReadonlyMap<Key, Piece>, parts: Parts): boolean {
  if (!(parts instanceof Map)) return true;
  const keys = parts.keys();
  for (const key of known.keys()) if (parts.has(key) && keys.next().value !== key) return false;
  return true;
}

/** Lets all entries be compared with what was saved of them. */
function compareAll(part: SavedPart, parts: Parts): void {
  const { known, changed } = part;
  if (known === null) return;
  if (!isInOrder(known, parts)) {
    part.known = null;
    return;
  }
  for (const key of known.keys()) changed.add(key);
  for (const key of parts.keys()) changed.add(key);
}

/**
 * Says which entries may not be as they were when the state was saved ahead; the rest of it is compared all the same.
 * @param since what the log of the instance before has said since then; null: nothing of it need be as it was
 * @param before the state as the instance before has left it
 * @param now the state that this one begins with
 */
export function noteSince(since: readonly Touched[] | null, before: unknown, now: unknown): void {
  const { saved } = context();
  for (const part of saved.parts) {
    if (since === null || partsOf(before, part) !== partsOf(now, part)) {
      compareAll(part, partsOf(now, part));
      continue;
    }
    const touched = since.filter(({ name }) => name === part.name);
    const gone = new Set(touched.flatMap(({ key, isGone }) => (key !== null && isGone ? [key] : [])));
    // What went and came again is another one in a map's order.
    const isNew = touched.some(({ key, isGone }) => key === null || (!isGone && gone.has(key)));
    if (isNew) part.known = null;
    for (const { key } of touched) if (key !== null) part.changed.add(key);
  }
}

/**
 * Saves the state for the first time: for the successor of an instance that may have changed places since it made the grant.
 * @param begun of the log that the instance before has left
 */
export function* saveFirst(queued: readonly QueuedMessage[], begun: number): Program<void> {
  const { spec, saved, endpoint } = context();
  if (spec?.saved === true && saved.begun <= begun) {
    saved.begun = begun + 1;
    yield* store(saved.address, headerOf(spec, saved));
  }
  yield* commit(queued, true);
  if (spec?.saved !== true || saved.owner === endpoint) return;
  saved.owner = endpoint;
  yield* setGrantDirect(STATE_GRANT, endpoint, saved.address, areaBytes(saved.room), CPF_READ);
}

/**
 * Saves the state together with messages that go out with it, as one transaction: where nothing in the state has changed,
 * nothing is stored, and the request counts as one that can be handled again.
 * @param always even where nothing of the state has changed
 */
export function* commit(queued: readonly QueuedMessage[], always = false): Program<void> {
  const sef = context();
  const { spec, saved } = sef;
  if (spec === null || !spec.saved || !stage(sef, spec, queued, always)) return;
  const { log } = saved;
  if (log.length > saved.room) return yield* rewrite(sef, spec, queued);
  const from = saved.stored;
  saved.stored = log.length;
  yield* store(saved.address + saved.start + from, log.bytes.subarray(from, log.length));
}

/** Saves the state, where it differs from what was saved last. */
export function* saveState(): Program<void> {
  yield* commit([]);
}
