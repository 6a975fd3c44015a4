import { setBit } from "./bitmap.ts";
import type { BlockStore } from "./block-store.ts";
import { writeEntry } from "./dirent.ts";
import { DIRENT_BYTES, FLAG_CLEAN, INODE_BYTES, MAGIC_V3, ROOT_INODE, S_IFDIR, START_BLOCK, SUPERBLOCK_OFFSET } from "./format.ts";
import { Image } from "./image.ts";
import { emptyInode, encodeInode } from "./inode.ts";
import { MfsError } from "./mfs-error.ts";
import { encodeSuperblock, geometryOf, largestFile, superblockProblem, type Superblock } from "./superblock.ts";

/** How a new image looks. */
export interface CreateOptions {
  /** Bytes; 1024 where it is not given, since fsck.minix takes no other. MINIX's own mkfs has 4096. */
  readonly blockSize?: number;
  /** How many files there can be; half the kilobytes, a quarter on disks from 100,000 KB on. */
  readonly inodes?: number;
  /** Of the root directory: permissions, owner and times. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly time?: number; // seconds since 1970
}

function plan(size: number, { blockSize = 1024, inodes }: CreateOptions): Superblock {
  const kilobytes = Math.floor(size / 1024);
  const zones = Math.floor(size / blockSize);
  const perBlock = blockSize / INODE_BYTES;
  const wanted = inodes ?? Math.floor(kilobytes / (kilobytes >= 100_000 ? 4 : 2));
  const rounded = Math.max(1, Math.ceil(wanted / perBlock)) * perBlock;
  const bits = blockSize * 8;
  const imapBlocks = Math.ceil((rounded + 1) / bits);
  const zmapBlocks = Math.ceil((zones + 1) / bits);
  const first = START_BLOCK + imapBlocks + zmapBlocks + rounded / perBlock;
  return {
    inodes: rounded, imapBlocks, zmapBlocks, firstDataZone: first > 0xffff ? 0 : first, logZoneSize: 0, flags: FLAG_CLEAN,
    maxSize: largestFile(blockSize), zones, magic: MAGIC_V3, blockSize, diskVersion: 0,
  };
}

/** Makes an empty file system over all of a store, as mkfs does: clean, with a root directory. What was there is lost. */
export function createImage(store: BlockStore, options: CreateOptions = {}): Image {
  const superblock = plan(store.size, options);
  const problem = superblockProblem(superblock);
  if (problem !== null) throw new MfsError("EINVAL", null, `no file system fits in ${store.size} bytes: ${problem}`);
  const geometry = geometryOf(superblock);
  const { blockSize, firstDataZone, imapStart, zmapStart, inodeStart } = geometry;

  const head = new Uint8Array((firstDataZone + 1) * blockSize);
  head.set(encodeSuperblock(superblock), SUPERBLOCK_OFFSET);
  for (const start of [imapStart, zmapStart]) {
    const map = head.subarray(start * blockSize);
    setBit(map, 0); // stands for nothing, never free
    setBit(map, 1); // the root's inode and the root's zone
  }
  const { mode = 0o755, uid = 0, gid = 0, time = 0 } = options;
  const root = { ...emptyInode(), mode: S_IFDIR | (mode & 0o7777), links: 2, uid, gid, size: 2 * DIRENT_BYTES };
  root.accessTime = root.modificationTime = root.changeTime = time;
  root.zones[0] = firstDataZone;
  encodeInode(root, head, inodeStart * blockSize);
  writeEntry(head, firstDataZone * blockSize, ROOT_INODE, ".");
  writeEntry(head, firstDataZone * blockSize + DIRENT_BYTES, ROOT_INODE, "..");
  store.write(0, head);
  return new Image(store);
}

/** Opens the file system that lies on a store; throws EINVAL with the reason where there is none that is served. */
export function openImage(store: BlockStore): Image {
  return new Image(store);
}
