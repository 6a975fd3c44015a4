// Fixed numbers of the V3 format (reference/posix-abi.md 5.1, 11.4).

/** The superblock lies here whatever the block size is, in a piece of this length. */
export const SUPERBLOCK_OFFSET = 1024;
export const SUPERBLOCK_AREA_BYTES = 1024;
/** The inode bitmap begins at this block. */
export const START_BLOCK = 2;
export const ROOT_INODE = 1;
export const INODE_BYTES = 64;
export const DIRENT_BYTES = 64;
export const NAME_MAX = 60;
export const LINK_MAX = 32767;
/** Zone numbers in an inode: 0..6 direct, 7 single indirect, 8 double indirect, 9 unused. */
export const DIRECT_ZONES = 7;
export const INODE_ZONES = 10;

export const MAGIC_V1 = 0x137f;
export const MAGIC_V2 = 0x2468;
export const MAGIC_V3 = 0x4d5a;
/** s_flags: the file system was unmounted in order. */
export const FLAG_CLEAN = 1;
/** s_flags that a reader must understand; there are none so far. */
export const FLAGS_MANDATORY = 0xff00;

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
/** Permissions with the set-id and sticky bits. */
export const ALL_MODES = 0o7777;

/** Whether a mode is of this type: `isType(mode, S_IFDIR)`. */
export function isType(mode: number, type: number): boolean {
  return (mode & S_IFMT) === type;
}

/** Whether a mode is that of a character or block special file, which holds a device instead of zones. */
export function isSpecial(mode: number): boolean {
  return isType(mode, S_IFCHR) || isType(mode, S_IFBLK);
}
