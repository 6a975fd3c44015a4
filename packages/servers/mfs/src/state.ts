import { addTransaction, splitRequest, type Answers } from "@procyon-os/contract-fs";
import type { BlockDevices } from "@procyon-os/driver";
import type { Geometry, Inode, Superblock } from "@procyon-os/mfs-format";
import { errorCode, messageType, newMessage, type Program, type VirtAddr } from "@procyon-os/message";
import { changed, stateSpec, type StateSpec } from "@procyon-os/sef";
import { LEAST_UNIT_BYTES, type SavedChunk } from "./cache-memory.ts";
import { getBlock, MINIMUM_BUFFERS, newCache, viewBlock, type Buffer, type Cache } from "./cache.ts";

/** What is to be known of a mount by whoever goes on with it. */
export interface SavedMount {
  readonly device: number;
  superblock: Superblock;
  readonly readOnly: boolean;
  readonly isRoot: boolean;
  /** The clean mark is to be taken away on disk, now that the mount is in the state. */
  markDue: boolean;
}

/** The file system that this server serves. */
export interface Mount {
  readonly device: number;
  readonly geometry: Geometry;
  readonly readOnly: boolean;
  readonly isRoot: boolean;
  readonly saved: SavedMount;
  /** A block of zeros in memory: what a hole reads as. Null where none was read yet. */
  zeros: VirtAddr | null;
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
  /** Where it is entered when anything of this has changed. */
  readonly altered: Set<Node>;
}

/**
 * The state that outlives an instance: what VFS has of this server, and what is changed and not on disk. The contents of
 * changed blocks lie in the cache's memory, where the successor reads them by the grants named here.
 */
export interface MfsState extends Answers {
  lastTransaction: number;
  readonly answers: Map<number, Int32Array>;
  readonly search: Search;
  /** The one mount, by its device. */
  readonly mounts: Map<number, SavedMount>;
  /** The inodes that VFS has references to (see `encodeNode`). */
  readonly nodes: Map<number, Uint8Array>;
  /** The changed blocks: device and block (see `keyOf`), and the address of the contents. */
  readonly blocks: Map<number, number>;
  readonly memory: Map<number, SavedChunk>;
  /** One entry: what seldom changes. */
  readonly settings: Settings[];
}

/** No bit of the zone map, of the inode map below is free: a search begins here. */
export interface Search {
  zones: number;
  inodes: number;
  fullTold: boolean; // that no zone is free has been printed
}

export interface Settings {
  readonly blockSize: number;
  readonly unitBytes: number; // of the cache's memory
  readonly cacheLimit: number; // blocks
  readonly devices: BlockDevices;
  readonly exiting: boolean;
}

export const mfsState: StateSpec<MfsState> = stateSpec<MfsState>({
  name: "mfs", version: 2, saved: true, once: true, parts: ["answers", "mounts", "nodes", "blocks", "memory", "settings"],
  refuse: (request) => newMessage(addTransaction(errorCode("EIO"), splitRequest(messageType(request)).transaction)),
});

/** The server as it runs. */
export interface Mfs {
  readonly state: MfsState;
  mount: Mount | null;
  readonly cache: Cache;
  readonly nodes: Map<number, Node>; // the longest unused first
  readonly alteredNodes: Set<Node>;
  readonly held: Node[];
}

const FIRST_BLOCK_SIZE = 1024;

/** The state of a server that has mounted nothing. */
export function freshState(): MfsState {
  return {
    lastTransaction: 0, answers: new Map(), search: { zones: 1, inodes: 1, fullTold: false }, mounts: new Map(), nodes: new Map(), blocks: new Map(), memory: new Map(),
    settings: [{ blockSize: FIRST_BLOCK_SIZE, unitBytes: LEAST_UNIT_BYTES, cacheLimit: MINIMUM_BUFFERS, devices: { drivers: [], open: [] }, exiting: false }],
  };
}

/** What seldom changes. */
export function settingsOf(state: MfsState): Settings {
  return state.settings[0] as Settings;
}

/** Changes some of it. */
export function changeSettings(state: MfsState, some: Partial<Settings>): void {
  state.settings[0] = { ...settingsOf(state), ...some };
  changed("settings", 0);
}

/** A server with a state, and nothing else yet. */
export function newMfs(state: MfsState): Mfs {
  const { blockSize, unitBytes, cacheLimit } = settingsOf(state);
  const cache = newCache(blockSize, unitBytes, state.memory);
  cache.memory.limit = cacheLimit;
  return { state, mount: null, cache, nodes: new Map(), alteredNodes: new Set(), held: [] };
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
