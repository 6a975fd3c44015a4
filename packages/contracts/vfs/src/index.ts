export { ALL_MODES, ARG_MAX, DUP2_MASK, FD_CLOEXEC, F_DUPFD, F_FREESP, F_GETFD, F_GETFL, F_GETLK, F_OK, F_RDLCK, F_SETFD, F_SETFL, F_SETLK, F_SETLKW, F_UNLCK, F_WRLCK, LABEL_MAX, M3_STRING, MAX_FILE_POS, MS_EXISTING, MS_LABEL16, MS_RDONLY, MS_REUSE, NGROUPS_MAX, NO_DEV, OPEN_MAX, O_ACCMODE, O_APPEND, O_CREAT, O_EXCL, O_NOCTTY, O_NONBLOCK, O_RDONLY, O_RDWR, O_REOPEN, O_TRUNC, O_WRONLY, PATH_MAX, PIPE_BUF, RWX_MODES, R_OK, SEEK_CUR, SEEK_END, SEEK_SET, SEL_ERR, SEL_NOTIFY, SEL_RD, SEL_WR, SI_DMAP_TAB, SI_VFS_PROC_TAB, SYMLOOP, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK, S_ISGID, S_ISUID, S_ISVTX, W_OK, X_OK, majorOf, makeDev, minorOf } from "./constants.ts";
export { FD_SET_BYTES, FLOCK_BYTES, TIMEVAL_BYTES, decodeFdSet, decodeFlock, decodeTimeval, encodeFdSet, encodeFlock, encodeTimeval } from "./codecs.ts";
export type { Flock, Timeval } from "./codecs.ts";
export { DMAP_TABLE_BYTES, FPROC_TABLE_BYTES, FP_BLOCKED_ON_DOPEN, FP_BLOCKED_ON_LOCK, FP_BLOCKED_ON_NONE, FP_BLOCKED_ON_OTHER, FP_BLOCKED_ON_PIPE, FP_BLOCKED_ON_POPEN, FP_BLOCKED_ON_SELECT, NR_DEVICES, dmapInfo, fprocInfo } from "./tables.ts";
export type { DmapInfo, FprocInfo } from "./tables.ts";
export { pmToVfs, vfsToPm } from "./pm-vfs.ts";
export { openCreateCall, vfsContract } from "./vfs-contract.ts";
export type { VfsCall, VfsCallName } from "./vfs-contract.ts";
