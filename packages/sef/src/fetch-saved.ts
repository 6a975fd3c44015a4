import type { Endpoint, Program } from "@procyon-os/message";
import { printf, readGrant } from "@procyon-os/syslib";
import { bytesNeeded, LogReader, readLog, type LogContent, type Touched } from "./read-log.ts";
import { decodeHeader, HEADER_BYTES, type LogHeader } from "./saved-log.ts";
import { LEAST_AREA_BYTES, STATE_GRANT } from "./saved-state.ts";
import { migrateState, type StateSpec } from "./state-spec.ts";

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
  /** As it was then. */
  readonly state: unknown;
  /** What the log has said since. */
  readonly since: Touched[];
}

/**
 * Reads the log in pieces, as far as it goes: an instance that has no state yet may have little memory, VM above all.
 * @param bytes gets them: room for the whole log, of which the first `have` are there
 * @param from where a transaction begins, or would; those before are there
 */
function* readPieces(endpoint: Endpoint, { start, room }: LogHeader, bytes: Uint8Array, have: number, from: number, pieceBytes: number): Program<boolean> {
  let there = have;
  for (let most = pieceBytes; Math.min(room, bytesNeeded(bytes, there, from)) > there; most = PIECE_BYTES) {
    const piece = yield* readGrant(endpoint, STATE_GRANT, start + there, Math.min(most, room - there));
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

const isSame = (one: LogHeader, other: LogHeader | null): boolean => other !== null && one.begun === other.begun && one.start === other.start && one.room === other.room;

/**
 * Reads the state of the running instance, which goes on: null where that is not possible, or no use. It may be in the middle of
 * anything, so what was read counts only where the log is the same one afterwards.
 */
export function* readAhead<S>(spec: StateSpec<S>, from: Endpoint): Program<ReadAhead | null> {
  const header = yield* readHeader(from);
  if (header === null || header.begun === 0 || header.version !== spec.version) return null;
  const bytes = new Uint8Array(header.room);
  if (!(yield* readPieces(from, header, bytes, 0, 0, PIECE_BYTES)) || !isSame(header, yield* readHeader(from))) return null;
  const reader = new LogReader(bytes);
  const content = reader.read();
  return content === null ? null : { from, header, reader, state: content.state, since: [] };
}

/** What has come to the state since it was read ahead; null where another log was begun meanwhile. */
function* readFurther({ from, header, reader, state, since }: ReadAhead): Program<LogContent | null> {
  if (!isSame(header, yield* readHeader(from))) return null;
  reader.bytes.fill(0, reader.at); // may be half a transaction
  if (!(yield* readPieces(from, header, reader.bytes, reader.at, reader.at, TAIL_BYTES))) return null;
  return reader.readFurther(state, since);
}

/**
 * Gets what the instance before this one has saved, or why there is nothing: it has left none, or one that this version cannot read.
 * @param ahead what was read of it before, or null
 */
export function* fetchSaved<S>(spec: StateSpec<S>, from: Endpoint, ahead: ReadAhead | null): Program<Saved<S> | "none" | "no migration"> {
  const further = ahead === null ? null : yield* readFurther({ ...ahead, from });
  if (ahead !== null && further !== null) return { ...further, state: further.state as S, begun: ahead.header.begun, since: ahead.since };
  const head = yield* readGrant(from, STATE_GRANT, 0, LEAST_AREA_BYTES);
  if (!head.ok) {
    yield* printf(`sef: ${spec.name}: no state from endpoint ${from}: ${head.error}\n`);
    return "none";
  }
  const header = decodeHeader(head.value);
  if (header === null) return "none";
  const { start, room } = header;
  const bytes = new Uint8Array(room);
  const first = head.value.subarray(start, start + room);
  bytes.set(first);
  const content = (yield* readPieces(from, header, bytes, first.length, 0, PIECE_BYTES)) ? readLog(bytes) : null;
  if (content === null) return "none";
  const state = migrateState(spec, header.version, content.state);
  if (state !== null) return { ...content, state, begun: header.begun, since: null };
  yield* printf(`sef: ${spec.name}: no migration from state version ${header.version} to ${spec.version}\n`);
  return "no migration";
}
