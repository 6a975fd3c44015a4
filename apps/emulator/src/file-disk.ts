import { closeSync, existsSync, fsyncSync, ftruncateSync, fstatSync, openSync, readSync, writeSync, writeFileSync } from "node:fs";
import { SECTOR_BYTES, type DiskBackend } from "@procyon-os/hardware";

/** A disk whose sectors lie in a file of the host. What the guest has flushed is in the file. */
export class FileDisk implements DiskBackend {
  readonly sectors: number;
  private readonly file: number;

  /** @param path an image that exists; its length is a multiple of 512 */
  constructor(path: string) {
    this.file = openSync(path, "r+");
    const { size } = fstatSync(this.file);
    if (size === 0 || size % SECTOR_BYTES !== 0) {
      closeSync(this.file);
      throw new Error(`${path}: ${size} bytes are no disk image (its length must be a multiple of ${SECTOR_BYTES})`);
    }
    this.sectors = size / SECTOR_BYTES;
  }

  read(sector: number, count: number): Uint8Array {
    const bytes = new Uint8Array(count * SECTOR_BYTES);
    const got = readSync(this.file, bytes, 0, bytes.length, sector * SECTOR_BYTES);
    if (got !== bytes.length) throw new Error(`disk image: ${got} of ${bytes.length} bytes at sector ${sector}`);
    return bytes;
  }

  write(sector: number, bytes: Uint8Array): void {
    writeSync(this.file, bytes, 0, bytes.length, sector * SECTOR_BYTES);
  }

  flush(): void {
    fsyncSync(this.file);
  }

  close(): void {
    fsyncSync(this.file);
    closeSync(this.file);
  }
}

/** Opens an image, made from `content` first where the file does not exist. */
export function openDisk(path: string, content: (() => Uint8Array) | null): FileDisk {
  if (!existsSync(path)) {
    if (content === null) throw new Error(`${path}: no such disk image; make one with "procyon image create ${path}"`);
    writeFileSync(path, content());
  }
  return new FileDisk(path);
}

/** An image for `procyon image`: bytes at offsets of a file. */
export class FileStore {
  readonly size: number;
  private readonly file: number;

  /** @param create the size in bytes of a new file, or null to open one that exists */
  constructor(path: string, create: number | null) {
    this.file = openSync(path, create === null ? "r+" : "wx+");
    if (create !== null) ftruncateSync(this.file, create);
    this.size = fstatSync(this.file).size;
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const got = readSync(this.file, bytes, done, length - done, offset + done);
      if (got === 0) throw new RangeError(`bytes ${offset}..${offset + length} of a file of ${this.size}`);
      done += got;
    }
    return bytes;
  }

  write(offset: number, bytes: Uint8Array): void {
    if (offset + bytes.length > this.size) throw new RangeError(`bytes ${offset}..${offset + bytes.length} of a file of ${this.size}`);
    writeSync(this.file, bytes, 0, bytes.length, offset);
  }

  close(): void {
    closeSync(this.file);
  }
}
