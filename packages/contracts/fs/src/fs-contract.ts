import { call, grantId, i32, m9, protocol, u32 } from "@procyon-os/message";
import { FS_BASE, u16 } from "./numbers.ts";

// Places: reference/posix-abi.md 4.4. Each name below is MINIX's REQ_ or RES_ field of the same meaning.
const device = { EIO: "the block driver failed", EINVAL: "no such inode is in use", ENFILE: "the inode table in memory is full" } as const;
const readOnly = { EROFS: "the file system is mounted read-only" } as const;
const name = {
  ENOENT: "no such entry, or the directory has been removed",
  ENOTDIR: "not a directory",
  EFAULT: "the name cannot be read from its grant",
  ENAMETOOLONG: "the name is empty or longer than a path",
} as const;
const room = { ENOSPC: "no free block is left", EFBIG: "past the largest size that the format allows" } as const;
const newEntry = {
  ...device, ...readOnly, ...name, ...room,
  EEXIST: "the name is taken",
  EMLINK: "a directory or file has as many links as it can",
} as const;

const inode = { inode: m9.l1(u32) } as const;
const named = { inode: m9.l1(u32), grant: m9.l2(grantId), pathLength: m9.s2(u16) } as const;
const owner = { uid: m9.s4(u16), gid: m9.s1(u16) } as const;
const node = {
  inode: m9.l1(u32), fileSizeHigh: m9.l2(u32), fileSize: m9.l3(u32), device: m9.l4(u32), mode: m9.s2(u16), ...owner,
} as const;
const transfer = { grant: m9.l2(grantId), positionHigh: m9.l3(u32), position: m9.l4(u32), bytes: m9.l5(u32) } as const;
const transferred = { positionHigh: m9.l3(u32), position: m9.l4(u32), bytes: m9.l5(u32) } as const;
const fault = { EFAULT: "the data grant covers memory that is not there" } as const;

/** VFS to any file server: one request at a time, data by grants (reference/posix-abi.md 4.4). */
export const fsContract = protocol({
  name: "fs",
  version: "0.1.0",
  base: FS_BASE,
  calls: {
    getNode: call(1, { about: "Obsolete; every file server refuses it.", request: inode, reply: {}, repeatable: false, errors: { EINVAL: "always" } }),
    putNode: call(2, {
      about: "Drops references to an inode.", repeatable: false,
      request: { ...inode, count: m9.l2(u32) }, reply: {},
      errors: { EINVAL: "the inode is not in use, or has fewer references" },
    }),
    symlink: call(3, {
      about: "Makes a symbolic link; the target's text is in the second grant.", repeatable: false,
      request: { inode: m9.l1(u32), grant: m9.l2(grantId), pathLength: m9.s2(u16), targetGrant: m9.l3(grantId), targetLength: m9.l5(u32), ...owner },
      reply: {}, errors: newEntry,
    }),
    truncate: call(4, {
      about: "Sets a file's size to start (end 0), or frees the bytes from start to end.", repeatable: false,
      request: { ...inode, startHigh: m9.l2(u32), start: m9.l3(u32), endHigh: m9.l4(u32), end: m9.l5(u32) }, reply: {},
      errors: { ...device, ...readOnly, ...room },
    }),
    chown: call(5, {
      about: "Sets owner and group; clears the set-id bits.", repeatable: false,
      request: { ...inode, ...owner }, reply: { mode: m9.s2(u16) }, errors: { ...device, ...readOnly },
    }),
    chmod: call(6, {
      about: "Sets the permission bits.", repeatable: false,
      request: { ...inode, mode: m9.s3(u16) }, reply: { mode: m9.s2(u16) }, errors: { ...device, ...readOnly },
    }),
    inhibitRead: call(7, { about: "The next read of the file is not sequential.", request: inode, reply: {}, repeatable: true, errors: { EINVAL: device.EINVAL } }),
    stat: call(8, {
      about: "Copies a struct stat of 100 bytes to the grant.", repeatable: true,
      request: { ...inode, grant: m9.l2(grantId) }, reply: {}, errors: { ...device, ...fault },
    }),
    utime: call(9, {
      about: "Sets access and modification time.", repeatable: false,
      request: { ...inode, accessTime: m9.l2(i32), modificationTime: m9.l3(i32) }, reply: {}, errors: { ...device, ...readOnly },
    }),
    fstatfs: call(10, { about: "Copies a struct statfs of 4 bytes to the grant.", request: { grant: m9.l2(grantId) }, reply: {}, repeatable: true, errors: fault }),
    blockRead: call(11, {
      about: "Reads a block device through this server's cache.", repeatable: true,
      request: { device: m9.l1(u32), ...transfer }, reply: transferred, errors: { ...device, ...fault },
    }),
    blockWrite: call(12, {
      about: "Writes a block device through this server's cache.", repeatable: false,
      request: { device: m9.l1(u32), ...transfer }, reply: transferred,
      errors: { ...device, ...fault, ...readOnly, EPERM: "the superblock of the mounted file system" },
    }),
    unlink: call(13, {
      about: "Removes a name that is no directory's.", repeatable: false, request: named, reply: {},
      errors: { ...device, ...readOnly, ...name, EPERM: "the name is a directory's", EBUSY: "something is mounted on it" },
    }),
    rmdir: call(14, {
      about: "Removes an empty directory.", repeatable: false, request: named, reply: {},
      errors: { ...device, ...readOnly, ...name, ENOTEMPTY: "there are entries in it", EBUSY: "it is the root, or something is mounted on it" },
    }),
    unmount: call(15, { about: "Writes everything back and forgets the device.", request: {}, reply: {}, repeatable: false, errors: { EBUSY: "inodes are in use", EINVAL: "nothing is mounted" } }),
    sync: call(16, { about: "Writes everything back.", request: {}, reply: {}, repeatable: true, errors: {} }),
    newDriver: call(17, {
      about: "Says which driver (by label) now serves a device.", repeatable: true,
      request: { device: m9.l5(u32), grant: m9.l2(grantId), pathLength: m9.s2(u16) }, reply: {},
      errors: { EINVAL: "the label is too long or cannot be read" },
    }),
    flush: call(18, {
      about: "Writes back and forgets what the cache holds of a device.", repeatable: true,
      request: { device: m9.l5(u32) }, reply: {}, errors: { EBUSY: "the device is this file system's own" },
    }),
    read: call(19, {
      about: "Reads from a file into the grant; fewer bytes at its end.", repeatable: true,
      request: { ...inode, ...transfer }, reply: transferred, errors: { ...device, ...fault },
    }),
    write: call(20, {
      about: "Writes from the grant into a file.", repeatable: false,
      request: { ...inode, ...transfer }, reply: transferred, errors: { ...device, ...readOnly, ...room, ...fault },
    }),
    mknod: call(21, {
      about: "Makes a special file, FIFO or plain node.", repeatable: false,
      request: { ...named, mode: m9.s3(u16), device: m9.l5(u32), ...owner }, reply: {}, errors: newEntry,
    }),
    mkdir: call(22, { about: "Makes a directory.", request: { ...named, mode: m9.s3(u16), ...owner }, reply: {}, repeatable: false, errors: newEntry }),
    create: call(23, {
      about: "Makes a file and leaves it open: one reference.", repeatable: false,
      request: { ...named, mode: m9.s3(u16), ...owner }, reply: node, errors: newEntry,
    }),
    link: call(24, {
      about: "Gives a file one more name.", repeatable: false,
      request: { ...named, directory: m9.l3(u32) }, reply: {},
      errors: { ...newEntry, EPERM: "a directory gets no second name" },
    }),
    rename: call(25, {
      about: "Renames within this file system.", repeatable: false,
      request: {
        newGrant: m9.l1(grantId), oldGrant: m9.l2(grantId), oldDirectory: m9.l3(u32), newDirectory: m9.l4(u32),
        oldLength: m9.s1(u16), newLength: m9.s2(u16),
      },
      reply: {},
      errors: { ...newEntry, EISDIR: "a file cannot take a directory's place", ENOTEMPTY: "the target directory has entries", EXDEV: "a mount point lies on one side", EBUSY: "a mount point" },
    }),
    lookup: call(26, {
      about: "Walks a path from a directory; the answer is an inode (one reference more), or where to go on. See `decodeLookupReply`.", repeatable: false,
      request: {
        credentialsGrant: m9.l1(grantId), grant: m9.l2(grantId), directory: m9.l3(u32), root: m9.l4(u32), pathSize: m9.l5(u32),
        gid: m9.s1(u16), pathLength: m9.s2(u16), flags: m9.s3(u16), uidOrCredentialsSize: m9.s4(u16),
      },
      reply: node,
      errors: { ...device, ...name, EACCES: "a directory on the way may not be searched", E2BIG: "the path is longer than 1024 bytes", ELOOP: "more than 16 links on the way" },
    }),
    mountPoint: call(27, {
      about: "Marks an inode as covered by another file system.", repeatable: false, request: inode, reply: {},
      errors: { ...device, EBUSY: "something is mounted there already", ENOTDIR: "a special file" },
    }),
    readSuper: call(28, {
      about: "Mounts: opens the device and answers the root inode (one reference).", repeatable: false,
      request: { grant: m9.l2(grantId), device: m9.l5(u32), pathLength: m9.s2(u16), flags: m9.s3(u16) },
      reply: { ...node, concurrentRequests: m9.s3(u16) },
      errors: { EINVAL: "no file system of this kind, or the device does not open" },
    }),
    newNode: call(29, {
      about: "Makes an inode without a name (PFS).", repeatable: false,
      request: { mode: m9.s3(u16), device: m9.l5(u32), ...owner }, reply: node, errors: { ENFILE: "the inode table is full", EIO: "the mode is not a pipe's or a device's", ENOSYS: "this server has no such inodes" },
    }),
    readLink: call(30, {
      about: "Copies the text of a symbolic link to the grant, without a NUL.", repeatable: true,
      request: { ...inode, grant: m9.l2(grantId), size: m9.l5(u32) }, reply: { bytes: m9.l5(u32) },
      errors: { ...device, ...fault, EACCES: "not a symbolic link" },
    }),
    getDents: call(31, {
      about: "Copies directory records to the grant, as many as fit.", repeatable: true,
      request: { ...inode, grant: m9.l2(grantId), positionHigh: m9.l3(u32), position: m9.l4(u32), size: m9.l5(u32) }, reply: transferred,
      errors: { ...device, ...fault, ENOENT: "the position is not at an entry" },
    }),
    statvfs: call(32, { about: "Copies a struct statvfs of 76 bytes to the grant.", request: { grant: m9.l2(grantId) }, reply: {}, repeatable: true, errors: { ...device, ...fault } }),
  },
});
