/** struct statvfs, 76 bytes (reference/posix-abi.md 11.4). */
export const STATVFS_BYTES = 76;
/** Flag bits of statvfs. */
export const ST_RDONLY = 1;
export const ST_NOSUID = 2;
export const ST_NOTRUNC = 4;

// Words in their order in memory.
const fields = [
  "blockSize", "fragmentSize", "blocks", "blocksFree", "blocksAvailable", "files", "filesFree", "filesAvailable", "fileSystemId",
  "flags", "maximumName",
] as const;

/** What statvfs says of a file system. */
export type Statvfs = { readonly [Name in (typeof fields)[number]]: number };

/** The 76 bytes of a struct statvfs. */
export function encodeStatvfs(statvfs: Statvfs): Uint8Array {
  const bytes = new Uint8Array(STATVFS_BYTES);
  const view = new DataView(bytes.buffer);
  fields.forEach((name, index) => view.setUint32(index * 4, statvfs[name], true));
  return bytes;
}

/** A struct statvfs from memory. */
export function decodeStatvfs(bytes: Uint8Array, offset = 0): Statvfs {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, STATVFS_BYTES);
  return Object.fromEntries(fields.map((name, index) => [name, view.getUint32(index * 4, true)])) as Statvfs;
}
