import { PFS, type Endpoint, type Message } from "@procyon-os/message";
import { stateSpec } from "@procyon-os/sef";

// All of VFS that is plain data: tables that name each other by number. What runs (coroutines) and what is in flight is in
// `vfs.ts`; it cannot outlive the instance (reference/posix-abi.md 4).

export const NR_FILPS = 512;
export const NR_VNODES = 512;
export const NR_MNTS = 16;
export const NR_LOCKS = 8;
export const NR_DEVICES = 64;
export const MAX_SELECTS = 25;
/** Major number of file systems without a device; minors 1 to 16. */
export const NONE_MAJOR = 0;

/** A descriptor: which open file, and whether exec closes it. */
export interface Descriptor {
  filp: number;
  closeOnExec: boolean;
}

/** VFS's part of a process, MINIX's fproc. */
export interface FileProcess {
  readonly slot: number;
  endpoint: Endpoint;
  pid: number;
  realUid: number;
  effectiveUid: number;
  realGid: number;
  effectiveGid: number;
  groups: number[];
  umask: number;
  root: number | null; // vnodes
  directory: number | null;
  descriptors: Map<number, Descriptor>;
  tty: number; // device number of the controlling terminal, or 0
  sessionLeader: boolean;
  pmSequence: number; // of PM's last request for it
  pmAnswer: Message | null; // to that request, as soon as there is one
}

/** An open file, shared by descriptors after dup and fork: MINIX's filp. */
export interface OpenFile {
  readonly id: number;
  mode: number; // R_OK and W_OK bits
  flags: number; // of open(2)
  count: number; // descriptors that name it
  vnode: number;
  position: number;
  closed: boolean; // its device was taken away: every call but close gives EIO
}

/** Where the data of a pipe lies: an inode of PFS. */
export interface PipeData {
  readonly fs: Endpoint;
  readonly inode: number;
  readPosition: number;
  writePosition: number;
  size: number; // end of what was written; everything restarts at 0 when the pipe is drained
}

/** A file in use: MINIX's vnode. */
export interface Vnode {
  readonly id: number;
  readonly fs: Endpoint; // which file server has it
  readonly inode: number;
  readonly mount: number | null; // null for what has no name: pipes, clones
  readonly device: number; // of the file system
  mode: number;
  uid: number;
  gid: number;
  size: number;
  specialDevice: number; // of a device file
  references: number; // ours
  fsReferences: number; // those that the file server counts for us
  pipe: PipeData | null;
  blockFs: Endpoint; // who caches a block device's data
}

/** A mounted file system: MINIX's vmnt. */
export interface Mount {
  readonly id: number;
  readonly fs: Endpoint;
  readonly device: number;
  readonly label: string;
  readonly readOnly: boolean;
  root: number | null; // vnode
  on: number | null; // the vnode that it covers
  dead: boolean; // its server is gone
}

/** The driver of a major number: MINIX's dmap. */
export interface DriverEntry {
  readonly endpoint: Endpoint;
  readonly label: string;
  readonly style: number;
}

/** An advisory lock. */
export interface FileLock {
  readonly vnode: number;
  readonly slot: number;
  readonly type: number;
  readonly first: number;
  readonly last: number; // inclusive
}

/** The state of VFS. */
export interface VfsState {
  processes: Map<number, FileProcess>; // by slot
  files: Map<number, OpenFile>;
  vnodes: Map<number, Vnode>;
  vnodeOf: Map<string, number>; // "fs/inode"
  mounts: Map<number, Mount>;
  drivers: (DriverEntry | null)[]; // by major number
  blockDriversUp: Set<Endpoint>; // those that have announced themselves
  locks: FileLock[];
  rootMount: number | null;
  rootDevice: number;
  pfs: Endpoint;
  nextId: number;
}

export const vfsState = stateSpec<VfsState>({ name: "vfs", version: 1, saved: false });

/** A state without processes, files and drivers. */
export function freshState(rootDevice: number): VfsState {
  return {
    processes: new Map(), files: new Map(), vnodes: new Map(), vnodeOf: new Map(), mounts: new Map(),
    drivers: Array.from({ length: NR_DEVICES }, () => null), blockDriversUp: new Set(), locks: [], rootMount: null, rootDevice, pfs: PFS, nextId: 1,
  };
}

/** A process without files, as root owns it. */
export function newProcess(slot: number, endpoint: Endpoint, pid: number): FileProcess {
  return {
    slot, endpoint, pid, realUid: 0, effectiveUid: 0, realGid: 0, effectiveGid: 0, groups: [], umask: 0, root: null, directory: null,
    descriptors: new Map(), tty: 0, sessionLeader: false, pmSequence: 0, pmAnswer: null,
  };
}
