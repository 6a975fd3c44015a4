/** What an image lies on: bytes at offsets. A file-backed one belongs to whoever has files. */
export interface BlockStore {
  readonly size: number; // bytes
  read(offset: number, length: number): Uint8Array;
  write(offset: number, bytes: Uint8Array): void;
}

/** An image in memory. */
export class MemoryStore implements BlockStore {
  readonly bytes: Uint8Array;

  /** @param content the bytes to use (not copied), or a size for zeroed ones */
  constructor(content: Uint8Array | number) {
    this.bytes = typeof content === "number" ? new Uint8Array(content) : content;
  }

  get size(): number {
    return this.bytes.length;
  }

  read(offset: number, length: number): Uint8Array {
    this.checkRange(offset, length);
    return this.bytes.slice(offset, offset + length);
  }

  write(offset: number, bytes: Uint8Array): void {
    this.checkRange(offset, bytes.length);
    this.bytes.set(bytes, offset);
  }

  private checkRange(offset: number, length: number): void {
    if (offset < 0 || length < 0 || offset + length > this.bytes.length) {
      throw new RangeError(`bytes ${offset}..${offset + length} of a store of ${this.bytes.length}`);
    }
  }
}
