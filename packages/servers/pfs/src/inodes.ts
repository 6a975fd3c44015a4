import { PIPE_BUF, S_IFBLK, S_IFCHR, S_IFIFO, S_IFMT } from "@procyon-os/contract-vfs";
import { fail, ok, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { free, getTime, tryAllocate } from "@procyon-os/syslib";

/** Inodes at a time; number 0 is none (reference/posix-abi.md 4.9). */
export const NR_INODES = 256;

/** A pipe, or a device without a name. */
export interface PipeInode {
  readonly number: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly device: number; // of a device inode
  references: number;
  size: number; // where what was written ends; 0 again when everything was read
  buffer: VirtAddr | null; // PIPE_BUF bytes, from the first write on
  accessTime: number;
  modificationTime: number;
}

/** PFS's state: the inodes. What pipes hold lies in memory, at the addresses named here. */
export interface PipeFs {
  inodes: Map<number, PipeInode>;
}

/** A new inode with one reference. */
export function* newInode(fs: PipeFs, mode: number, device: number, uid: number, gid: number): Program<Result<PipeInode>> {
  const type = mode & S_IFMT;
  if (type !== S_IFIFO && type !== S_IFCHR && type !== S_IFBLK) return fail("EIO");
  let number = 1;
  while (fs.inodes.has(number)) number++;
  if (number >= NR_INODES) return fail("ENFILE");
  const { seconds } = yield* getTime();
  const specialDevice = type === S_IFIFO ? 0 : device;
  const inode: PipeInode = {
    number, mode, uid, gid, device: specialDevice, references: 1, size: 0, buffer: null, accessTime: seconds, modificationTime: seconds,
  };
  fs.inodes.set(number, inode);
  return ok(inode);
}

/** Drops references; with the last one the inode and its contents are gone. */
export function dropInode(fs: PipeFs, number: number, count: number): Result<object> {
  const inode = fs.inodes.get(number);
  if (inode === undefined || count > inode.references) return fail("EINVAL");
  inode.references -= count;
  if (inode.references > 0) return ok({});
  if (inode.buffer !== null) free(inode.buffer);
  fs.inodes.delete(number);
  return ok({});
}

/** The buffer of a pipe, made when it is first needed. */
export function* bufferOf(inode: PipeInode): Program<Result<VirtAddr>> {
  if (inode.buffer === null) {
    const buffer = yield* tryAllocate(PIPE_BUF);
    if (buffer === null) return fail("ENOSPC");
    inode.buffer = buffer;
  }
  return ok(inode.buffer);
}
