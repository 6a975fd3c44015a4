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
    if (this.length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(this.length, this.bytes.length * 2));
      larger.set(this.bytes);
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    return at;
  }
}
