/** So many bytes are copied faster all at once, where that takes an array of its own first. */
const MANY = 100;

/** Bytes that are written one after another; the room grows as it is needed. */
export class GrowingBytes {
  bytes: Uint8Array;
  view: DataView;
  length = 0;

  constructor(first: number) {
    this.bytes = new Uint8Array(first);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Makes place for `count` bytes more: where they begin. May replace `bytes` and `view`. */
  room(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.bytes.length) this.grow(Math.max(this.length, this.bytes.length * 2));
    return at;
  }

  /** Has place for so many bytes in all. */
  grow(count: number): void {
    if (count <= this.bytes.length) return;
    const larger = new Uint8Array(count);
    larger.set(this.bytes);
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }

  byte(value: number): void {
    const at = this.room(1);
    this.bytes[at] = value;
  }
  word(value: number): void {
    const at = this.room(4);
    this.view.setInt32(at, value, true);
  }
  raw(bytes: Uint8Array): void {
    const at = this.room(bytes.length);
    this.bytes.set(bytes, at);
  }
  /** Words of 4 bytes each. */
  words(words: ArrayLike<number>): void {
    const { length } = words;
    const at = this.room(length * 4);
    const { view } = this; // which `room` may have replaced
    for (let i = 0; i < length; i++) view.setInt32(at + i * 4, words[i] as number, true);
  }
  /** Bytes that lie elsewhere. */
  copyFrom(from: GrowingBytes, at: number, length: number): void {
    const to = this.room(length);
    const { bytes } = this;
    if (length > MANY) return bytes.set(from.bytes.subarray(at, at + length), to);
    const source = from.bytes;
    for (let i = 0; i < length; i++) bytes[to + i] = source[at + i] as number;
  }

  /** Whether the bytes that begin at two places are the same. */
  isSame(a: number, b: number, length: number): boolean {
    const { bytes } = this;
    for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false;
    return true;
  }
}
