import { NR_DEVICES } from "@procyon-os/contract-vfs";
import { PFS, type Endpoint, type GrantId, type Message } from "@procyon-os/message";
import { changed, stateSpec } from "@procyon-os/sef";

// All of VFS that outlives an instance: tables that name each other by number, and of each request in work what a successor
// needs to bring it to the same place (`work.ts`). What is in `vfs.ts` is made from this.

export const NR_FILPS = 512;
export const NR_VNODES = 512;
export const NR_MNTS = 16;
export const NR_LOCKS = 8;
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
  postponed: Message | null; // what PM wants when the call in work is over
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

/** Whose rights a job has. */
export interface Rights {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** What a job is to do. */
export type Task =
  | { readonly kind: "call"; readonly message: Message; readonly status: number }
  | { readonly kind: "pm"; readonly message: Message }
  | { readonly kind: "reboot" }
  | { readonly kind: "put node"; readonly fs: Endpoint; readonly inode: number; readonly count: number }
  | { readonly kind: "mount root" }
  | { readonly kind: "block driver up"; readonly driver: Endpoint; readonly majors: readonly number[]; readonly lost: readonly number[] }
  | { readonly kind: "new driver"; readonly fs: Endpoint; readonly device: number; readonly label: string }
  | {
      readonly kind: "character driver up"; readonly driver: Endpoint; readonly majors: readonly number[];
      readonly promised: readonly number[]; // jobs
      readonly exchange: number; // what the driver had not answered, or 0
    }
  | { readonly kind: "poll"; readonly driver: Endpoint }
  | { readonly kind: "probe"; readonly driver: Endpoint; readonly exchange: number };

/** Where a job waits for something other than a trap's answer. */
export interface Parked {
  readonly key: string; // what it waits for, "pipe/17"
  readonly interruptible: boolean;
  readonly order: number; // who waits longer has the lower
  readonly until: number | null; // in ticks since boot
}

/** A grant, and the memory of VFS behind it, that a job uses and that ends with it. */
export interface Loan {
  readonly grant: GrantId;
  readonly to: Endpoint;
  readonly process: Endpoint | null; // whose memory it is, or null for VFS's own
  readonly address: number; // in that process's memory
  readonly length: number;
  readonly access: number;
  readonly bytes: Uint8Array; // what VFS's memory holds at first; zeros follow
  instance: number; // that made it last
}

/** A request to a file server that is not answered yet. */
export interface Asked {
  readonly fs: Endpoint;
  readonly request: Message; // without a transaction
  transaction: number; // 0 while it waits for its turn
  instance: number; // of VFS, that sent it last
}

/** A request in work: what it is, and how far it is. */
export interface JobRecord {
  readonly id: number;
  readonly task: Task;
  readonly slot: number | null; // of the process for which it works
  readonly rights: Rights;
  readonly journal: unknown[]; // what each of its steps gave
  parked: Parked | null;
  interruptWanted: boolean;
  readonly held: number[]; // vnode references that end with the job
  readonly locks: string[];
  readonly loans: Loan[];
  asked: Asked | null;
}

/** The requests to one file server: how many it takes at once, how many it has. */
export interface FsLine {
  limit: number;
  current: number;
  dead: boolean;
  transaction: number; // the last one, 1 to LAST_TRANSACTION, or 0
  readonly queue: number[]; // jobs whose request waits for its turn
}

/** A request to a driver of the synchronous style that is not answered yet. */
export interface Outstanding {
  readonly exchange: number;
  readonly job: number;
  readonly kind: "request" | "status";
  readonly message: Message;
  seen: boolean; // by `watch`: it has waited for a while
  instance: number; // of VFS, that sent it last
}

/** The talk with one driver of the synchronous style: one request at a time, as SENDREC would have it. */
export interface DriverLine {
  outstanding: Outstanding | null;
  statusWanted: boolean; // it notified us: ask what it has
}

/** The state of VFS. */
export interface VfsState {
  processes: Map<number, FileProcess>; // by slot
  files: Map<number, OpenFile>;
  vnodes: Map<number, Vnode>;
  mounts: Map<number, Mount>;
  jobs: Map<number, JobRecord>;
  fsLines: Map<Endpoint, FsLine>;
  driverLines: Map<Endpoint, DriverLine>;
  drivers: (DriverEntry | null)[]; // by major number
  blockDriversUp: Set<Endpoint>; // those that have announced themselves
  locks: FileLock[];
  rootMount: number | null;
  rootDevice: number;
  pfs: Endpoint;
  instance: number; // counts those that had this state
  eventsDue: boolean; // DS is being asked for driver events: what it told may be lost
  nextId: number; // of files, vnodes and mounts
  nextJob: number;
  nextBlockId: number;
  nextExchange: number;
  nextPark: number;
}

type Part = "processes" | "files" | "vnodes" | "mounts" | "jobs" | "fsLines" | "driverLines" | "drivers";
const parts: readonly Part[] = ["processes", "files", "vnodes", "mounts", "jobs", "fsLines", "driverLines", "drivers"];

/** Says that an entry of a table has changed, so that it is saved. */
export function mark(part: Part, key: number): void {
  changed(part, key);
}

/** Who waits for an answer of VFS, and may for long. */
function owes(state: VfsState): Endpoint[] {
  const callers: Endpoint[] = [];
  for (const { task, slot } of state.jobs.values()) {
    const process = task.kind === "call" && slot !== null ? state.processes.get(slot) : undefined;
    if (process !== undefined) callers.push(process.endpoint);
  }
  return callers;
}

export const vfsState = stateSpec<VfsState>({ name: "vfs", version: 2, saved: true, once: true, parts, owes });

/** A state without processes, files and drivers. */
export function freshState(rootDevice: number): VfsState {
  return {
    processes: new Map(), files: new Map(), vnodes: new Map(), mounts: new Map(), jobs: new Map(), fsLines: new Map(), driverLines: new Map(),
    drivers: Array.from({ length: NR_DEVICES }, () => null), blockDriversUp: new Set(), locks: [], rootMount: null, rootDevice, pfs: PFS,
    instance: 1, eventsDue: false, nextId: 1, nextJob: 1, nextBlockId: 1, nextExchange: 1, nextPark: 1,
  };
}

/** A process without files, as root owns it. */
export function newProcess(slot: number, endpoint: Endpoint, pid: number): FileProcess {
  return {
    slot, endpoint, pid, realUid: 0, effectiveUid: 0, realGid: 0, effectiveGid: 0, groups: [], umask: 0, root: null, directory: null,
    descriptors: new Map(), tty: 0, sessionLeader: false, postponed: null, pmSequence: 0, pmAnswer: null,
  };
}
