import { call, i32, m1, m2, m3, m8, mtype, protocol, u32, virtAddr, type Call } from "@procyon-os/message";

// Two forms of naming a path. M1: length (with NUL) and address. M3: the same, and the path itself in the message where it
// has at most M3_STRING bytes with its NUL (reference/posix-abi.md 4.1).
const path1 = { pathLength: m1.i1(i32), path: m1.p1(virtAddr) } as const;
const twoPaths = { ...path1, path2Length: m1.i2(i32), path2: m1.p2(virtAddr) } as const;
const path3 = { pathLength: m3.i1(i32), path: m3.p1(virtAddr), inline: m3.ca1() } as const;
const fd = m1.i1(i32);
const count = { result: mtype(i32) } as const;

const pathErrors = {
  ENOENT: "a component does not exist", ENOTDIR: "a component is no directory", EACCES: "a directory may not be searched, or the file not used so",
  ELOOP: "more than 16 symbolic links", ENAMETOOLONG: "the path is longer than 1024 bytes", EINVAL: "the length is not positive, or an argument is out of range",
  EFAULT: "an address is not the caller's memory", EIO: "the device or file server failed",
} as const;
const changeErrors = { ...pathErrors, EROFS: "the file system is read-only", EPERM: "only the owner or root may", ENOSPC: "the device is full" } as const;
const entryErrors = { ...changeErrors, EEXIST: "the name is taken", EXDEV: "two file systems", EMLINK: "too many links", EBUSY: "a mount point, or in use", EISDIR: "a directory", ENOTEMPTY: "the directory has entries" } as const;
const fdErrors = { EBADF: "not an open descriptor, or not open for this", EIO: "the device or file server failed", EINVAL: "an argument is out of range", EFAULT: "an address is not the caller's memory" } as const;
const transferErrors = { ...fdErrors, EAGAIN: "it would wait and O_NONBLOCK is set", EINTR: "a signal came", EPIPE: "nobody reads the pipe", ENOSPC: "the device is full", EFBIG: "the file would be too large", ENXIO: "no driver", ERESTART: "the driver was replaced meanwhile" } as const;
const openErrors = { ...entryErrors, EMFILE: "every descriptor is in use", ENFILE: "the system's table of open files is full", ENXIO: "no driver, or nobody at the FIFO's other end", EAGAIN: "it would wait", EINTR: "a signal came" } as const;
const statErrors = pathErrors;

const once = { repeatable: false } as const;
const ask = { repeatable: true } as const;
const stat = (number: number, about: string) =>
  call(number, { about, request: { ...path1, buffer: m1.p2(virtAddr) }, reply: {}, ...ask, errors: statErrors });
const fstat = { request: { fd, buffer: m1.p1(virtAddr) }, reply: {}, ...ask } as const;

/** The calls of VFS, as programs and services make them: m_type is the number, an error is a negative m_type. */
export const vfsContract = protocol({
  name: "vfs",
  version: "0.1.0",
  base: 0,
  calls: {
    read: call(3, { about: "Reads from a descriptor.", request: { fd, count: m1.i2(u32), buffer: m1.p1(virtAddr) }, reply: count, ...once, errors: transferErrors }),
    write: call(4, { about: "Writes to a descriptor.", request: { fd, count: m1.i2(u32), buffer: m1.p1(virtAddr) }, reply: count, ...once, errors: transferErrors }),
    open: call(5, { about: "Opens a file that exists; with O_CREAT in the flags the message has the form of `openCreateCall`.", request: { ...path3, flags: m3.i2(i32) }, reply: count, ...once, errors: openErrors }),
    close: call(6, { about: "Closes a descriptor, and drops the process's locks on the file.", request: { fd }, reply: {}, ...once, errors: fdErrors }),
    creat: call(8, { about: "Makes or truncates a file and opens it for writing.", request: { ...path3, mode: m3.i2(u32) }, reply: count, ...once, errors: openErrors }),
    link: call(9, { about: "A second name (path2) for a file.", request: twoPaths, reply: {}, ...once, errors: entryErrors }),
    unlink: call(10, { about: "Removes a name.", request: path3, reply: {}, ...once, errors: entryErrors }),
    chdir: call(12, { about: "Changes the working directory.", request: path3, reply: {}, ...ask, errors: pathErrors }),
    mknod: call(14, { about: "Makes a node.", request: { ...path1, mode: m1.i2(u32), device: m1.i3(u32) }, reply: {}, ...once, errors: entryErrors }),
    chmod: call(15, { about: "Changes permissions.", request: { ...path3, mode: m3.i2(u32) }, reply: {}, ...ask, errors: changeErrors }),
    chown: call(16, { about: "Changes owner and group.", request: { ...path1, owner: m1.i2(i32), group: m1.i3(i32) }, reply: {}, ...ask, errors: changeErrors }),
    prevStat: stat(18, "stat with the old structure of 36 bytes."),
    lseek: call(19, { about: "Moves a descriptor's position.", request: { fd: m2.i1(i32), whence: m2.i2(i32), offset: m2.l1(i32) }, reply: { position: m2.l1(i32) }, ...once, errors: { ...fdErrors, ESPIPE: "a pipe", EOVERFLOW: "the result is negative or too large" } }),
    mount: call(21, {
      about: "Mounts a device, served by the file server with this label, on a directory.",
      request: { specialLength: m1.i1(i32), pathLength: m1.i2(i32), flags: m1.i3(u32), special: m1.p1(virtAddr), path: m1.p2(virtAddr), label: m1.p3(virtAddr) },
      reply: {}, ...once, errors: { ...entryErrors, ENOTBLK: "not a block device", ENOMEM: "16 file systems are mounted", ENXIO: "no driver" },
    }),
    umount: call(22, { about: "Unmounts; the answer names the file server's label.", request: path3, reply: { label: m3.ca1() }, ...once, errors: entryErrors }),
    prevFstat: call(28, { about: "fstat with the old structure of 36 bytes.", ...fstat, errors: fdErrors }),
    utime: call(30, { about: "Sets the times; nameLength 0 means now, and the length is in realLength.", request: { nameLength: m2.i1(i32), realLength: m2.i2(i32), accessTime: m2.l1(i32), modifyTime: m2.l2(i32), path: m2.p1(virtAddr) }, reply: {}, ...ask, errors: changeErrors }),
    access: call(33, { about: "May the real user do this?", request: { ...path3, mode: m3.i2(u32) }, reply: {}, ...ask, errors: { ...pathErrors, EROFS: "the file system is read-only" } }),
    sync: call(36, { about: "Writes everything to the disks.", request: {}, reply: {}, ...ask, errors: {} }),
    rename: call(38, { about: "Moves a name to path2.", request: twoPaths, reply: {}, ...once, errors: entryErrors }),
    mkdir: call(39, { about: "Makes a directory.", request: { ...path1, mode: m1.i2(u32) }, reply: {}, ...once, errors: entryErrors }),
    rmdir: call(40, { about: "Removes an empty directory.", request: path3, reply: {}, ...once, errors: entryErrors }),
    dup: call(41, { about: "Duplicates a descriptor; with bit 0100 in fd, as fd2.", request: { fd, fd2: m1.i2(i32) }, reply: count, ...once, errors: { EBADF: "not open", EMFILE: "no free descriptor" } }),
    pipe: call(42, { about: "Makes a pipe.", request: {}, reply: { readFd: m1.i1(i32), writeFd: m1.i2(i32) }, ...once, errors: { EMFILE: "no free descriptor", ENFILE: "no free file", EIO: "PFS failed" } }),
    symlink: call(45, { about: "Makes the symbolic link path2 with the text path.", request: twoPaths, reply: {}, ...once, errors: entryErrors }),
    readlink: call(49, { about: "The text of a symbolic link, without NUL.", request: { ...path1, size: m1.i2(i32), buffer: m1.p2(virtAddr) }, reply: count, ...ask, errors: pathErrors }),
    prevLstat: stat(50, "lstat with the old structure of 36 bytes."),
    stat: stat(51, "What a path names: struct stat of 100 bytes."),
    fstat: call(52, { about: "What a descriptor names: struct stat of 100 bytes.", ...fstat, errors: fdErrors }),
    lstat: stat(53, "As stat, but of a symbolic link itself."),
    ioctl: call(54, { about: "A request to a device.", request: { fd: m2.i1(i32), request: m2.i3(u32), argument: m2.p1(virtAddr) }, reply: count, ...once, errors: { ...transferErrors, ENOTTY: "not a device, or not a request that it knows" } }),
    fcntl: call(55, { about: "Flags and locks of a descriptor.", request: { fd, command: m1.i2(i32), argument: m1.i3(i32), lock: m1.p1(virtAddr) }, reply: count, ...once, errors: { ...fdErrors, EMFILE: "no free descriptor", EAGAIN: "another process holds the lock", ENOLCK: "8 locks are in use", EINTR: "a signal came" } }),
    fsReady: call(57, { about: "From a file server of older systems; accepted and ignored.", request: {}, reply: {}, ...ask, errors: {} }),
    umask: call(60, { about: "Sets the creation mask and answers the old one.", request: { mask: m1.i1(u32) }, reply: count, ...once, errors: {} }),
    chroot: call(61, { about: "Changes the root directory.", request: path3, reply: {}, ...ask, errors: { ...pathErrors, EPERM: "only root may" } }),
    stat2: stat(65, "stat under its second number."),
    fstat2: call(66, { about: "fstat under its second number.", ...fstat, errors: fdErrors }),
    lstat2: stat(67, "lstat under its second number."),
    svrctl: call(77, { about: "Nothing can be set here.", request: {}, reply: {}, ...ask, errors: { EINVAL: "always" } }),
    getdents: call(80, { about: "Reads entries of a directory.", request: { fd, count: m1.i2(u32), buffer: m1.p1(virtAddr) }, reply: count, ...once, errors: { ...fdErrors, ENOENT: "the position is at no entry" } }),
    llseek: call(81, { about: "lseek with a position of 64 bits.", request: { fd: m2.i1(i32), whence: m2.i2(i32), low: m2.l1(u32), high: m2.l2(i32) }, reply: { low: m2.l1(u32), high: m2.l2(i32) }, ...once, errors: { ...fdErrors, ESPIPE: "a pipe" } }),
    fstatfs: call(82, { about: "The block size of a descriptor's file system.", request: { fd, buffer: m1.p1(virtAddr) }, reply: {}, ...ask, errors: fdErrors }),
    statvfs: stat(83, "Numbers of a path's file system: struct statvfs of 76 bytes."),
    fstatvfs: call(84, { about: "Numbers of a descriptor's file system: struct statvfs of 76 bytes.", ...fstat, errors: { ...fdErrors, ENOSYS: "a pipe: its file server has no such numbers" } }),
    select: call(85, {
      about: "Waits until a descriptor is ready, or for a time.",
      request: { count: m8.i1(i32), read: m8.p1(virtAddr), write: m8.p2(virtAddr), error: m8.p3(virtAddr), timeout: m8.p4(virtAddr) },
      reply: count, ...once, errors: { ...fdErrors, EINTR: "a signal came", ENOSPC: "25 selects are active" },
    }),
    fchdir: call(86, { about: "chdir to an open directory.", request: { fd }, reply: {}, ...ask, errors: { ...fdErrors, ENOTDIR: "not a directory", EACCES: "it may not be searched" } }),
    fsync: call(87, { about: "Writes the descriptor's file system to the disk.", request: { fd }, reply: {}, ...ask, errors: fdErrors }),
    truncate: call(93, { about: "Sets the size of a file.", request: { pathLength: m2.i1(i32), size: m2.l1(i32), path: m2.p1(virtAddr) }, reply: {}, ...ask, errors: { ...changeErrors, EFBIG: "too large" } }),
    ftruncate: call(94, { about: "Sets the size of an open file.", request: { fd: m2.i1(i32), size: m2.l1(i32) }, reply: {}, ...ask, errors: { ...fdErrors, EFBIG: "too large" } }),
    fchmod: call(95, { about: "chmod of an open file.", request: { fd, mode: m1.i2(u32) }, reply: {}, ...ask, errors: { ...fdErrors, EPERM: "not the owner", EROFS: "read-only" } }),
    fchown: call(96, { about: "chown of an open file.", request: { fd, owner: m1.i2(i32), group: m1.i3(i32) }, reply: {}, ...ask, errors: { ...fdErrors, EPERM: "not the owner", EROFS: "read-only" } }),
    getSysInfo: call(0xe02, {
      about: "COMMON_GETSYSINFO: copies a table to the caller: processes (SI_PROC_TAB, `fprocInfo`) or drivers (SI_DMAP_TAB, `dmapInfo`).",
      request: { what: m1.i1(i32), size: m1.i2(u32), where: m1.p1(virtAddr) }, reply: {}, ...ask,
      errors: { EPERM: "the caller is not root", EINVAL: "no such table, or the size is not the table's", EFAULT: "the address is not the caller's memory" },
    }),
    mapDriver: call(122, {
      about: "From RS: the service with this label drives this major device.",
      request: { label: m2.p1(virtAddr), labelLength: m2.l1(i32), major: m2.i1(i32), style: m2.i2(i32), flags: m2.i3(i32) },
      reply: {}, ...ask, errors: { EPERM: "the caller is not RS", EINVAL: "no such label, or an unknown style", ENODEV: "no such major number", EFAULT: "the label is not the caller's memory" },
    }),
  },
});

/** open(2) with O_CREAT: the same number as `open`, another form. The flags lie at the same place in both. */
export const openCreateCall = call(5, {
  about: "Opens a file, and makes it where it does not exist.",
  request: { ...path1, flags: m1.i2(i32), mode: m1.i3(u32) }, reply: count, ...once, errors: openErrors,
});

/** Names of the calls, for traces and dispatch tables. */
export type VfsCallName = keyof typeof vfsContract.calls;
/** Any one call of the contract. */
export type VfsCall = Call;
