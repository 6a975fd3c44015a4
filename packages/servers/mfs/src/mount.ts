import { BDEV_R_BIT, BDEV_W_BIT } from "@procyon-os/contract-block";
import { REQ_ISROOT, REQ_RDONLY } from "@procyon-os/contract-fs";
import { blockClose, blockDriver, blockOpen, blockRead, blockWrite } from "@procyon-os/driver";
import {
  decodeSuperblock, encodeSuperblock, FLAG_CLEAN, geometryOf, isSpecial, ROOT_INODE, SUPERBLOCK_AREA_BYTES, SUPERBLOCK_OFFSET,
  superblockProblem, type Superblock,
} from "@procyon-os/mfs-format";
import { fail, ok, type Endpoint, type GrantId, type Program } from "@procyon-os/message";
import { allocate, bytesText, free, load, printf, readGrant, store } from "@procyon-os/syslib";
import { countFree } from "./allocation.ts";
import { poolSize } from "./cache-size.ts";
import { flushAll, flushDevice, forgetBlock, invalidate, resizeCache } from "./cache.ts";
import { isDirectory } from "./directory.ts";
import type { MfsHandlers } from "./handlers.ts";
import { hold, inUse, writeNodes } from "./nodes.ts";
import { mounted, type Mfs, type Mount } from "./state.ts";

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
  mount.superblock = { ...mount.superblock, flags };
  const address = yield* allocate(SUPERBLOCK_AREA_BYTES);
  yield* store(address, encodeSuperblock(mount.superblock));
  const went = yield* blockWrite(mount.device, SUPERBLOCK_OFFSET, address, SUPERBLOCK_AREA_BYTES);
  free(address);
  forgetBlock(mfs.cache, mount.device, Math.floor(SUPERBLOCK_OFFSET / mfs.cache.blockSize));
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
  mfs.held.length = 0;
  mfs.nodes.clear();
  invalidate(mfs.cache, mount.device);
  free(mount.zeros);
  mfs.mount = null;
  yield* blockClose(mount.device);
}

/** REQ_READSUPER. On a file system that can be written the clean mark is taken away until it is unmounted. */
export const readSuper: MfsHandlers["readSuper"] = function* (mfs, caller, request) {
  const label = yield* readLabel(caller, request.grant, request.pathLength);
  if (label === null || mfs.mount !== null) return fail("EINVAL");
  yield* blockDriver(request.device, label);
  const opened = yield* openDevice(request.device, (request.flags & REQ_RDONLY) !== 0);
  if (opened === null) return fail("EINVAL");
  const { superblock, readOnly } = opened;
  const geometry = geometryOf(superblock);
  if (mfs.cache.blockSize !== geometry.blockSize) {
    yield* flushAll(mfs.cache);
    resizeCache(mfs.cache, geometry.blockSize);
  }
  const zeros = yield* allocate(geometry.blockSize);
  yield* store(zeros, new Uint8Array(geometry.blockSize));
  const isRoot = (request.flags & REQ_ISROOT) !== 0;
  const mount: Mount = { device: request.device, superblock, geometry, readOnly, isRoot, zoneSearch: 1, inodeSearch: 1, fullTold: false, zeros };
  mfs.mount = mount;

  const root = yield* hold(mfs, ROOT_INODE);
  if (!root.ok || !isDirectory(root.value) || (!readOnly && !(yield* writeFlags(mfs, mount, superblock.flags & ~FLAG_CLEAN)))) {
    yield* printf(`mfs: device ${hex(mount.device)} has no root directory, or cannot be written\n`);
    yield* abandon(mfs, mount);
    return fail("EINVAL");
  }
  const usedBlocks = geometry.zones - (yield* countFree(mfs)).zones;
  const limit = yield* poolSize({ device: mount.device, blockSize: geometry.blockSize, blocks: geometry.zones, usedBlocks });
  mfs.cache.limit = Math.max(mfs.cache.made, limit);
  root.value.references = 1;
  const { mode, size, uid, gid } = root.value.inode;
  return ok({ inode: ROOT_INODE, fileSizeHigh: 0, fileSize: size, device: mount.device, mode, uid, gid, concurrentRequests: CONCURRENT_REQUESTS });
};

/** REQ_MOUNTPOINT. The mark stays while VFS has the inode. */
export const mountPoint: MfsHandlers["mountPoint"] = function* (mfs, _caller, { inode }) {
  const held = yield* hold(mfs, inode);
  if (!held.ok) return held;
  if (held.value.mountPoint) return fail("EBUSY");
  if (isSpecial(held.value.inode.mode)) return fail("ENOTDIR");
  held.value.mountPoint = true;
  return ok({});
};

/** REQ_UNMOUNT: everything is written, and the clean mark last. */
export const unmount: MfsHandlers["unmount"] = function* (mfs) {
  const mount = mounted(mfs);
  let references = 0;
  for (const node of mfs.nodes.values()) references += node.references;
  if (references > 1) return fail("EBUSY");
  const root = inUse(mfs, ROOT_INODE);
  if (root !== null) root.references = 0;
  yield* writeNodes(mfs);
  yield* flushAll(mfs.cache);
  if (!mount.readOnly) {
    const lost = [...mfs.cache.dirty].some((buffer) => buffer.device === mount.device);
    if (lost) yield* printf(`mfs: device ${hex(mount.device)} could not be written: it is left unclean\n`);
    else yield* writeFlags(mfs, mount, mount.superblock.flags | FLAG_CLEAN);
  }
  yield* abandon(mfs, mount);
  return ok({});
};

/** REQ_FLUSH: for a block device that somebody closes. */
export const flush: MfsHandlers["flush"] = function* (mfs, _caller, { device }) {
  if (mfs.mount?.device === device) return fail("EBUSY");
  yield* flushDevice(mfs.cache, device);
  invalidate(mfs.cache, device);
  return ok({});
};

/** REQ_NEW_DRIVER. */
export const newDriver: MfsHandlers["newDriver"] = function* (_mfs, caller, { device, grant, pathLength }) {
  const label = yield* readLabel(caller, grant, pathLength);
  if (label === null) return fail("EINVAL");
  yield* blockDriver(device, label);
  return ok({});
};
