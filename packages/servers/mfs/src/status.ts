import { encodeStat, encodeStatvfs, ST_RDONLY } from "@procyon-os/contract-fs";
import { ALL_MODES, isSpecial, isType, NAME_MAX, S_IFLNK, S_ISGID, S_ISUID } from "@procyon-os/mfs-format";
import { fail, ok } from "@procyon-os/message";
import { textBytes, writeGrant } from "@procyon-os/syslib";
import { countFree } from "./allocation.ts";
import type { MfsHandlers } from "./handlers.ts";
import { changed, hold, updateTimes } from "./nodes.ts";
import { CTIME, mounted } from "./state.ts";
import { readLinkText } from "./symlink.ts";

const noPlace = { ok: false, error: "EFAULT" } as const;

/** REQ_STAT: the times that are due are filled in first. */
export const stat: MfsHandlers["stat"] = function* (mfs, caller, { inode: number, grant }) {
  const held = yield* hold(mfs, number);
  if (!held.ok) return held;
  yield* updateTimes(mfs, held.value);
  const { inode } = held.value;
  const { device, geometry } = mounted(mfs);
  const bytes = encodeStat({
    device, mode: inode.mode, inode: number, links: inode.links, uid: inode.uid, gid: inode.gid,
    specialDevice: isSpecial(inode.mode) ? (inode.zones[0] as number) : 0,
    accessTime: inode.accessTime, modificationTime: inode.modificationTime, changeTime: inode.changeTime,
    size: inode.size, blocks: Math.ceil(inode.size / 512), blockSize: geometry.blockSize,
  });
  return (yield* writeGrant(caller, grant, 0, bytes)).ok ? ok({}) : noPlace;
};

/** REQ_FSTATFS: only the block size. */
export const fstatfs: MfsHandlers["fstatfs"] = function* (mfs, caller, { grant }) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, mounted(mfs).geometry.blockSize, true);
  return (yield* writeGrant(caller, grant, 0, bytes)).ok ? ok({}) : noPlace;
};

/** REQ_STATVFS. */
export const statvfs: MfsHandlers["statvfs"] = function* (mfs, caller, { grant }) {
  const { device, geometry, readOnly } = mounted(mfs);
  const free = yield* countFree(mfs);
  const bytes = encodeStatvfs({
    blockSize: geometry.blockSize, fragmentSize: geometry.blockSize,
    blocks: geometry.zones, blocksFree: free.zones, blocksAvailable: free.zones,
    files: geometry.inodes, filesFree: free.inodes, filesAvailable: free.inodes,
    fileSystemId: device, flags: readOnly ? ST_RDONLY : 0, maximumName: NAME_MAX,
  });
  return (yield* writeGrant(caller, grant, 0, bytes)).ok ? ok({}) : noPlace;
};

/** REQ_CHMOD. Who may is VFS's to say. */
export const chmod: MfsHandlers["chmod"] = function* (mfs, _caller, { inode, mode }) {
  const held = yield* hold(mfs, inode);
  if (!held.ok) return held;
  if (mounted(mfs).readOnly) return fail("EROFS");
  const node = held.value;
  node.inode.mode = (node.inode.mode & ~ALL_MODES) | (mode & ALL_MODES);
  changed(node, CTIME);
  return ok({ mode: node.inode.mode });
};

/** REQ_CHOWN. */
export const chown: MfsHandlers["chown"] = function* (mfs, _caller, { inode, uid, gid }) {
  const held = yield* hold(mfs, inode);
  if (!held.ok) return held;
  if (mounted(mfs).readOnly) return fail("EROFS");
  const node = held.value;
  node.inode.uid = uid;
  node.inode.gid = gid;
  node.inode.mode &= ~(S_ISUID | S_ISGID);
  changed(node, CTIME);
  return ok({ mode: node.inode.mode });
};

/** REQ_UTIME: times that were due are not set over these. */
export const utime: MfsHandlers["utime"] = function* (mfs, _caller, { inode, accessTime, modificationTime }) {
  const held = yield* hold(mfs, inode);
  if (!held.ok) return held;
  if (mounted(mfs).readOnly) return fail("EROFS");
  const node = held.value;
  node.inode.accessTime = accessTime;
  node.inode.modificationTime = modificationTime;
  node.updates = 0;
  changed(node, CTIME);
  return ok({});
};

/** REQ_RDLINK: as much of the text as fits, without a NUL. */
export const readLink: MfsHandlers["readLink"] = function* (mfs, caller, { inode, grant, size }) {
  const held = yield* hold(mfs, inode);
  if (!held.ok) return held;
  if (!isType(held.value.inode.mode, S_IFLNK)) return fail("EACCES");
  const text = textBytes(yield* readLinkText(mfs, held.value)).subarray(0, size);
  return (yield* writeGrant(caller, grant, 0, text)).ok ? ok({ bytes: text.length }) : noPlace;
};
