import { DIRENT_BYTES, NAME_MAX } from "./format.ts";
import { getZone, setZone } from "./zone-path.ts";

// An entry is 64 bytes: inode number, then the name, padded with NULs. Names are one character a byte.

/** The inode number of an entry; 0 is an empty slot. */
export function entryInode(bytes: Uint8Array, offset: number): number {
  return getZone(bytes.subarray(offset, offset + 4), 0);
}

/** Points an existing entry at another inode. */
export function setEntryInode(bytes: Uint8Array, offset: number, inode: number): void {
  setZone(bytes.subarray(offset, offset + 4), 0, inode);
}

/** The name of an entry. */
export function entryName(bytes: Uint8Array, offset: number): string {
  let name = "";
  for (let i = offset + 4; i < offset + DIRENT_BYTES && bytes[i] !== 0; i++) name += String.fromCharCode(bytes[i] as number);
  return name;
}

/** Whether an entry in use has this name; compares bytes and makes no string. */
export function entryIsNamed(bytes: Uint8Array, offset: number, name: string): boolean {
  const start = offset + 4;
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name.charCodeAt(i)) return false;
  return (name.length === NAME_MAX || bytes[start + name.length] === 0) && entryInode(bytes, offset) !== 0;
}

/** Writes an entry. The caller has cut the name to 60 characters. */
export function writeEntry(bytes: Uint8Array, offset: number, inode: number, name: string): void {
  if (name.length > NAME_MAX) throw new Error(`a name of ${name.length} characters in a directory entry`);
  bytes.fill(0, offset, offset + DIRENT_BYTES);
  setEntryInode(bytes, offset, inode);
  for (let i = 0; i < name.length; i++) bytes[offset + 4 + i] = name.charCodeAt(i);
}

/** Empties an entry; its inode number is kept in the last four bytes of the name, for recovery. */
export function eraseEntry(bytes: Uint8Array, offset: number): void {
  setEntryInode(bytes, offset + DIRENT_BYTES - 4, entryInode(bytes, offset));
  setEntryInode(bytes, offset, 0);
}
