import type { FieldType } from "@procyon-os/message";

/** VFS to a file server (reference/posix-abi.md 0.4, 4.4). */
export const FS_BASE = 0xa00;
/** PFS to VFS. */
export const PFS_BASE: number = FS_BASE + 100;
/** Transaction ids are this plus a number from 1 on; the low byte is all that varies. VFS counts them for each file server, round and round. */
export const TRANSACTION_BASE = 0x1400;
/** The highest number of a transaction. */
export const LAST_TRANSACTION = 255;

/** READSUPER flags: mount read-only; this is the root file system. */
export const REQ_RDONLY = 0o1;
export const REQ_ISROOT = 0o2;
/** LOOKUP flags: a link in the last component is the answer; credentials come by GRANT2 and UCRED_SIZE. */
export const PATH_NOFLAGS = 0;
export const PATH_RET_SYMLINK = 0o10;
export const PATH_GET_UCRED = 0o20;

/** Results of LOOKUP that are no errors: go on in the file system mounted here, in the parent's, or at the root. */
export const EENTERMOUNT = -301;
export const ELEAVEMOUNT = -302;
export const ESYMLINK = -303;

/** PATH_SIZE of every LOOKUP: PATH_MAX + 1. */
export const LOOKUP_PATH_SIZE = 1025;
/** Links that one path may lead through. */
export const SYMLOOP_MAX = 16;

/** What the interface has for uid, gid, mode and offsets: 16 bits, taken unsigned. */
export const u16: FieldType<number> = {
  name: "u16",
  fromWire: (raw) => raw & 0xffff,
  toWire: (value) => value & 0xffff,
};
