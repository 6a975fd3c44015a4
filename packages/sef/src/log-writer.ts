import { GrowingBytes } from "./growing-bytes.ts";
import {
  BEGIN, BEGIN_BYTES, END, FIELD, GONE, howToSend, PART, REDO, REST, SEND_RECORD, SHAPE, VALUE, type Counts, type Key, type Pending, type QueuedMessage,
} from "./saved-log.ts";
import type { Shapes } from "./shapes.ts";
import { writeChecked, writeText } from "./state-codec.ts";

/** A value as it lies in the log. */
export interface Piece {
  at: number;
  length: number;
}

/** Transactions, one after another (`saved-log.ts`): what lies in the service's memory, once more. */
export class LogWriter extends GrowingBytes {
  constructor() {
    super(1024);
  }

  /** Begins a transaction; `end` gives it its counts. */
  begin(): number {
    const at = this.room(BEGIN_BYTES);
    this.bytes[at] = BEGIN;
    return at;
  }
  end(begun: number, { received, sent, tries }: Counts): void {
    this.byte(END);
    const { view } = this;
    view.setUint32(begun + 1, this.length - begun, true);
    view.setUint32(begun + 5, received, true);
    view.setUint32(begun + 9, sent, true);
    view.setUint32(begun + 13, tries, true);
  }

  /** Each of the next gives where its value begins, which ends where the log does. */
  rest(state: unknown, shapes: Shapes | null): number {
    this.byte(REST);
    return this.value(state, shapes, "state");
  }
  named(name: string, value: unknown, shapes: Shapes | null): number {
    this.byte(VALUE);
    writeText(this, name);
    return this.value(value, shapes, name);
  }
  part(id: number, key: Key, value: unknown, shapes: Shapes | null): number {
    this.entry(PART, id, key);
    return this.value(value, shapes, key);
  }
  /** An entry whose value lies in another log. */
  copy(id: number, key: Key, from: GrowingBytes, { at, length }: Piece): number {
    this.entry(PART, id, key);
    this.word(length);
    this.copyFrom(from, at, length);
    return this.length - length;
  }

  shape(number: number, names: readonly string[]): void {
    const at = this.room(3);
    this.bytes[at] = SHAPE;
    this.view.setUint16(at + 1, number, true);
    this.word(names.length);
    for (const name of names) writeText(this, name);
  }
  field(id: number, name: string, isArray: boolean, count: number): void {
    this.byte(FIELD);
    this.byte(id);
    writeText(this, name);
    this.byte(isArray ? 1 : 0);
    this.word(count);
  }
  gone(id: number, key: Key): void {
    this.entry(GONE, id, key);
  }
  send({ how, to, message }: QueuedMessage): void {
    this.byte(SEND_RECORD);
    this.byte(howToSend.indexOf(how));
    this.word(to);
    this.words(message);
  }
  redo({ message, status }: Pending): void {
    this.byte(REDO);
    this.word(status);
    this.words(message);
  }

  private entry(kind: number, id: number, key: Key): void {
    const at = this.room(2);
    this.bytes[at] = kind;
    this.bytes[at + 1] = id;
    writeChecked(this, key, null, "key");
  }
  private value(value: unknown, shapes: Shapes | null, path: Key): number {
    const before = this.room(4);
    writeChecked(this, value, shapes, path);
    this.view.setUint32(before, this.length - before - 4, true);
    return before + 4;
  }
}
