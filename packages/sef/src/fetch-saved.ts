import { safecopyElement } from "@procyon-os/contract-kernel";
import { SELF, type Endpoint, type Program, type VirtAddr } from "@procyon-os/message";
import { allocate, kernel, load, printf, readGrant, store } from "@procyon-os/syslib";
import { context } from "./context.ts";
import { bytesNeeded, LogReader, readLog, type LogContent, type Touched } from "./read-log.ts";
import { decodeHeader, HEADER_BYTES, nameNumber, type LogHeader } from "./saved-log.ts";
import { LEAST_AREA_BYTES, STATE_GRANT } from "./saved-state.ts";
import { canMigrate, migrateState, type StateSpec } from "./state-spec.ts";

const PIECE_BYTES = 16 * 1024;
/** What is logged while a new version stands by is mostly less. */
const TAIL_BYTES = 1024;

/** What an instance has left: its state, brought up to this version, and what it had to send. */
export interface Saved<S> extends Omit<LogContent, "state"> {
  readonly state: S;
  /** See `LogHeader`. */
  readonly begun: number;
  /** What the log has said since the state was read ahead; null where that is of no use. */
  readonly since: readonly Touched[] | null;
}

/** What a new version has read of the state while the running one serves. */
export interface ReadAhead {
  readonly from: Endpoint;
  readonly header: LogHeader;
  readonly reader: LogReader;
  /** As it was then, and as the running version has it. */
  readonly state: unknown;
  /** The same as this version has it: another copy where a migration makes it, since that may change what it gets. */
  readonly preview: unknown;
  /** Messages that the running instance had received. */
  readonly received: number;
  /** What the log has said since. */
  readonly since: Touched[];
  readonly tail: Tail;
}

/** One kernel call that reads the header and the next bytes of the log; what it is told lies in memory already. */
interface Tail {
  readonly from: Endpoint;
  readonly vector: VirtAddr;
  /** Where the header comes to, and behind it so many bytes of the log. */
  readonly address: VirtAddr;
  readonly bytes: number;
}

/**
 * Reads the log in pieces, as far as it goes: an instance that has no state yet may have little memory, VM above all.
 * @param bytes gets them: room for the whole log, of which the first `have` are there
 * @param from where a transaction begins, or would; those before are there
 */
function* readPieces(endpoint: Endpoint, { start, room }: LogHeader, bytes: Uint8Array, have: number, from: number): Program<boolean> {
  let there = have;
  while (Math.min(room, bytesNeeded(bytes, there, from)) > there) {
    const piece = yield* readGrant(endpoint, STATE_GRANT, start + there, Math.min(PIECE_BYTES, room - there));
    if (!piece.ok) return false;
    bytes.set(piece.value, there);
    there += piece.value.length;
  }
  return true;
}

function* readHeader(from: Endpoint): Program<LogHeader | null> {
  const head = yield* readGrant(from, STATE_GRANT, 0, HEADER_BYTES);
  return head.ok ? decodeHeader(head.value) : null;
}

/** Whether the state that is there is one of these. A library that knows no names tells none. */
const isOfSpec = <S>({ name }: LogHeader, spec: StateSpec<S>): boolean => name === 0 || name === nameNumber(spec.name);

const isSame = (one: LogHeader, other: LogHeader | null): boolean => other !== null && one.begun === other.begun && one.start === other.start && one.room === other.room;

/** @param from where the instance before will be */
function* prepareTail({ start, room }: LogHeader, at: number, from: Endpoint): Program<Tail> {
  const bytes = Math.min(TAIL_BYTES, room - at);
  const vector = yield* allocate(2 * safecopyElement.bytes + HEADER_BYTES + bytes);
  const address = (vector + 2 * safecopyElement.bytes) as VirtAddr;
  const one = { from, to: SELF, grant: STATE_GRANT };
  yield* store(vector, safecopyElement.encode({ ...one, offset: 0, address, bytes: HEADER_BYTES }));
  yield* store(vector + safecopyElement.bytes, safecopyElement.encode({ ...one, offset: start + at, address: address + HEADER_BYTES, bytes }));
  return { from, vector, address, bytes };
}

/** The header, and the next bytes of the log; null where they cannot be had. */
function* readTail({ vector, address, bytes }: Tail): Program<{ header: LogHeader | null; next: Uint8Array } | null> {
  const copied = yield* kernel.vsafecopy({ vector, elements: bytes === 0 ? 1 : 2 });
  if (!copied.ok) return null;
  const all = yield* load(address, HEADER_BYTES + bytes);
  return { header: decodeHeader(all), next: all.subarray(HEADER_BYTES) };
}

/**
 * Reads the state of the running instance, which goes on: null where that is not possible, or no use. It may be in the middle of
 * anything, so what was read counts only where the log is the same one afterwards.
 */
export function* readAhead<S>(spec: StateSpec<S>, from: Endpoint): Program<ReadAhead | null> {
  const header = yield* readHeader(from);
  if (header === null || header.begun === 0 || !isOfSpec(header, spec) || !canMigrate(spec, header.version)) return null;
  const bytes = new Uint8Array(header.room);
  if (!(yield* readPieces(from, header, bytes, 0, 0)) || !isSame(header, yield* readHeader(from))) return null;
  const reader = new LogReader(bytes);
  const content = reader.read();
  if (content === null) return null;
  const preview = header.version === spec.version ? content.state : migrateState(spec, header.version, reader.read()?.state);
  return { from, header, reader, state: content.state, preview, received: content.received, since: [], tail: yield* prepareTail(header, reader.at, context().endpoint) };
}

/** What has come to the state since it was read ahead; null where another log was begun meanwhile. */
function* readFurther({ header, reader, state, since, tail }: ReadAhead): Program<LogContent | null> {
  const read = yield* readTail(tail);
  if (read === null || !isSame(header, read.header)) return null;
  const { bytes, at } = reader;
  bytes.fill(0, at); // may be half a transaction
  bytes.set(read.next, at);
  if (!(yield* readPieces(tail.from, header, bytes, at + tail.bytes, at))) return null;
  return reader.readFurther(state, since);
}

/**
 * Gets what the instance before this one has saved, or why there is nothing: it has left none, or one that this version cannot read, since it is older,
 * newer or another service's.
 * @param ahead what was read of it before, or null
 */
export function* fetchSaved<S>(spec: StateSpec<S>, from: Endpoint, ahead: ReadAhead | null): Program<Saved<S> | "none" | "no migration"> {
  const further = ahead === null || ahead.tail.from !== from ? null : yield* readFurther(ahead);
  if (ahead !== null && further !== null) {
    const { begun, version } = ahead.header;
    if (version === spec.version) return { ...further, state: further.state as S, begun, since: ahead.since };
    return { ...further, state: migrateState(spec, version, further.state) as S, begun, since: null };
  }
  const head = yield* readGrant(from, STATE_GRANT, 0, LEAST_AREA_BYTES);
  if (!head.ok) {
    yield* printf(`sef: ${spec.name}: no state from endpoint ${from}: ${head.error}\n`);
    return "none";
  }
  const header = decodeHeader(head.value);
  if (header === null) return "none";
  if (!isOfSpec(header, spec)) {
    yield* printf(`sef: ${spec.name}: what is there is the state of another service\n`);
    return "no migration";
  }
  const { start, room } = header;
  const bytes = new Uint8Array(room);
  const first = head.value.subarray(start, start + room);
  bytes.set(first);
  const content = (yield* readPieces(from, header, bytes, first.length, 0)) ? readLog(bytes) : null;
  if (content === null) return "none";
  const state = migrateState(spec, header.version, content.state);
  if (state !== null) return { ...content, state, begun: header.begun, since: null };
  yield* printf(`sef: ${spec.name}: no migration from state version ${header.version} to ${spec.version}\n`);
  return "no migration";
}
