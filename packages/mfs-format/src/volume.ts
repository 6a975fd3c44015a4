import { clearBit, countClearBits, findClearBit, setBit, testBit } from "./bitmap.ts";
import type { BlockStore } from "./block-store.ts";
import { FLAG_CLEAN, INODE_BYTES, SUPERBLOCK_AREA_BYTES, SUPERBLOCK_OFFSET } from "./format.ts";
import { decodeInode, emptyInode, encodeInode, type Inode } from "./inode.ts";
import { MfsError } from "./mfs-error.ts";
import { decodeSuperblock, encodeSuperblock, geometryOf, superblockProblem, type Geometry, type Superblock } from "./superblock.ts";

interface Cached {
  readonly bytes: Uint8Array;
  dirty: boolean;
}

/** Clean blocks beyond this many are dropped at a flush. */
const KEPT_BLOCKS = 4096;

/** The blocks, bitmaps and inodes of an image. Metadata blocks are kept until `flush`, so an operation that fails leaves no trace. */
export class Volume {
  readonly store: BlockStore;
  readonly geometry: Geometry;
  private superblock: Superblock;
  private blocks = new Map<number, Cached>();
  private nextZone = 1; // where the search for a free bit begins
  private nextInode = 1;

  constructor(store: BlockStore) {
    if (store.size < SUPERBLOCK_OFFSET + SUPERBLOCK_AREA_BYTES) throw new MfsError("EINVAL", null, `no MFS file system: only ${store.size} bytes`);
    this.store = store;
    this.superblock = decodeSuperblock(store.read(SUPERBLOCK_OFFSET, SUPERBLOCK_AREA_BYTES));
    const problem = superblockProblem(this.superblock);
    if (problem !== null) throw new MfsError("EINVAL", null, problem);
    this.geometry = geometryOf(this.superblock);
    const bytes = this.geometry.zones * this.geometry.blockSize;
    if (bytes > store.size) throw new MfsError("EINVAL", null, `the file system has ${bytes} bytes, its image only ${store.size}`);
  }

  get clean(): boolean {
    return (this.superblock.flags & FLAG_CLEAN) !== 0;
  }

  markClean(): void {
    this.superblock = { ...this.superblock, flags: this.superblock.flags | FLAG_CLEAN };
    this.store.write(SUPERBLOCK_OFFSET, encodeSuperblock(this.superblock));
  }

  /** A metadata block: the bytes may be changed in place, and `dirty` says so. */
  block(number: number): Uint8Array {
    let cached = this.blocks.get(number);
    if (cached === undefined) {
      const { blockSize } = this.geometry;
      cached = { bytes: this.store.read(number * blockSize, blockSize), dirty: false };
      this.blocks.set(number, cached);
    }
    return cached.bytes;
  }

  dirty(number: number): void {
    this.block(number);
    (this.blocks.get(number) as Cached).dirty = true;
  }

  /** A fresh metadata block of zeros: what lay there before is not read. */
  clearBlock(number: number): Uint8Array {
    const bytes = new Uint8Array(this.geometry.blockSize);
    this.blocks.set(number, { bytes, dirty: true });
    return bytes;
  }

  /** Writes changed metadata, in the order of the disk. */
  flush(): void {
    const changed = [...this.blocks].filter(([, cached]) => cached.dirty).sort(([a], [b]) => a - b);
    for (const [number, cached] of changed) {
      this.store.write(number * this.geometry.blockSize, cached.bytes);
      cached.dirty = false;
    }
    if (this.blocks.size > KEPT_BLOCKS) this.blocks.clear();
  }

  /** Forgets changes since the last flush. */
  rollBack(): void {
    this.blocks.clear();
    this.nextZone = 1;
    this.nextInode = 1;
  }

  readInode(number: number): Inode {
    const [block, offset] = this.inodePlace(number);
    return decodeInode(this.block(block), offset);
  }

  writeInode(number: number, inode: Inode): void {
    const [block, offset] = this.inodePlace(number);
    encodeInode(inode, this.block(block), offset);
    this.dirty(block);
  }

  inodeInUse(number: number): boolean {
    return this.bit(this.geometry.imapStart, number);
  }

  zoneInUse(zone: number): boolean {
    return this.bit(this.geometry.zmapStart, zone - this.geometry.firstDataZone + 1);
  }

  allocateInode(path: string): number {
    const { imapStart, imapBits } = this.geometry;
    const number = this.takeBit(imapStart, this.nextInode, imapBits);
    if (number < 0) throw new MfsError("ENOSPC", path, "no free inode is left");
    this.nextInode = number;
    return number;
  }

  freeInode(number: number): void {
    this.writeInode(number, emptyInode());
    this.giveBit(this.geometry.imapStart, number);
    this.nextInode = Math.min(this.nextInode, number);
  }

  allocateZone(path: string): number {
    const { zmapStart, zmapBits, firstDataZone } = this.geometry;
    const bit = this.takeBit(zmapStart, this.nextZone, zmapBits);
    if (bit < 0) throw new MfsError("ENOSPC", path, "no free block is left");
    this.nextZone = bit;
    return bit + firstDataZone - 1;
  }

  freeZone(zone: number): void {
    const bit = zone - this.geometry.firstDataZone + 1;
    this.giveBit(this.geometry.zmapStart, bit);
    this.blocks.delete(zone);
    this.nextZone = Math.min(this.nextZone, bit);
  }

  freeCounts(): { inodes: number; zones: number } {
    const { imapStart, imapBits, zmapStart, zmapBits } = this.geometry;
    return { inodes: this.countClear(imapStart, imapBits), zones: this.countClear(zmapStart, zmapBits) };
  }

  private inodePlace(number: number): [block: number, offset: number] {
    const { inodes, inodeStart, inodesPerBlock } = this.geometry;
    if (number < 1 || number > inodes) throw new MfsError("EIO", null, `inode ${number} of ${inodes}: the directory entry is broken`);
    return [inodeStart + Math.floor((number - 1) / inodesPerBlock), ((number - 1) % inodesPerBlock) * INODE_BYTES];
  }

  private bit(start: number, bit: number): boolean {
    const perBlock = this.geometry.blockSize * 8;
    return testBit(this.block(start + Math.floor(bit / perBlock)), bit % perBlock);
  }

  /** Searches from a bit on, once around. */
  private takeBit(start: number, from: number, limit: number): number {
    const perBlock = this.geometry.blockSize * 8;
    const search = (begin: number, end: number): number => {
      for (let at = begin; at < end; ) {
        const index = Math.floor(at / perBlock);
        const base = index * perBlock;
        const found = findClearBit(this.block(start + index), at - base, Math.min(perBlock, end - base));
        if (found >= 0) return base + found;
        at = base + perBlock;
      }
      return -1;
    };
    let bit = search(from, limit);
    if (bit < 0) bit = search(1, Math.min(from, limit));
    if (bit < 0) return -1;
    const block = start + Math.floor(bit / perBlock);
    setBit(this.block(block), bit % perBlock);
    this.dirty(block);
    return bit;
  }

  private giveBit(start: number, bit: number): void {
    const perBlock = this.geometry.blockSize * 8;
    const block = start + Math.floor(bit / perBlock);
    if (!testBit(this.block(block), bit % perBlock)) throw new MfsError("EIO", null, `bit ${bit} of the map at block ${start} is free already`);
    clearBit(this.block(block), bit % perBlock);
    this.dirty(block);
  }

  private countClear(start: number, bits: number): number {
    const perBlock = this.geometry.blockSize * 8;
    let clear = 0;
    for (let base = 0; base < bits; base += perBlock) {
      clear += countClearBits(this.block(start + base / perBlock), Math.min(perBlock, bits - base));
    }
    return clear;
  }
}
