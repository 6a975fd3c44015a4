/** Bytes of a directory record before its name: inode, position, length (reference/posix-abi.md 5.2, 11.4). */
export const DIRENT_HEADER_BYTES = 10;

/** One record of GETDENTS. Names are one character a byte. */
export interface Dirent {
  readonly inode: number;
  readonly position: number; // of this entry in the directory
  readonly name: string;
}

/** The length of the record of a name: header, name and NUL, rounded up to 4. */
export function direntLength(name: string): number {
  return (DIRENT_HEADER_BYTES + name.length + 1 + 3) & ~3;
}

/** Writes one record and gives the offset after it. */
export function encodeDirent(into: Uint8Array, offset: number, { inode, position, name }: Dirent): number {
  const length = direntLength(name);
  into.fill(0, offset, offset + length);
  const view = new DataView(into.buffer, into.byteOffset + offset, length);
  view.setUint32(0, inode, true);
  view.setInt32(4, position, true);
  view.setUint16(8, length, true);
  for (let i = 0; i < name.length; i++) into[offset + DIRENT_HEADER_BYTES + i] = name.charCodeAt(i);
  return offset + length;
}

/** Every record of what GETDENTS gave. A record that does not fit ends the walk with an error: the buffer is broken. */
export function decodeDirents(bytes: Uint8Array): Dirent[] {
  const entries: Dirent[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; ) {
    const length = at + DIRENT_HEADER_BYTES < bytes.length ? view.getUint16(at + 8, true) : 0;
    if (length <= DIRENT_HEADER_BYTES || at + length > bytes.length) throw new Error(`directory record of ${length} bytes at ${at} of ${bytes.length}`);
    let name = "";
    for (let i = at + DIRENT_HEADER_BYTES; i < at + length && bytes[i] !== 0; i++) name += String.fromCharCode(bytes[i] as number);
    entries.push({ inode: view.getUint32(at, true), position: view.getInt32(at + 4, true), name });
    at += length;
  }
  return entries;
}
