import { INODE_BYTES, INODE_ZONES } from "./format.ts";

/** An inode as it lies on disk (reference/posix-abi.md 5.1). Mode 0 is a free inode. A special file's device is zones[0]. */
export interface Inode {
  mode: number;
  links: number;
  uid: number;
  gid: number;
  size: number;
  accessTime: number; // seconds
  modificationTime: number;
  changeTime: number;
  readonly zones: number[]; // ten; 0 is a hole
}

/** A free inode. */
export function emptyInode(): Inode {
  return {
    mode: 0, links: 0, uid: 0, gid: 0, size: 0, accessTime: 0, modificationTime: 0, changeTime: 0,
    zones: Array.from({ length: INODE_ZONES }, () => 0),
  };
}

/** Reads the 64 bytes at an offset. */
export function decodeInode(bytes: Uint8Array, offset = 0): Inode {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, INODE_BYTES);
  const zones: number[] = [];
  for (let i = 0; i < INODE_ZONES; i++) zones.push(view.getUint32(24 + i * 4, true));
  return {
    mode: view.getUint16(0, true),
    links: view.getUint16(2, true),
    uid: view.getUint16(4, true),
    gid: view.getUint16(6, true),
    size: view.getInt32(8, true),
    accessTime: view.getInt32(12, true),
    modificationTime: view.getInt32(16, true),
    changeTime: view.getInt32(20, true),
    zones,
  };
}

/** Writes the 64 bytes at an offset. */
export function encodeInode(inode: Inode, bytes: Uint8Array, offset = 0): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, INODE_BYTES);
  view.setUint16(0, inode.mode, true);
  view.setUint16(2, inode.links, true);
  view.setUint16(4, inode.uid, true);
  view.setUint16(6, inode.gid, true);
  view.setInt32(8, inode.size, true);
  view.setInt32(12, inode.accessTime, true);
  view.setInt32(16, inode.modificationTime, true);
  view.setInt32(20, inode.changeTime, true);
  for (let i = 0; i < INODE_ZONES; i++) view.setUint32(24 + i * 4, inode.zones[i] as number, true);
}
