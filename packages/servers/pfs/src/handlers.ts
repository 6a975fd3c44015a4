import { encodeStat, fsContract } from "@procyon-os/contract-fs";
import { SEG_D } from "@procyon-os/contract-kernel";
import { PIPE_BUF, S_IFIFO, S_IFMT } from "@procyon-os/contract-vfs";
import { fail, ok, type Endpoint, type ErrorName, type Program, type Reply, type Request, type Result, type VirtAddr } from "@procyon-os/message";
import { getTime, kernel, writeGrant } from "@procyon-os/syslib";
import { bufferOf, dropInode, inodeAt, newInode, type Pfs } from "./inodes.ts";

type Calls = typeof fsContract.calls;
type Handler<Name extends keyof Calls> = (fs: Pfs, caller: Endpoint, request: Request<Calls[Name]>) => Program<Result<Reply<Calls[Name]>>>;

/** The requests that make sense for files without names; every other one is refused. */
export type PfsHandlers = { readonly [Name in "putNode" | "truncate" | "stat" | "read" | "write" | "newNode" | "unmount" | "sync"]: Handler<Name> };

function* transfer(fs: Pfs, caller: Endpoint, request: Request<Calls["read"]>, write: boolean): Program<Result<Reply<Calls["read"]>>> {
  const inode = inodeAt(fs, request.inode);
  if (inode === undefined) return fail("EINVAL");
  if ((inode.mode & S_IFMT) !== S_IFIFO) return fail("EIO");
  const { position, bytes } = request;
  const limit = write ? PIPE_BUF : inode.size;
  if (position + bytes > limit) return fail(write ? "EFBIG" : "EINVAL");
  const buffer = yield* bufferOf(inode);
  if (!buffer.ok) return buffer;
  const copy = { process: caller, segment: SEG_D, grant: request.grant, offset: 0, address: (buffer.value + position) as VirtAddr, bytes };
  if (bytes > 0) {
    const copied = write ? yield* kernel.safecopyfrom(copy) : yield* kernel.safecopyto(copy);
    if (!copied.ok) return fail(copied.error as ErrorName);
  }
  const { seconds } = yield* getTime();
  const end = position + bytes;
  if (write) {
    inode.size = Math.max(inode.size, end);
    inode.modificationTime = seconds;
  } else {
    inode.accessTime = seconds;
    if (end >= inode.size) inode.size = 0; // drained: VFS starts at 0 again too
  }
  return ok({ positionHigh: 0, position: end, bytes });
}

/**
 * A read that was answered already, once more: what it took is in the buffer still, since nobody writes before the reader has
 * its answer.
 */
export function* readAgain(fs: Pfs, caller: Endpoint, request: Request<Calls["read"]>): Program<void> {
  const buffer = fs.state.inodes.get(request.inode)?.buffer ?? null;
  const { position, bytes, grant } = request;
  if (buffer === null || bytes === 0 || position + bytes > PIPE_BUF) return;
  yield* kernel.safecopyto({ process: caller, segment: SEG_D, grant, offset: 0, address: (buffer.address + position) as VirtAddr, bytes });
}

/** What PFS does for each request. */
export const handlers: PfsHandlers = {
  newNode: function* (fs, _caller, { mode, device, uid, gid }) {
    const made = yield* newInode(fs, mode, device, uid, gid);
    if (!made.ok) return made;
    const inode = made.value;
    return ok({ inode: inode.number, fileSizeHigh: 0, fileSize: 0, device: inode.device, mode: inode.mode, uid: inode.uid, gid: inode.gid });
  },
  putNode: function* (fs, _caller, { inode, count }) {
    return dropInode(fs, inode, count);
  },
  truncate: function* (fs, _caller, { inode, start }) {
    const found = inodeAt(fs, inode);
    if (found === undefined || start !== 0) return fail("EINVAL"); // a pipe can only be emptied
    found.size = 0;
    return ok({});
  },
  stat: function* (fs, caller, { inode, grant }) {
    const found = fs.state.inodes.get(inode);
    if (found === undefined) return fail("EINVAL");
    const bytes = encodeStat({
      device: 0, mode: found.mode, inode: found.number, links: found.references, uid: found.uid, gid: found.gid, specialDevice: found.device,
      accessTime: found.accessTime, modificationTime: found.modificationTime, changeTime: found.modificationTime, size: found.size,
      blocks: Math.ceil(found.size / 512), blockSize: PIPE_BUF,
    });
    const copied = yield* writeGrant(caller, grant, 0, bytes);
    return copied.ok ? ok({}) : copied;
  },
  read: (fs, caller, request) => transfer(fs, caller, request, false),
  write: (fs, caller, request) => transfer(fs, caller, request, true),
  unmount: function* (fs) {
    return fs.state.inodes.size > 0 ? fail("EBUSY") : ok({});
  },
  sync: function* () {
    return ok({});
  },
};
