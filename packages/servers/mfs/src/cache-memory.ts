import { CPF_READ } from "@procyon-os/contract-kernel";
import type { Endpoint, GrantId, Program, VirtAddr } from "@procyon-os/message";
import { changed } from "@procyon-os/sef";
import { grantDirect, mapMemory, revoke, vm, whoami } from "@procyon-os/syslib";

const PAGE = 4096;
/** Units are pages, or several where the pool is large: one call of VM for more (see `unitBytesFor`). */
export const LEAST_UNIT_BYTES: number = PAGE;
const MOST_UNIT_BYTES = 32 * 1024; // 32 places: the bits of a number
const LEAST_UNITS = 64;
/** Memory is asked for in chunks of this size, so that neighbors on disk tend to be neighbors in memory. */
const CHUNK_BYTES = 64 * 1024;

/** A stretch of the server's memory, as its state names it: the successor reads it by the grant. */
export interface SavedChunk {
  readonly bytes: number;
  readonly grant: GrantId;
}
/** A stretch of this instance's memory. */
export interface Chunk extends SavedChunk {
  readonly address: number;
  readonly units: readonly Unit[];
}

/** Pages of a chunk (or one block, where a block is larger), with places for neighboring blocks. */
export interface Unit {
  readonly address: number;
  /** The neighbors that belong here, each in its place (see `idOf`); blocks of others are here only where there was a place left. */
  home: number | null;
  /** "kept": a block as the saved state has it, which is not that block's contents any more. */
  readonly places: (Buffer | "kept" | null)[];
  used: number;
}

/** One block in memory. The contents lie in the server's own memory, where drivers and the kernel copy them from and to. */
export interface Buffer {
  unit: Unit;
  place: number; // in the unit
  address: number;
  readonly device: number;
  readonly block: number;
  dirty: boolean;
  /** The saved state names this memory for the block: nothing else may lie in it until another state is saved. */
  saved: boolean;
  touched: boolean; // changed by the request in work
  mayGo: boolean; // what it has changed is user's data alone, which may be on disk before the request is saved
  pins: number; // uses that go on across traps
  /** The contents once more, for structures that are looked into; null where nobody has looked. Changed with `store` only. */
  view: Uint8Array | null;
  older: Buffer | null;
  newer: Buffer | null;
}

/** Where blocks lie. */
export interface CacheMemory {
  readonly blockSize: number;
  readonly perUnit: number; // blocks
  readonly unitBytes: number;
  limit: number; // blocks that there may be room for; more only where a request cannot be done otherwise
  made: number;
  /** What the state says of it, by address. */
  readonly saved: Map<number, SavedChunk>;
  readonly chunks: Map<number, Chunk>;
  readonly idle: Unit[]; // hold nothing; the last is taken first
  readonly loose: Set<Unit>; // hold something, and have a place left
  readonly homes: Map<number, Unit>;
  /** Places that are free when the next state has been saved. */
  readonly kept: { unit: Unit; place: number }[];
  /** Chunks that go when the next state has been saved. */
  readonly doomed: Chunk[];
}

/** No memory yet. */
export function newMemory(blockSize: number, unitBytes: number, limit: number, saved: Map<number, SavedChunk>): CacheMemory {
  const perUnit = unitBytes % blockSize === 0 ? unitBytes / blockSize : 1;
  return {
    blockSize, perUnit, unitBytes: perUnit * blockSize, limit, made: 0, saved, chunks: new Map(), idle: [], loose: new Set(), homes: new Map(), kept: [], doomed: [],
  };
}

/** How large units are in a pool of so many bytes. */
export function unitBytesFor(poolBytes: number): number {
  let bytes = LEAST_UNIT_BYTES;
  while (bytes < MOST_UNIT_BYTES && bytes * 2 * LEAST_UNITS <= poolBytes) bytes *= 2;
  return bytes;
}

/** Says which neighbors belong into a unit that holds nothing. */
export function setHome(memory: CacheMemory, unit: Unit, home: number): void {
  if (memory.homes.has(home)) return;
  unit.home = home;
  memory.homes.set(home, unit);
}

/** What chunks are made of. */
export type UnitSize = Pick<CacheMemory, "blockSize" | "perUnit" | "unitBytes">;
const chunkUnits = (unitBytes: number): number => Math.max(1, Math.floor(CHUNK_BYTES / unitBytes));

/**
 * Gets memory that the pool has still to be told of (`addChunk`); null where none is left.
 * @param place the endpoint of this server, which is its successor's when this instance is dead
 */
export function* freshChunk({ unitBytes, perUnit }: UnitSize, place: Endpoint): Program<Chunk | null> {
  const bytes = chunkUnits(unitBytes) * unitBytes;
  const address = yield* mapMemory(bytes); // a region of its own: VM takes no block that lies in two
  if (address === null) return null;
  const units = Array.from({ length: bytes / unitBytes }, (_, i): Unit => ({
    address: address + i * unitBytes, home: null, places: Array.from({ length: perUnit }, () => null), used: 0,
  }));
  return { address, bytes, grant: yield* grantDirect(place, address, bytes, CPF_READ), units };
}

/** Whether a pool can use a chunk that was made for one with such units. */
export const isOfSize = ({ units }: Chunk, { unitBytes, perUnit }: UnitSize): boolean =>
  units.length === chunkUnits(unitBytes) && units.every(({ places }) => places.length === perUnit);

/** Gets another chunk; false where no memory is left: then what there is is the pool. */
export function* makeChunk(memory: CacheMemory): Program<boolean> {
  const chunk = yield* freshChunk(memory, (yield* whoami()).endpoint);
  if (chunk === null) memory.limit = Math.min(memory.limit, memory.made);
  else addChunk(memory, chunk);
  return chunk !== null;
}

/** The pool has a chunk more. */
export function addChunk(memory: CacheMemory, chunk: Chunk): void {
  const { address, bytes, grant, units } = chunk;
  memory.chunks.set(address, chunk);
  memory.saved.set(address, { bytes, grant });
  changed("memory", address);
  memory.made += bytes / memory.blockSize;
  for (let i = units.length - 1; i >= 0; i--) memory.idle.push(units[i] as Unit);
}

/** Puts something into a free place. */
export function occupy(memory: CacheMemory, unit: Unit, place: number, what: Buffer | "kept"): void {
  unit.places[place] = what;
  unit.used++;
  if (unit.used === memory.perUnit) memory.loose.delete(unit);
  else memory.loose.add(unit);
}

/** Makes a place free again. */
export function vacate(memory: CacheMemory, unit: Unit, place: number): void {
  unit.places[place] = null;
  unit.used--;
  if (unit.used > 0) return void memory.loose.add(unit);
  memory.loose.delete(unit);
  if (unit.home !== null) memory.homes.delete(unit.home);
  unit.home = null;
  memory.idle.push(unit);
}

/** What lies in a place is no block's contents any more; where the saved state names it, it stays until that is replaced. */
export function leavePlace(memory: CacheMemory, buffer: Buffer): void {
  const { unit, place } = buffer;
  if (!buffer.saved) return vacate(memory, unit, place);
  unit.places[place] = "kept";
  memory.kept.push({ unit, place });
  buffer.saved = false;
}

/** Everything goes, when the next state has been saved. */
export function doomMemory(memory: CacheMemory): void {
  for (const chunk of memory.chunks.values()) doom(memory, chunk);
  memory.idle.length = memory.kept.length = 0;
  memory.loose.clear();
  memory.homes.clear();
}

function doom(memory: CacheMemory, chunk: Chunk): void {
  memory.chunks.delete(chunk.address);
  memory.saved.delete(chunk.address);
  changed("memory", chunk.address);
  memory.doomed.push(chunk);
}

/** A state has been saved: what only the one before named is free. */
export function* settleMemory(memory: CacheMemory): Program<void> {
  for (const { unit, place } of memory.kept.splice(0)) vacate(memory, unit, place);
  for (const chunk of memory.doomed.splice(0)) yield* giveBack(chunk);
}

/** Gives the memory of a chunk back. */
export function* giveBack({ grant, address, bytes }: Chunk): Program<void> {
  yield* revoke(grant);
  yield* vm.munmap({ address: address as VirtAddr, length: bytes });
}

/** Gives back chunks beyond the limit that hold nothing. */
export function shrink(memory: CacheMemory): void {
  const blocks = (chunk: Chunk): number => chunk.bytes / memory.blockSize;
  for (const chunk of [...memory.chunks.values()]) {
    if (memory.made - blocks(chunk) < memory.limit) return;
    if (chunk.units.some(({ used }) => used > 0)) continue;
    doom(memory, chunk);
    memory.made -= blocks(chunk);
    const gone = new Set(chunk.units);
    memory.idle.splice(0, memory.idle.length, ...memory.idle.filter((unit) => !gone.has(unit)));
  }
}
