import { blockGather, blockRead, blockScatter, blockWrite, type BlockBuffer } from "@procyon-os/driver";
import type { Program } from "@procyon-os/message";

/** A stretch of the server's memory that takes part in a transfer. */
export type Piece = BlockBuffer;

/** Reads from a device into pieces of memory: the bytes that came, or a negative error. One piece needs no vector. */
export function* readVector(device: number, position: number, pieces: readonly Piece[]): Program<number> {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return yield* blockRead(device, position, first.address, first.bytes);
  return yield* blockGather(device, position, pieces);
}

/** Writes pieces of memory to a device: the bytes that went, or a negative error. */
export function* writeVector(device: number, position: number, pieces: readonly Piece[]): Program<number> {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return yield* blockWrite(device, position, first.address, first.bytes);
  return yield* blockScatter(device, position, pieces);
}
