import type { Geometry, Inode, Superblock } from "@procyon-os/mfs-format";
import type { Program } from "@procyon-os/message";
import { getBlock, newCache, viewBlock, type Buffer, type Cache } from "./cache.ts";

/** The file system that this server serves. */
export interface Mount {
  readonly device: number;
  superblock: Superblock;
  readonly geometry: Geometry;
  readonly readOnly: boolean;
  readonly isRoot: boolean;
  /** No bit below is free; a search begins here. */
  zoneSearch: number;
  inodeSearch: number;
  fullTold: boolean; // that no zone is free has been printed
  /** A block of zeros in memory: what a hole reads as. */
  readonly zeros: number;
}

// Times that are to be set when the inode is next written or asked for.
export const ATIME = 1;
export const MTIME = 2;
export const CTIME = 4;

/** An inode in memory. */
export interface Node {
  readonly number: number;
  inode: Inode;
  references: number; // VFS's, from LOOKUP, CREATE and READSUPER
  holds: number; // the running request's
  dirty: boolean;
  updates: number; // ATIME, MTIME, CTIME
  mountPoint: boolean;
  /** Where the file's last block was allocated; the next search begins behind it. */
  lastZone: number;
  /** The file was positioned: the next read is not sequential. */
  afterSeek: boolean;
}

/** All that the server knows. It dies with it: VFS forgets the mount of a file server that died. */
export interface Mfs {
  mount: Mount | null;
  readonly cache: Cache;
  readonly nodes: Map<number, Node>; // the longest unused first
  readonly held: Node[];
  exiting: boolean;
}

/** The state of a server that has mounted nothing. */
export function freshState(): Mfs {
  return { mount: null, cache: newCache(1024), nodes: new Map(), held: [], exiting: false };
}

/** The mount. The main loop lets no request in here that needs one while there is none. */
export function mounted(mfs: Mfs): Mount {
  if (mfs.mount === null) throw new Error("nothing is mounted");
  return mfs.mount;
}

/** A metadata block of the mounted device, and a view of it. */
export function* viewOf(mfs: Mfs, block: number): Program<{ buffer: Buffer; view: Uint8Array }> {
  const buffer = yield* getBlock(mfs.cache, mounted(mfs).device, block);
  return { buffer, view: yield* viewBlock(mfs.cache, buffer) };
}
