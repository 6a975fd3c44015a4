import { moveWords, type PortBuffer } from "@procyon-os/driver";
import { errorCode, type Endpoint, type Program } from "@procyon-os/message";
import { printf } from "@procyon-os/syslib";
import type { BlockVectorElement } from "@procyon-os/contract-block";
import type { Drive } from "./at-wini-state.ts";
import { DATA, DRQ, issueTransfer, outcomeOf, pollStatus, resetController, waitInterrupt, type Outcome } from "./controller.ts";
import { setMultiple } from "./identify.ts";

export const SECTOR_BYTES = 512;
const MAX_SECTORS = 256; // a command
const TRIES = 4;
const READ = { single: { lba28: 0x20, lba48: 0x24 }, multiple: { lba28: 0xc4, lba48: 0x29 } };
const WRITE = { single: { lba28: 0x30, lba48: 0x34 }, multiple: { lba28: 0xc5, lba48: 0x39 } };

/** Where the bytes of a transfer come from or go to, in order. */
export interface Piece {
  readonly buffer: PortBuffer;
  readonly bytes: number;
}

/** The pieces of a request: its grants, up to `total` bytes. */
export function piecesOf(endpoint: Endpoint, elements: readonly BlockVectorElement[], total: number): Piece[] {
  const pieces: Piece[] = [];
  let left = total;
  for (const { grant, bytes } of elements) {
    const here = Math.min(bytes, left);
    if (here > 0) pieces.push({ buffer: { kind: "grant", process: endpoint, grant, offset: 0 }, bytes: here });
    left -= here;
  }
  return pieces;
}

/** The parts of the pieces that hold bytes `from` to `from + length`. */
export function slicePieces(pieces: readonly Piece[], from: number, length: number): Piece[] {
  const parts: Piece[] = [];
  let start = 0;
  for (const { buffer, bytes } of pieces) {
    const first = Math.max(from, start);
    const last = Math.min(from + length, start + bytes);
    if (first < last) {
      const skip = first - start;
      const moved = buffer.kind === "grant" ? { ...buffer, offset: buffer.offset + skip } : { ...buffer, address: buffer.address + skip };
      parts.push({ buffer: moved, bytes: last - first });
    }
    start += bytes;
  }
  return parts;
}

/** What ended a command early: the drive's outcome, or a buffer that is not there. */
type Failure = { readonly kind: "drive"; readonly outcome: Outcome } | { readonly kind: "buffer"; readonly error: number };

/** Moves sectors between a drive and pieces: 0, or a negative error. */
export function* transferSectors(drive: Drive, unit: number, write: boolean, sector: number, pieces: readonly Piece[]): Program<number> {
  const total = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (let tries = 0; done < total; ) {
    const count = Math.min(MAX_SECTORS, (total - done) / SECTOR_BYTES);
    const at = sector + done / SECTOR_BYTES;
    const { moved, failure } = yield* runCommand(drive, unit, write, at, slicePieces(pieces, done, count * SECTOR_BYTES), count);
    done += moved;
    if (failure === null) continue;
    yield* recoverDrive(drive, unit);
    if (failure.kind === "buffer") return failure.error;
    if (moved > 0) tries = 0;
    if (failure.outcome === "bad block" || ++tries === TRIES) {
      yield* printf(`at_wini: drive ${unit}: ${write ? "write" : "read"} error at sector ${sector + done / SECTOR_BYTES}\n`);
      return errorCode("EIO");
    }
  }
  return 0;
}

/** One command: block by block. `moved` counts only what is safe. */
function* runCommand(
  drive: Drive, unit: number, write: boolean, sector: number, pieces: readonly Piece[], count: number,
): Program<{ moved: number; failure: Failure | null }> {
  const codes = write ? WRITE : READ;
  yield* issueTransfer(unit, sector, count, drive.multiple > 1 ? codes.multiple : codes.single);
  const blockBytes = drive.multiple * SECTOR_BYTES;
  let moved = 0;
  let status = write ? yield* pollStatus() : 0; // a write's first block is asked for without an interrupt
  while (moved < count * SECTOR_BYTES) {
    if (!write) status = yield* waitInterrupt();
    const outcome = yield* outcomeOf(status);
    if (outcome !== "ok") return { moved, failure: { kind: "drive", outcome } };
    if ((status & DRQ) === 0) return { moved, failure: { kind: "drive", outcome: "error" } };
    const length = Math.min(blockBytes, count * SECTOR_BYTES - moved);
    for (const { buffer, bytes } of slicePieces(pieces, moved, length)) {
      const error = yield* moveWords(write ? "out" : "in", DATA, buffer, bytes);
      if (error !== 0) return { moved, failure: { kind: "buffer", error } };
    }
    if (write) {
      status = yield* waitInterrupt();
      const written = yield* outcomeOf(status);
      if (written !== "ok") return { moved, failure: { kind: "drive", outcome: written } };
    }
    moved += length;
  }
  return { moved, failure: null };
}

function* recoverDrive(drive: Drive, unit: number): Program<void> {
  yield* resetController();
  if (drive.multiple > 1) yield* setMultiple(unit, drive.multiple);
}
