import { FLAGS_MANDATORY, INODE_BYTES, MAGIC_V1, MAGIC_V2, MAGIC_V3, START_BLOCK, SUPERBLOCK_AREA_BYTES } from "./format.ts";

/** The superblock's fields as they lie on disk (reference/posix-abi.md 5.1). */
export interface Superblock {
  readonly inodes: number;
  readonly imapBlocks: number;
  readonly zmapBlocks: number;
  readonly firstDataZone: number; // 0: too large for 16 bits, computed
  readonly logZoneSize: number;
  readonly flags: number;
  readonly maxSize: number;
  readonly zones: number;
  readonly magic: number;
  readonly blockSize: number;
  readonly diskVersion: number;
}

/** Reads the superblock from its 1024 bytes. */
export function decodeSuperblock(bytes: Uint8Array): Superblock {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    inodes: view.getUint32(0, true),
    imapBlocks: view.getInt16(6, true),
    zmapBlocks: view.getInt16(8, true),
    firstDataZone: view.getUint16(10, true),
    logZoneSize: view.getInt16(12, true),
    flags: view.getUint16(14, true),
    maxSize: view.getInt32(16, true),
    zones: view.getUint32(20, true),
    magic: view.getUint16(24, true),
    blockSize: view.getUint16(28, true),
    diskVersion: view.getUint8(30),
  };
}

/** The superblock's 1024 bytes; what no field covers is zero. */
export function encodeSuperblock(superblock: Superblock): Uint8Array {
  const bytes = new Uint8Array(SUPERBLOCK_AREA_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, superblock.inodes, true);
  view.setInt16(6, superblock.imapBlocks, true);
  view.setInt16(8, superblock.zmapBlocks, true);
  view.setUint16(10, superblock.firstDataZone, true);
  view.setInt16(12, superblock.logZoneSize, true);
  view.setUint16(14, superblock.flags, true);
  view.setInt32(16, superblock.maxSize, true);
  view.setUint32(20, superblock.zones, true);
  view.setUint16(24, superblock.magic, true);
  view.setUint16(28, superblock.blockSize, true);
  view.setUint8(30, superblock.diskVersion);
  return bytes;
}

/** Why a superblock cannot be used, or null where it can. Only V3 with zones of one block is served. */
export function superblockProblem(superblock: Superblock): string | null {
  const { magic, blockSize, inodes, zones, imapBlocks, zmapBlocks, logZoneSize, flags } = superblock;
  if (magic === MAGIC_V1 || magic === MAGIC_V2) return `an older version of the format (magic 0x${magic.toString(16)}); only V3 is served`;
  if (magic !== MAGIC_V3) return `no MFS file system (magic 0x${magic.toString(16)})`;
  if (blockSize < 1024 || blockSize % 512 !== 0 || blockSize % INODE_BYTES !== 0) return `bad block size ${blockSize}`;
  if (imapBlocks < 1 || zmapBlocks < 1 || inodes < 1 || zones < 1) return "bitmap blocks, inodes or zones are missing";
  if (logZoneSize < 0 || logZoneSize > 4) return `bad zone size 2^${logZoneSize} blocks`;
  if (logZoneSize !== 0) return `zones of ${1 << logZoneSize} blocks are not served`;
  if ((flags & FLAGS_MANDATORY) !== 0) return `unknown features 0x${flags.toString(16)}`;
  const first = firstDataZoneOf(superblock);
  if (first <= 4 || first >= zones) return `bad first data zone ${first} of ${zones}`;
  if (first < metadataBlocks(superblock)) return `the first data zone ${first} lies in the inode table`;
  const bits = blockSize * 8;
  if (imapBlocks * bits < inodes + 1) return `${imapBlocks} bitmap blocks are too few for ${inodes} inodes`;
  if (zmapBlocks * bits < zones - first + 1) return `${zmapBlocks} bitmap blocks are too few for ${zones} zones`;
  return null;
}

function metadataBlocks({ imapBlocks, zmapBlocks, inodes, blockSize }: Superblock): number {
  return START_BLOCK + imapBlocks + zmapBlocks + Math.ceil(inodes / (blockSize / INODE_BYTES));
}

function firstDataZoneOf(superblock: Superblock): number {
  if (superblock.firstDataZone !== 0) return superblock.firstDataZone;
  return Math.ceil(metadataBlocks(superblock) / (1 << superblock.logZoneSize));
}

/** Where everything lies, in blocks; computed once from a good superblock. */
export interface Geometry {
  readonly blockSize: number;
  readonly inodes: number;
  readonly zones: number;
  readonly imapStart: number;
  readonly zmapStart: number;
  readonly inodeStart: number;
  readonly inodesPerBlock: number;
  readonly firstDataZone: number;
  /** Bits in use in the maps, bit 0 (never free) included. */
  readonly imapBits: number;
  readonly zmapBits: number;
  readonly pointersPerBlock: number;
  readonly maxSize: number;
}

/** The largest file that the pointers of an inode reach, at most 2^31 - 1 bytes. */
export function largestFile(blockSize: number): number {
  const pointers = blockSize / 4;
  return Math.min(0x7fffffff, (7 + pointers + pointers * pointers) * blockSize);
}

/** The geometry that a superblock without problems describes. */
export function geometryOf(superblock: Superblock): Geometry {
  const { blockSize, inodes, zones, imapBlocks, zmapBlocks, maxSize } = superblock;
  const firstDataZone = firstDataZoneOf(superblock);
  const limit = largestFile(blockSize);
  return {
    blockSize, inodes, zones, firstDataZone,
    imapStart: START_BLOCK,
    zmapStart: START_BLOCK + imapBlocks,
    inodeStart: START_BLOCK + imapBlocks + zmapBlocks,
    inodesPerBlock: blockSize / INODE_BYTES,
    imapBits: inodes + 1,
    zmapBits: zones - firstDataZone + 1,
    pointersPerBlock: blockSize / 4,
    // mkfs.minix writes 2^31 - 1 whatever the pointers reach.
    maxSize: maxSize > 0 ? Math.min(maxSize, limit) : limit,
  };
}
