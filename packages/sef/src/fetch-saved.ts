import type { Endpoint, Program } from "@procyon-os/message";
import { printf, readGrant } from "@procyon-os/syslib";
import { bytesNeeded, readLog, type LogContent } from "./read-log.ts";
import { decodeHeader, type LogHeader } from "./saved-log.ts";
import { LEAST_AREA_BYTES, STATE_GRANT } from "./saved-state.ts";
import { migrateState, type StateSpec } from "./state-spec.ts";

const PIECE_BYTES = 16 * 1024;

/** What an instance has left: its state, brought up to this version, and what it had to send. */
export interface Saved<S> extends Omit<LogContent, "state"> {
  readonly state: S;
}

/**
 * Reads the log in pieces, as far as it goes: an instance that has no state yet may have little memory, VM above all.
 * @param area what was read of the place already: the header and what follows
 */
function* readPieces(from: Endpoint, { start, room }: LogHeader, area: Uint8Array): Program<Uint8Array | null> {
  const bytes = new Uint8Array(room);
  const first = area.subarray(start, start + room);
  bytes.set(first);
  let have = first.length;
  while (Math.min(room, bytesNeeded(bytes, have)) > have) {
    const piece = yield* readGrant(from, STATE_GRANT, start + have, Math.min(PIECE_BYTES, room - have));
    if (!piece.ok) return null;
    bytes.set(piece.value, have);
    have += piece.value.length;
  }
  return bytes;
}

/** Gets what the instance before this one has saved, or why there is nothing: it has left none, or one that this version cannot read. */
export function* fetchSaved<S>(spec: StateSpec<S>, from: Endpoint): Program<Saved<S> | "none" | "no migration"> {
  const head = yield* readGrant(from, STATE_GRANT, 0, LEAST_AREA_BYTES);
  if (!head.ok) {
    yield* printf(`sef: ${spec.name}: no state from endpoint ${from}: ${head.error}\n`);
    return "none";
  }
  const header = decodeHeader(head.value);
  if (header === null) return "none";
  const bytes = yield* readPieces(from, header, head.value);
  const content = bytes === null ? null : readLog(bytes);
  if (content === null) return "none";
  const state = migrateState(spec, header.version, content.state);
  if (state !== null) return { ...content, state };
  yield* printf(`sef: ${spec.name}: no migration from state version ${header.version} to ${spec.version}\n`);
  return "no migration";
}
