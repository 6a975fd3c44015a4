// Numbers that programs, PM, VFS and the file servers share: reference/posix-abi.md 4.1, 4.2, 4.3, 11.3, 11.4.

// open(2) flags; the low two bits are the access mode.
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_ACCMODE = 3;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_NOCTTY = 0o400;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_NONBLOCK = 0o4000;
/** The descriptor of a character device goes on after its driver was replaced. */
export const O_REOPEN = 0o10000;

// access(2), and how a descriptor may be used.
export const F_OK = 0;
export const X_OK = 1;
export const W_OK = 2;
export const R_OK = 4;

export const SEEK_SET = 0;
export const SEEK_CUR = 1;
export const SEEK_END = 2;

// Mode bits of a file.
export const S_IFMT = 0o170000;
export const S_IFIFO = 0o010000;
export const S_IFCHR = 0o020000;
export const S_IFDIR = 0o040000;
export const S_IFBLK = 0o060000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
export const S_IFSOCK = 0o140000;
export const S_ISUID = 0o4000;
export const S_ISGID = 0o2000;
export const S_ISVTX = 0o1000;
/** The permission bits, set-id and sticky bits included. */
export const ALL_MODES = 0o7777;
export const RWX_MODES = 0o777;

// fcntl(2).
export const F_DUPFD = 0;
export const F_GETFD = 1;
export const F_SETFD = 2;
export const F_GETFL = 3;
export const F_SETFL = 4;
export const F_GETLK = 5;
export const F_SETLK = 6;
export const F_SETLKW = 7;
export const F_FREESP = 8;
export const FD_CLOEXEC = 1;
export const F_RDLCK = 1;
export const F_WRLCK = 2;
export const F_UNLCK = 3;

/** In dup(2)'s first argument: the second one names the wanted descriptor. */
export const DUP2_MASK = 0o100;

// Operations of select.
export const SEL_RD = 1;
export const SEL_WR = 2;
export const SEL_ERR = 4;
/** To a driver: tell later, when none is possible now. */
export const SEL_NOTIFY = 8;

// mount(2) flags (reference/posix-abi.md 4.5).
export const MS_RDONLY = 1;
export const MS_REUSE = 2;
export const MS_LABEL16 = 4;
export const MS_EXISTING = 8;

// Limits.
export const OPEN_MAX = 255;
/** With the NUL. */
export const PATH_MAX = 1024;
export const PIPE_BUF = 32768;
export const ARG_MAX = 262144;
export const SYMLOOP = 16;
export const LABEL_MAX = 16;
export const NGROUPS_MAX = 8;
/** A path of at most this many bytes, NUL included, travels in the message itself (form M3). */
export const M3_STRING = 14;
/** A file's largest size and position. */
export const MAX_FILE_POS = 0x7fffffff;

// What COMMON_GETSYSINFO of VFS can copy.
export const SI_VFS_PROC_TAB = 2;
export const SI_DMAP_TAB = 3;

/** The major number of a device: bits 8 to 15. */
export function majorOf(device: number): number {
  return (device >>> 8) & 0xff;
}
/** The minor number of a device: bits 0 to 7. */
export function minorOf(device: number): number {
  return device & 0xff;
}
/** A device number. */
export function makeDev(major: number, minor: number): number {
  return ((major & 0xff) << 8) | (minor & 0xff);
}
export const NO_DEV = 0;
