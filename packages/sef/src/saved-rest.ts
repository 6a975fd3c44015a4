import type { SavedPlace } from "./context.ts";
import type { Piece } from "./log-writer.ts";
import type { StateSpec } from "./state-spec.ts";

// The fields that are not saved in parts are looked at for each request, so what they were last is here: a number or text as it is, of
// a list only whether it was empty, of anything else where its bytes lie in the log.

/** What was saved of one field. */
interface Field {
  readonly name: string;
  readonly inParts: boolean;
  /** A simple value, or EMPTY_…; UNKNOWN where `piece` has to be looked at. */
  value: unknown;
  readonly piece: Piece;
}
/** The fields in their order; or of a state that is no object, its piece. */
export type SavedRest = { readonly fields: readonly Field[] } | { readonly piece: Piece };

const UNKNOWN = { what: "unknown" };
const EMPTY_ARRAY = { what: "an empty array" };
const EMPTY_MAP = { what: "an empty map" };
const EMPTY_SET = { what: "an empty set" };

/** What to compare: equal for two values only where they are the same for whoever reads them. */
function simple(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.length === 0 ? EMPTY_ARRAY : UNKNOWN;
  if (value instanceof Map) return value.size === 0 ? EMPTY_MAP : UNKNOWN;
  return value instanceof Set && value.size === 0 ? EMPTY_SET : UNKNOWN;
}

type Fields = { readonly [name: string]: unknown };
const isFields = (state: unknown): state is Fields => typeof state === "object" && state !== null && Object.getPrototypeOf(state) === Object.prototype;

/** Writes the field where it is not what it was. */
function writeField({ log, shapes }: SavedPlace, field: Field, value: unknown): void {
  const now = simple(value);
  if (now !== UNKNOWN && Object.is(now, field.value)) return;
  const { piece } = field;
  const before = log.length;
  const at = log.named(field.name, value, shapes);
  const length = log.length - at;
  if (now === UNKNOWN && field.value === UNKNOWN && piece.length === length && log.isSame(piece.at, at, length)) {
    log.length = before;
    return;
  }
  field.value = now;
  piece.at = at;
  piece.length = length;
}

/** Writes what has changed; false where the state has other fields than before. */
function writeFields(saved: SavedPlace, fields: readonly Field[], state: Fields): boolean {
  let count = 0;
  for (const name in state) {
    const field = fields[count];
    if (field === undefined || field.name !== name) return false;
    count++;
    if (!field.inParts) writeField(saved, field, state[name]);
  }
  return count === fields.length;
}

function writeWhole({ log, shapes }: SavedPlace, state: unknown, piece: Piece): void {
  const before = log.length;
  const at = log.rest(state, shapes);
  const length = log.length - at;
  if (piece.length === length && log.isSame(piece.at, at, length)) log.length = before;
  else Object.assign(piece, { at, length });
}

/** Writes what has changed of the state but for its fields in parts. */
export function writeRest(saved: SavedPlace, spec: StateSpec<unknown>, state: unknown): void {
  const { rest, log } = saved;
  if (!isFields(state)) {
    const piece = rest !== null && "piece" in rest ? rest.piece : { at: 0, length: -1 };
    saved.rest = { piece };
    return writeWhole(saved, state, piece);
  }
  const before = log.length;
  if (rest !== null && "fields" in rest && writeFields(saved, rest.fields, state)) return;
  // Other fields than before: all of them, in their order.
  log.length = before;
  const parts: readonly string[] = spec.parts ?? [];
  const fields = Object.keys(state).map((name): Field => ({ name, inParts: parts.includes(name), value: {}, piece: { at: 0, length: -1 } }));
  saved.rest = { fields };
  log.rest({}, null);
  writeFields(saved, fields, state);
}
