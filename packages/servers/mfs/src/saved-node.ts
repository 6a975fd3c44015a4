import { decodeInode, encodeInode, INODE_BYTES } from "@procyon-os/mfs-format";
import type { Mfs, Node } from "./state.ts";

// How the state has an inode that VFS refers to: as it would be on disk, then references, last zone, flags (32 bits each).
const BYTES = INODE_BYTES + 12;
const DIRTY = 1;
const MOUNT_POINT = 2;
const AFTER_SEEK = 4;
const UPDATES_SHIFT = 4;

/** Writes what outlives the instance into `bytes`, or into new ones. */
export function encodeNode(node: Node, bytes: Uint8Array = new Uint8Array(BYTES)): Uint8Array {
  encodeInode(node.inode, bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset + INODE_BYTES, 12);
  view.setUint32(0, node.references, true);
  view.setUint32(4, node.lastZone, true);
  const flags = (node.dirty ? DIRTY : 0) | (node.mountPoint ? MOUNT_POINT : 0) | (node.afterSeek ? AFTER_SEEK : 0);
  view.setUint32(8, flags | (node.updates << UPDATES_SHIFT), true);
  return bytes;
}

/** An inode as the instance before had it. */
export function decodeNode(mfs: Mfs, number: number, bytes: Uint8Array): Node {
  const view = new DataView(bytes.buffer, bytes.byteOffset + INODE_BYTES, 12);
  const flags = view.getUint32(8, true);
  return {
    number, inode: decodeInode(bytes), references: view.getUint32(0, true), holds: 0, dirty: (flags & DIRTY) !== 0, updates: flags >> UPDATES_SHIFT,
    mountPoint: (flags & MOUNT_POINT) !== 0, lastZone: view.getUint32(4, true), afterSeek: (flags & AFTER_SEEK) !== 0, altered: mfs.alteredNodes,
  };
}
