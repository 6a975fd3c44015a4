import { addTransaction, splitRequest, type Answers } from "@procyon-os/contract-fs";
import { CPF_READ, SEG_D } from "@procyon-os/contract-kernel";
import { PIPE_BUF, S_IFBLK, S_IFCHR, S_IFIFO, S_IFMT } from "@procyon-os/contract-vfs";
import {
  errorCode, fail, messageType, newMessage, ok, type Endpoint, type GrantId, type Program, type Result, type VirtAddr,
} from "@procyon-os/message";
import { changed, stateSpec, type StateSpec } from "@procyon-os/sef";
import { free, getTime, grantDirect, kernel, revoke, tryAllocate, whoami } from "@procyon-os/syslib";

/** Inodes at a time; number 0 is none (reference/posix-abi.md 4.9). */
export const NR_INODES = 256;
const PAGE = 4096;

/** Memory for what a pipe holds, PIPE_BUF bytes. A successor reads it by the grant. */
export interface PipeBuffer {
  readonly address: VirtAddr;
  readonly grant: GrantId;
}

/** A pipe, or a device without a name. */
export interface PipeInode {
  readonly number: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly device: number; // of a device inode
  references: number;
  size: number; // where what was written ends; 0 again when everything was read
  buffer: PipeBuffer | null; // from the first write on
  accessTime: number;
  modificationTime: number;
}

/** PFS's state: the inodes. What pipes hold lies in memory, at the addresses named here: a write adds to it, and changes nothing of it. */
export interface PipeFs extends Answers {
  lastTransaction: number;
  readonly answers: Map<number, Int32Array>;
  readonly inodes: Map<number, PipeInode>;
}

export const pipeFsState: StateSpec<PipeFs> = stateSpec<PipeFs>({
  name: "pfs", version: 2, saved: true, once: true, parts: ["answers", "inodes"],
  refuse: (request) => newMessage(addTransaction(errorCode("EIO"), splitRequest(messageType(request)).transaction)),
});

/** The server as it runs. */
export interface Pfs {
  readonly state: PipeFs;
  /** Buffers that a state which is not saved yet has let go: the one before still names them. */
  readonly released: PipeBuffer[];
}

/** No inodes. */
export function freshState(): PipeFs {
  return { lastTransaction: 0, answers: new Map(), inodes: new Map() };
}

/** An inode that is about to change. */
export function inodeAt({ state }: Pfs, number: number): PipeInode | undefined {
  changed("inodes", number);
  return state.inodes.get(number);
}

/** A new inode with one reference. */
export function* newInode({ state }: Pfs, mode: number, device: number, uid: number, gid: number): Program<Result<PipeInode>> {
  const type = mode & S_IFMT;
  if (type !== S_IFIFO && type !== S_IFCHR && type !== S_IFBLK) return fail("EIO");
  let number = 1;
  while (state.inodes.has(number)) number++;
  if (number >= NR_INODES) return fail("ENFILE");
  const { seconds } = yield* getTime();
  const specialDevice = type === S_IFIFO ? 0 : device;
  const inode: PipeInode = {
    number, mode, uid, gid, device: specialDevice, references: 1, size: 0, buffer: null, accessTime: seconds, modificationTime: seconds,
  };
  state.inodes.set(number, inode);
  changed("inodes", number);
  return ok(inode);
}

/** Drops references; with the last one the inode and its contents are gone. */
export function dropInode(pfs: Pfs, number: number, count: number): Result<object> {
  const inode = inodeAt(pfs, number);
  if (inode === undefined || count > inode.references) return fail("EINVAL");
  inode.references -= count;
  if (inode.references > 0) return ok({});
  if (inode.buffer !== null) pfs.released.push(inode.buffer);
  pfs.state.inodes.delete(number);
  return ok({});
}

function* makeBuffer(): Program<PipeBuffer | null> {
  const address = yield* tryAllocate(PIPE_BUF, PAGE);
  if (address === null) return null;
  const { endpoint } = yield* whoami(); // which is the successor's, when this instance is dead
  return { address, grant: yield* grantDirect(endpoint, address, PIPE_BUF, CPF_READ) };
}

/** The buffer of a pipe, made when it is first needed. */
export function* bufferOf(inode: PipeInode): Program<Result<VirtAddr>> {
  inode.buffer ??= yield* makeBuffer();
  return inode.buffer === null ? fail("ENOSPC") : ok(inode.buffer.address);
}

/** A state has been saved that does not name them: their memory is free. */
export function* freeReleased(pfs: Pfs): Program<void> {
  for (const { address, grant } of pfs.released.splice(0)) {
    yield* revoke(grant);
    free(address);
  }
}

/** Copies what pipes hold out of the memory of the instance before. */
export function* takeOver(state: PipeFs, from: Endpoint): Program<Result<PipeFs>> {
  for (const inode of state.inodes.values()) {
    if (inode.buffer === null) continue;
    const buffer = yield* makeBuffer();
    if (buffer === null) return fail("ENOMEM");
    const { address } = buffer;
    const copied = yield* kernel.safecopyfrom({ process: from, segment: SEG_D, grant: inode.buffer.grant, offset: 0, address, bytes: PIPE_BUF });
    if (!copied.ok) return fail("EFAULT");
    inode.buffer = buffer;
  }
  return ok(state);
}
