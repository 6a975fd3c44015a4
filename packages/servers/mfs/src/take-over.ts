import { SEG_D } from "@procyon-os/contract-kernel";
import { resumeBlockDevices } from "@procyon-os/driver";
import { fail, ok, type Endpoint, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { changed } from "@procyon-os/sef";
import { kernel, printf } from "@procyon-os/syslib";
import { makeChunk, type SavedChunk, type Unit } from "./cache-memory.ts";
import { enter, keyOf, newBuffer, takeUnit, type Cache } from "./cache.ts";
import { openMount, takeMarkAway } from "./mount.ts";
import { recordBlocks } from "./saving.ts";
import { decodeNode } from "./saved-node.ts";
import { startSecondLevel } from "./second-level.ts";
import { newMfs, settingsOf, type Mfs, type MfsState } from "./state.ts";

type OldMemory = ReadonlyMap<number, SavedChunk>;

/** Where an address of the old instance lies: the grant, and the place in it of the unit around the address. */
function placeOf(memory: OldMemory, address: number, unitBytes: number): { start: number; grant: SavedChunk["grant"]; offset: number } | null {
  for (const [start, { bytes, grant }] of memory) {
    if (address < start || address >= start + bytes) continue;
    const offset = Math.floor((address - start) / unitBytes) * unitBytes;
    return { start: start + offset, grant, offset };
  }
  return null;
}

function* freeUnit(cache: Cache): Program<Unit | null> {
  const taken = yield* takeUnit(cache, null);
  if (taken !== null) return taken.unit;
  return (yield* makeChunk(cache.memory)) ? ((yield* takeUnit(cache, null))?.unit ?? null) : null;
}

/** Copies the changed blocks out of the memory of the instance before, whole pages as they lie there. */
function* copyBlocks(cache: Cache, from: Endpoint, blocks: ReadonlyMap<number, number>, memory: OldMemory): Program<Result<null>> {
  const { unitBytes, blockSize } = cache.memory;
  const units = new Map<number, Unit>();
  for (const [key, address] of blocks) {
    const place = placeOf(memory, address, unitBytes);
    if (place === null) return fail("EFAULT");
    let unit = units.get(place.start);
    if (unit === undefined) {
      const made = yield* freeUnit(cache);
      if (made === null) return fail("ENOMEM");
      const copied = yield* kernel.safecopyfrom({
        process: from, segment: SEG_D, grant: place.grant, offset: place.offset, address: made.address as VirtAddr, bytes: unitBytes,
      });
      if (!copied.ok) return fail("EFAULT");
      unit = made;
      units.set(place.start, unit);
    }
    const [device, block] = [Math.floor(key / 2 ** 32), key % 2 ** 32];
    const buffer = enter(cache, newBuffer(cache, unit, (address - place.start) / blockSize, device, block));
    buffer.dirty = true;
    cache.dirty.add(buffer);
    cache.altered.add(keyOf(device, block));
  }
  return ok(null);
}

/** Goes on where the instance before stopped: with its inodes, its changed blocks, its mount and its open device. */
export function* takeOver(state: MfsState, from: Endpoint): Program<Result<Mfs>> {
  const [blocks, memory] = [new Map(state.blocks), new Map(state.memory)];
  for (const key of blocks.keys()) changed("blocks", key);
  for (const key of memory.keys()) changed("memory", key);
  state.blocks.clear();
  state.memory.clear();
  const mfs = newMfs(state);
  yield* resumeBlockDevices(settingsOf(state).devices);
  yield* startSecondLevel(mfs.cache.second, mfs.cache.memory.unitBytes);
  const copied = yield* copyBlocks(mfs.cache, from, blocks, memory);
  if (!copied.ok) {
    yield* printf(`mfs: ${blocks.size} changed blocks cannot be taken over: ${copied.error}\n`);
    return copied;
  }
  for (const saved of state.mounts.values()) mfs.mount = yield* openMount(saved);
  for (const [number, bytes] of state.nodes) mfs.nodes.set(number, decodeNode(mfs, number, bytes));
  recordBlocks(mfs);
  yield* takeMarkAway(mfs);
  return ok(mfs);
}
