/** Bytes of a sector. */
export const SECTOR_BYTES = 512;

/** Where a drive's sectors are. A failure of the medium is a `DiskError`; anything else thrown is a mistake of the host. */
export interface DiskBackend {
  readonly sectors: number;
  read(sector: number, count: number): Uint8Array;
  write(sector: number, bytes: Uint8Array): void;
  /** Returns when everything written is safe. */
  flush(): void;
}

/** The medium could not be read or written; the drive reports an uncorrectable error. */
export class DiskError extends Error {
  override readonly name = "DiskError";
}

/** A disk in the host's memory. */
export class MemoryDisk implements DiskBackend {
  readonly bytes: Uint8Array;

  /** An image, whose last sector may be short, or a number of empty sectors. */
  constructor(content: Uint8Array | number) {
    const sectors = typeof content === "number" ? content : Math.ceil(content.length / SECTOR_BYTES);
    this.bytes = new Uint8Array(sectors * SECTOR_BYTES);
    if (typeof content !== "number") this.bytes.set(content);
  }

  get sectors(): number {
    return this.bytes.length / SECTOR_BYTES;
  }

  read(sector: number, count: number): Uint8Array {
    return this.bytes.slice(sector * SECTOR_BYTES, (sector + count) * SECTOR_BYTES);
  }

  write(sector: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, sector * SECTOR_BYTES);
  }

  flush(): void {}
}
