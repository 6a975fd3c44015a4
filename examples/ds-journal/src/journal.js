import { decodeMulti, encode } from "@msgpack/msgpack";

// The whole state is bytes: one MessagePack record for each change, oldest first. What is stored now is what comes out when
// the records are applied in order. From time to time the journal is written anew, with only what is still there.
const COMPACT_FACTOR = 4;

/** @typedef {{ key: string, type: number, flags: number, owner: string, value: number, bytes: Uint8Array }} Entry */
/** @typedef {{ owner: string, pattern: string, types: number, due: [string, number][] }} Subscription */

const idOf = (/** @type {string} */ key, /** @type {number} */ type) => `${type}/${key}`;

/** What is stored, with a journal behind it. `state` is what outlives this instance. */
export class Journal {
  /** @type {Map<string, Entry>} */ entries = new Map();
  /** @type {Map<string, Subscription>} */ subscriptions = new Map();
  records = 0;

  /** @param {{ bytes: Uint8Array }} state */
  constructor(state) {
    this.state = state;
    for (const record of decodeMulti(state.bytes)) this.#apply(/** @type {any} */ (record));
  }

  /** @param {string} key @param {number} types */
  find(key, types) {
    return [...this.entries.values()].find((entry) => entry.key === key && (entry.type & types) !== 0) ?? null;
  }

  /** @param {Entry} entry */
  put(entry) {
    this.#append(["put", entry]);
  }

  /** @param {Entry} entry */
  remove(entry) {
    this.#append(["remove", entry.key, entry.type]);
  }

  /** @param {Subscription} subscription */
  subscribe(subscription) {
    this.#append(["subscribe", subscription]);
  }

  /** @param {string} owner */
  unsubscribe(owner) {
    this.#append(["unsubscribe", owner]);
  }

  #append(/** @type {any[]} */ record) {
    this.#apply(record);
    const live = this.entries.size + this.subscriptions.size;
    if (this.records > 64 && this.records > live * COMPACT_FACTOR) return this.#compact();
    const bytes = encode(record);
    const joined = new Uint8Array(this.state.bytes.length + bytes.length);
    joined.set(this.state.bytes);
    joined.set(bytes, this.state.bytes.length);
    this.state.bytes = joined;
  }

  #compact() {
    const records = [
      ...[...this.entries.values()].map((entry) => ["put", entry]),
      ...[...this.subscriptions.values()].map((subscription) => ["subscribe", subscription]),
    ].map((record) => encode(record));
    const bytes = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const record of records) {
      bytes.set(record, at);
      at += record.length;
    }
    this.state.bytes = bytes;
    this.records = records.length;
  }

  #apply(/** @type {any[]} */ [what, ...rest]) {
    this.records++;
    if (what === "put") this.entries.set(idOf(rest[0].key, rest[0].type), { ...rest[0], bytes: Uint8Array.from(rest[0].bytes) });
    else if (what === "remove") this.entries.delete(idOf(rest[0], rest[1]));
    else if (what === "subscribe") this.subscriptions.set(rest[0].owner, rest[0]);
    else if (what === "unsubscribe") this.subscriptions.delete(rest[0]);
    else throw new Error(`ds-journal: a record of kind ${what}`);
  }
}
