import { entryInode, entryIsNamed, entryName, eraseEntry, setEntryInode, writeEntry } from "./dirent.ts";
import { ensureZone, zoneOf } from "./file-content.ts";
import { DIRENT_BYTES, isType, S_IFDIR } from "./format.ts";
import { MfsError } from "./mfs-error.ts";
import type { Volume } from "./volume.ts";

/** An entry in use, and where it lies. */
export interface Entry {
  readonly name: string;
  readonly inode: number;
  readonly block: number;
  readonly offset: number; // in the block
}

/** Every slot of a directory, empty ones included. */
function* slots(volume: Volume, directory: number): Generator<{ bytes: Uint8Array; block: number; offset: number }> {
  const inode = volume.readInode(directory);
  const { blockSize } = volume.geometry;
  for (let at = 0; at < inode.size; at += DIRENT_BYTES) {
    const block = zoneOf(volume, inode, Math.floor(at / blockSize));
    if (block !== 0) yield { bytes: volume.block(block), block, offset: at % blockSize };
  }
}

/** The entries of a directory in their order on disk, "." and ".." included. */
export function entriesOf(volume: Volume, directory: number): Entry[] {
  const entries: Entry[] = [];
  for (const { bytes, block, offset } of slots(volume, directory)) {
    const inode = entryInode(bytes, offset);
    if (inode !== 0) entries.push({ name: entryName(bytes, offset), inode, block, offset });
  }
  return entries;
}

/** One entry by name, or null. */
export function findEntry(volume: Volume, directory: number, name: string): Entry | null {
  for (const { bytes, block, offset } of slots(volume, directory)) {
    if (entryIsNamed(bytes, offset, name)) return { name, inode: entryInode(bytes, offset), block, offset };
  }
  return null;
}

/** Adds an entry, in the first empty slot or at the end. */
export function addEntry(volume: Volume, directory: number, name: string, target: number, time: number): void {
  const inode = volume.readInode(directory);
  if (!isType(inode.mode, S_IFDIR)) throw new MfsError("ENOTDIR", name, "the parent is no directory");
  let place: { bytes: Uint8Array; block: number; offset: number } | null = null;
  for (const slot of slots(volume, directory)) {
    if (entryInode(slot.bytes, slot.offset) === 0) {
      place = slot;
      break;
    }
  }
  if (place === null) {
    const { blockSize } = volume.geometry;
    const index = Math.floor(inode.size / blockSize);
    const fresh = zoneOf(volume, inode, index) === 0;
    const block = ensureZone(volume, inode, index, name);
    const bytes = fresh ? volume.clearBlock(block) : volume.block(block);
    place = { bytes, block, offset: inode.size % blockSize };
    inode.size += DIRENT_BYTES;
  }
  writeEntry(place.bytes, place.offset, target, name);
  volume.dirty(place.block);
  inode.modificationTime = time;
  inode.changeTime = time;
  volume.writeInode(directory, inode);
}

/** Removes an entry. */
export function removeEntry(volume: Volume, directory: number, entry: Entry, time: number): void {
  eraseEntry(volume.block(entry.block), entry.offset);
  volume.dirty(entry.block);
  const inode = volume.readInode(directory);
  inode.modificationTime = time;
  inode.changeTime = time;
  volume.writeInode(directory, inode);
}

/** Points an entry at another inode. */
export function retargetEntry(volume: Volume, entry: Entry, target: number): void {
  setEntryInode(volume.block(entry.block), entry.offset, target);
  volume.dirty(entry.block);
}
