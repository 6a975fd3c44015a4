import { BDEV_R_BIT, BDEV_W_BIT } from "@procyon-os/contract-block";
import { REQ_ISROOT, REQ_RDONLY } from "@procyon-os/contract-fs";
import { blockClose, blockDevices, blockDriver, blockOpen, blockRead, blockWrite } from "@procyon-os/driver";
import {
  decodeSuperblock, encodeSuperblock, FLAG_CLEAN, geometryOf, isSpecial, ROOT_INODE, SUPERBLOCK_AREA_BYTES, SUPERBLOCK_OFFSET,
  superblockProblem, type Superblock,
} from "@procyon-os/mfs-format";
import { fail, ok, type Endpoint, type GrantId, type Program } from "@procyon-os/message";
import { changed } from "@procyon-os/sef";
import { allocate, bytesText, free, load, printf, readGrant, store } from "@procyon-os/syslib";
import { countFree } from "./allocation.ts";
import { LEAST_UNIT_BYTES, unitBytesFor } from "./cache-memory.ts";
import { poolSize } from "./cache-size.ts";
import { forgetBlock, invalidate, resizeCache } from "./cache.ts";
import { isDirectory } from "./directory.ts";
import { flushAll, flushDevice } from "./flush.ts";
import type { MfsHandlers } from "./handlers.ts";
import { addReferences, hold, inUse, writeNodes } from "./nodes.ts";
import { startSecondLevel } from "./second-level.ts";
import { changeSettings, freshState, mounted, type Mfs, type Mount, type SavedMount } from "./state.ts";

/** LABEL_MAX, the NUL included. */
const LABEL_BYTES = 16;
/** RES_CONREQS: requests are dealt with one at a time. */
const CONCURRENT_REQUESTS = 1;

const hex = (device: number): string => `0x${device.toString(16)}`;

/** A driver's label from a grant, or null. */
export function* readLabel(caller: Endpoint, grant: GrantId, length: number): Program<string | null> {
  if (length < 2 || length > LABEL_BYTES) return null;
  const bytes = yield* readGrant(caller, grant, 0, length);
  return bytes.ok ? bytesText(bytes.value) : null;
}

/** Reads the superblock, or gives null where the device does not. It has no place in the cache: it lies at the same byte whatever the block size. */
function* readSuperblock(device: number): Program<Superblock | null> {
  const address = yield* allocate(SUPERBLOCK_AREA_BYTES);
  const came = yield* blockRead(device, SUPERBLOCK_OFFSET, address, SUPERBLOCK_AREA_BYTES);
  const bytes = yield* load(address, SUPERBLOCK_AREA_BYTES);
  free(address);
  return came === SUPERBLOCK_AREA_BYTES ? decodeSuperblock(bytes) : null;
}

/** Says on disk whether the file system is in order. */
function* writeFlags(mfs: Mfs, mount: Mount, flags: number): Program<boolean> {
  mount.saved.superblock = { ...mount.saved.superblock, flags };
  changed("mounts", mount.device);
  const address = yield* allocate(SUPERBLOCK_AREA_BYTES);
  yield* store(address, encodeSuperblock(mount.saved.superblock));
  const went = yield* blockWrite(mount.device, SUPERBLOCK_OFFSET, address, SUPERBLOCK_AREA_BYTES);
  free(address);
  forgetBlock(mfs.cache, mount.device, Math.floor(SUPERBLOCK_OFFSET / mfs.cache.memory.blockSize));
  return went === SUPERBLOCK_AREA_BYTES;
}

/** Opens the device as it can be used: one that was not left in order is opened read-only. */
function* openDevice(device: number, askedReadOnly: boolean): Program<{ superblock: Superblock; readOnly: boolean } | null> {
  const access = askedReadOnly ? BDEV_R_BIT : BDEV_R_BIT | BDEV_W_BIT;
  const opened = yield* blockOpen(device, access);
  if (opened !== 0) {
    yield* printf(`mfs: device ${hex(device)} does not open: error ${opened}\n`);
    return null;
  }
  const superblock = yield* readSuperblock(device);
  const problem = superblock === null ? "the superblock cannot be read" : superblockProblem(superblock);
  if (superblock === null || problem !== null) {
    yield* printf(`mfs: device ${hex(device)}: ${problem}\n`);
    yield* blockClose(device);
    return null;
  }
  if (askedReadOnly || (superblock.flags & FLAG_CLEAN) !== 0) return { superblock, readOnly: askedReadOnly };
  yield* printf(`mfs: device ${hex(device)} was not unmounted in order: mounted read-only; run fsck\n`);
  yield* blockClose(device);
  return (yield* blockOpen(device, BDEV_R_BIT)) === 0 ? { superblock, readOnly: true } : null;
}

function* abandon(mfs: Mfs, mount: Mount): Program<void> {
  const { state } = mfs;
  mfs.held.length = 0;
  mfs.nodes.clear();
  mfs.alteredNodes.clear();
  for (const number of state.nodes.keys()) changed("nodes", number);
  state.nodes.clear();
  state.mounts.delete(mount.device);
  changed("mounts", mount.device);
  yield* invalidate(mfs.cache, mount.device);
  if (mount.zeros !== null) free(mount.zeros);
  mfs.mount = null;
  yield* blockClose(mount.device);
  changeSettings(state, { devices: blockDevices() });
}

/** A mount as the state has it, with what an instance makes of it. */
export function openMount(saved: SavedMount): Mount {
  const { device, readOnly, isRoot, superblock } = saved;
  return { device, readOnly, isRoot, geometry: geometryOf(superblock), saved, zeros: null };
}

/**
 * Takes the clean mark away on disk, once the state says that the file system is mounted: in a request that comes again the
 * mark would be missed.
 */
export function* takeMarkAway(mfs: Mfs): Program<boolean> {
  const { mount } = mfs;
  if (mount === null || !mount.saved.markDue) return false;
  const went = yield* writeFlags(mfs, mount, mount.saved.superblock.flags & ~FLAG_CLEAN);
  if (!went) yield* printf(`mfs: device ${hex(mount.device)}: the clean mark cannot be taken away\n`);
  mount.saved.markDue = false;
  return true;
}

/** REQ_READSUPER. On a file system that can be written the clean mark is then taken away, until it is unmounted. */
export const readSuper: MfsHandlers["readSuper"] = function* (mfs, caller, request) {
  const { state } = mfs;
  const label = yield* readLabel(caller, request.grant, request.pathLength);
  if (label === null || mfs.mount !== null) return fail("EINVAL");
  yield* blockDriver(request.device, label);
  const opened = yield* openDevice(request.device, (request.flags & REQ_RDONLY) !== 0);
  if (opened === null) return fail("EINVAL");
  const { superblock, readOnly } = opened;
  if (mfs.cache.memory.blockSize !== superblock.blockSize) {
    yield* flushAll(mfs.cache);
    resizeCache(mfs.cache, superblock.blockSize, LEAST_UNIT_BYTES);
  }
  const isRoot = (request.flags & REQ_ISROOT) !== 0;
  const saved: SavedMount = { device: request.device, superblock, readOnly, isRoot, markDue: !readOnly };
  const mount = openMount(saved);
  mfs.mount = mount;
  Object.assign(state.search, freshState().search);
  state.mounts.set(mount.device, saved);
  changed("mounts", mount.device);

  const root = yield* hold(mfs, ROOT_INODE);
  if (!root.ok || !isDirectory(root.value) || (!readOnly && !(yield* writeFlags(mfs, mount, superblock.flags)))) {
    yield* printf(`mfs: device ${hex(mount.device)} has no root directory, or cannot be written\n`);
    yield* abandon(mfs, mount);
    return fail("EINVAL");
  }
  yield* setLimit(mfs, mount);
  addReferences(root.value, 1);
  const { mode, size, uid, gid } = root.value.inode;
  return ok({ inode: ROOT_INODE, fileSizeHigh: 0, fileSize: size, device: mount.device, mode, uid, gid, concurrentRequests: CONCURRENT_REQUESTS });
};

/** How large the pool may get. */
function* setLimit(mfs: Mfs, { device, geometry }: Mount): Program<void> {
  const usedBlocks = geometry.zones - (yield* countFree(mfs)).zones;
  const limit = yield* poolSize({ device, blockSize: geometry.blockSize, blocks: geometry.zones, usedBlocks });
  const { blockSize } = geometry;
  const unitBytes = unitBytesFor(limit * blockSize);
  if (unitBytes !== mfs.cache.memory.unitBytes) {
    yield* flushAll(mfs.cache);
    resizeCache(mfs.cache, blockSize, unitBytes);
  }
  const { memory, second } = mfs.cache;
  memory.limit = Math.max(memory.made, limit);
  startSecondLevel(second, memory.unitBytes);
  changeSettings(mfs.state, { blockSize, unitBytes: memory.unitBytes, cacheLimit: memory.limit, devices: blockDevices() });
}

/** REQ_MOUNTPOINT. The mark stays while VFS has the inode. */
export const mountPoint: MfsHandlers["mountPoint"] = function* (mfs, _caller, { inode }) {
  const held = yield* hold(mfs, inode);
  if (!held.ok) return held;
  if (held.value.mountPoint) return fail("EBUSY");
  if (isSpecial(held.value.inode.mode)) return fail("ENOTDIR");
  held.value.mountPoint = true;
  held.value.altered.add(held.value);
  return ok({});
};

/** REQ_UNMOUNT: everything is written, and the clean mark last. */
export const unmount: MfsHandlers["unmount"] = function* (mfs) {
  const mount = mounted(mfs);
  let references = 0;
  for (const node of mfs.nodes.values()) references += node.references;
  if (references > 1) return fail("EBUSY");
  const root = inUse(mfs, ROOT_INODE);
  if (root !== null) addReferences(root, -root.references);
  yield* writeNodes(mfs);
  yield* flushAll(mfs.cache);
  if (!mount.readOnly) {
    const lost = [...mfs.cache.dirty].some((buffer) => buffer.device === mount.device);
    if (lost) yield* printf(`mfs: device ${hex(mount.device)} could not be written: it is left unclean\n`);
    else yield* writeFlags(mfs, mount, mount.saved.superblock.flags | FLAG_CLEAN);
  }
  yield* abandon(mfs, mount);
  return ok({});
};

/** REQ_FLUSH: for a block device that somebody closes. */
export const flush: MfsHandlers["flush"] = function* (mfs, _caller, { device }) {
  if (mfs.mount?.device === device) return fail("EBUSY");
  yield* flushDevice(mfs.cache, device);
  yield* invalidate(mfs.cache, device);
  return ok({});
};

/** REQ_NEW_DRIVER. */
export const newDriver: MfsHandlers["newDriver"] = function* (mfs, caller, { device, grant, pathLength }) {
  const label = yield* readLabel(caller, grant, pathLength);
  if (label === null) return fail("EINVAL");
  yield* blockDriver(device, label);
  changeSettings(mfs.state, { devices: blockDevices() });
  return ok({});
};
