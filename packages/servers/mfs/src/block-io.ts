import { SUPERBLOCK_OFFSET } from "@procyon-os/mfs-format";
import { fail, ok, type Program } from "@procyon-os/message";
import { findBlock, forgetBlock, getBlock, getFreshBlock, hasBlock, RUN_BLOCKS, touchBlock, type Buffer } from "./cache.ts";
import type { MfsHandlers } from "./handlers.ts";
import { readRun } from "./read-run.ts";
import type { Mfs } from "./state.ts";
import { copySegments, type Segment } from "./user-copy.ts";

/** No device reaches as far as this; numbers behind it are not exact. */
const PAST_EVERY_DEVICE = 2 ** 52;

/** The part of a transfer that lies in one block. */
interface Part {
  readonly block: number;
  readonly inBlock: number;
  readonly length: number;
  readonly offset: number; // in the transfer
}

/** The parts of up to RUN_BLOCKS blocks, from an offset of the transfer on. */
function windowOf(blockSize: number, position: number, offset: number, bytes: number): Part[] {
  const parts: Part[] = [];
  for (let at = offset; at < bytes && parts.length < RUN_BLOCKS; ) {
    const inBlock = (position + at) % blockSize;
    const length = Math.min(blockSize - inBlock, bytes - at);
    parts.push({ block: Math.floor((position + at) / blockSize), inBlock, length, offset: at });
    at += length;
  }
  return parts;
}

/** Brings the block of a part into memory, with those that follow; null past the end of the device. */
function* readPart(mfs: Mfs, device: number, { block }: Part): Program<Buffer | null> {
  if (!hasBlock(mfs.cache, device, block) && (yield* readRun(mfs.cache, device, block, RUN_BLOCKS)) === 0) return null;
  return findBlock(mfs.cache, device, block);
}

/** The block of a part for writing; what is overwritten as a whole is not read. */
function* writePart(mfs: Mfs, device: number, part: Part): Program<Buffer | null> {
  return yield* part.length === mfs.cache.memory.blockSize ? getFreshBlock(mfs.cache, device, part.block) : getBlock(mfs.cache, device, part.block);
}

/** REQ_BREAD: fewer bytes than asked for, down to none, at the end of the device. */
export const blockRead: MfsHandlers["blockRead"] = function* (mfs, caller, { device, grant, position, positionHigh, bytes }) {
  const start = positionHigh * 2 ** 32 + position;
  if (start >= PAST_EVERY_DEVICE) return ok({ position, positionHigh, bytes: 0 });
  let done = 0;
  for (let ended = false; done < bytes && !ended; ) {
    const segments: Segment[] = [];
    const pinned: Buffer[] = [];
    try {
      for (const part of windowOf(mfs.cache.memory.blockSize, start, done, bytes)) {
        const buffer = yield* readPart(mfs, device, part);
        ended = buffer === null;
        if (buffer === null) break;
        buffer.pins++;
        pinned.push(buffer);
        segments.push({ address: buffer.address + part.inBlock, bytes: part.length, offset: part.offset });
        done = part.offset + part.length;
      }
      if (!(yield* copySegments(caller, grant, segments, true)).ok) return fail("EFAULT");
    } finally {
      for (const buffer of pinned) buffer.pins--;
    }
  }
  return ok({ ...split(start + done), bytes: done });
};

/** Whether a device may be written past the file system on it. */
function refused(mfs: Mfs, device: number, start: number, bytes: number): "EROFS" | "EPERM" | null {
  if (mfs.mount?.device !== device) return null;
  if (mfs.mount.readOnly) return "EROFS";
  return start < 2 * SUPERBLOCK_OFFSET && start + bytes > SUPERBLOCK_OFFSET ? "EPERM" : null;
}

/** REQ_BWRITE: one block at a time, so that a copy that fails spoils nothing else. */
export const blockWrite: MfsHandlers["blockWrite"] = function* (mfs, caller, { device, grant, position, positionHigh, bytes }) {
  const start = positionHigh * 2 ** 32 + position;
  if (start >= PAST_EVERY_DEVICE) return fail("EIO");
  const refusal = refused(mfs, device, start, bytes);
  if (refusal !== null) return fail(refusal);
  let done = 0;
  while (done < bytes) {
    for (const part of windowOf(mfs.cache.memory.blockSize, start, done, bytes)) {
      const known = hasBlock(mfs.cache, device, part.block);
      const buffer = (yield* writePart(mfs, device, part)) as Buffer;
      const segment = { address: buffer.address + part.inBlock, bytes: part.length, offset: part.offset };
      if (!(yield* copySegments(caller, grant, [segment], false)).ok) {
        if (!known) forgetBlock(mfs.cache, device, part.block);
        return fail("EFAULT");
      }
      touchBlock(mfs.cache, buffer);
      done = part.offset + part.length;
    }
  }
  return ok({ ...split(start + done), bytes: done });
};

function split(position: number): { position: number; positionHigh: number } {
  return { position: position % 2 ** 32, positionHigh: Math.floor(position / 2 ** 32) };
}
