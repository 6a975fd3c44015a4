import { O_APPEND, O_NONBLOCK, PIPE_BUF, R_OK, S_IFIFO, W_OK } from "@procyon-os/contract-vfs";
import { CPF_READ, CPF_WRITE } from "@procyon-os/contract-kernel";
import { fail, ok, SIGPIPE, type Result } from "@procyon-os/message";
import { kernel } from "@procyon-os/syslib";
import { fsCall } from "./fs-call.ts";
import { fileById, findEnd, freeDescriptor, hasEnd, install, isNonBlocking, newFile, pipeChanged, processOf } from "./files.ts";
import { lendUser } from "./loans.ts";
import { mark, NR_FILPS, type OpenFile, type PipeData, type Vnode } from "./state.ts";
import { hold, putVnode, vnodeById, vnodeOf, type NodeDetails } from "./vnode.ts";
import { beginLoop, giveBack, INTERRUPTED, lock, nextRound, once, recorded, unlock, waitInterruptible, type Job, type Work } from "./work.ts";

/** Makes an inode of PFS for the data of a pipe. */
function* newPipeData(job: Job): Work<Result<{ node: NodeDetails }>> {
  const { uid, gid } = job.rights;
  const made = yield* fsCall(job, job.vfs.state.pfs, "newNode", { mode: S_IFIFO | 0o600, device: 0, uid, gid });
  return made.ok ? ok({ node: made.value }) : made;
}

const emptyPipe = (fs: PipeData["fs"], inode: number): PipeData => ({ fs, inode, readPosition: 0, writePosition: 0, size: 0 });

/** pipe(2): two descriptors of a new pipe. */
export function* pipe(job: Job): Work<Result<{ readFd: number; writeFd: number }>> {
  const process = processOf(job);
  const readFd = freeDescriptor(process);
  if (!readFd.ok) return readFd;
  const writeFd = freeDescriptor(process, readFd.value + 1);
  if (!writeFd.ok) return writeFd;
  const { pfs, files } = job.vfs.state;
  if (once(job, () => files.size + 2 > NR_FILPS)) return fail("ENFILE");
  const made = yield* newPipeData(job);
  if (!made.ok) return fail("EIO");
  const found = vnodeOf(job, pfs, null, made.value.node);
  if (!found.ok) return found;
  const vnode = found.value;
  vnode.pipe = emptyPipe(pfs, vnode.inode);
  mark("vnodes", vnode.id);
  const reader = newFile(job, vnode, R_OK, 0);
  if (!reader.ok) return reader;
  hold(job, vnode);
  const writer = newFile(job, vnode, W_OK, 1);
  if (!writer.ok) throw new Error("pipe: the second open file is refused after room for it was found");
  install(process, readFd.value, reader.value);
  install(process, writeFd.value, writer.value);
  return ok({ readFd: readFd.value, writeFd: writeFd.value });
}

/** How many bytes may move now; "wait" where the caller must wait for the other end. */
export function pipeRoom(job: Job, vnode: Vnode, operation: "read" | "write", count: number, nonBlocking: boolean): Result<number> | "wait" {
  const { vfs } = job;
  const data = vnode.pipe;
  if (data === null) return fail("EIO");
  if (operation === "read") {
    if (data.readPosition < data.size) return ok(Math.min(count, data.size - data.readPosition));
    if (!hasEnd(vfs, vnode, W_OK)) return ok(0);
    return nonBlocking ? fail("EAGAIN") : "wait";
  }
  if (!hasEnd(vfs, vnode, R_OK)) return fail("EPIPE");
  const room = PIPE_BUF - data.writePosition;
  if (count <= room) return ok(count);
  if (count > PIPE_BUF && room > 0) return ok(room); // only a write of at most PIPE_BUF is all or nothing
  return nonBlocking ? fail("EAGAIN") : "wait";
}

/** Moves bytes between the process and PFS, and keeps the pipe's positions. */
function* transfer(job: Job, vnode: Vnode, data: PipeData, operation: "read" | "write", address: number, bytes: number): Work<Result<number>> {
  const process = processOf(job);
  const loan = yield* lendUser(job, data.fs, process.endpoint, address, bytes, operation === "read" ? CPF_WRITE : CPF_READ);
  const position = once(job, () => (operation === "read" ? data.readPosition : data.writePosition));
  const moved = yield* fsCall(job, data.fs, operation, { inode: data.inode, grant: loan.grant, positionHigh: 0, position, bytes });
  yield* giveBack(job, loan);
  if (!moved.ok) return moved.error === "EINVAL" ? fail("EIO") : moved; // PFS started anew: this pipe is gone
  once(job, () => void advanced(job, vnode, data, operation, position + moved.value.bytes));
  return ok(moved.value.bytes);
}

function advanced(job: Job, vnode: Vnode, data: PipeData, operation: "read" | "write", end: number): void {
  if (operation === "write") {
    data.writePosition = end;
    data.size = Math.max(data.size, end);
  } else {
    data.readPosition = end;
    if (end >= data.size) data.size = data.readPosition = data.writePosition = 0;
  }
  mark("vnodes", vnode.id);
  pipeChanged(job.vfs, vnode);
}

/** read(2) and write(2) of a pipe or FIFO (reference/posix-abi.md 4.1, "Pipe"). */
export function* pipeTransfer(job: Job, file: OpenFile, operation: "read" | "write", address: number, count: number): Work<Result<number>> {
  const vnode = vnodeById(job.vfs, file.vnode);
  const loop = beginLoop(job);
  for (let done = 0; ; ) {
    done = nextRound(job, loop, done);
    yield* lock(job, `vnode/${vnode.id}`);
    const left = count - done;
    const room = once(job, () => pipeRoom(job, vnode, operation, left, isNonBlocking(file)));
    if (room === "wait") {
      unlock(job, `vnode/${vnode.id}`);
      if ((yield* waitInterruptible(job, `pipe/${vnode.id}`)) === INTERRUPTED) return done > 0 ? ok(done) : fail("EINTR");
      continue;
    }
    if (!room.ok) {
      if (room.error === "EPIPE") yield* recorded(job, () => kernel.kill({ process: processOf(job).endpoint, signal: SIGPIPE }));
      return room.error === "EAGAIN" && done > 0 ? ok(done) : room;
    }
    if (room.value === 0) return ok(done);
    const moved = yield* transfer(job, vnode, vnode.pipe as PipeData, operation, address + done, room.value);
    unlock(job, `vnode/${vnode.id}`);
    if (!moved.ok) return done > 0 ? ok(done) : moved;
    done += moved.value;
    if (operation === "read" || done >= count || moved.value === 0) return ok(done);
  }
}

/** The open of a FIFO that has a name: maps it to PFS, finds its end, and waits for the other one. */
export function* openFifo(job: Job, vnode: Vnode, bits: number, flags: number): Work<Result<OpenFile>> {
  const { vfs } = job;
  if (bits === (R_OK | W_OK)) return fail("ENXIO");
  yield* lock(job, `vnode/${vnode.id}`);
  if (once(job, () => vnode.pipe === null)) {
    const made = yield* newPipeData(job);
    if (!made.ok) return fail("EIO");
    once(job, () => {
      vnode.pipe = emptyPipe(vfs.state.pfs, made.value.node.inode);
      mark("vnodes", vnode.id);
    });
  }
  unlock(job, `vnode/${vnode.id}`);
  const other = bits === R_OK ? W_OK : R_OK;
  if ((flags & O_NONBLOCK) !== 0 && bits === W_OK && !once(job, () => hasEnd(vfs, vnode, R_OK))) return fail("ENXIO");
  // Everyone at one end shares one open file; a writer appends.
  const known = once(job, () => findEnd(vfs, vnode, bits)?.id ?? 0);
  const end = known === 0 ? newFile(job, vnode, bits, flags | O_APPEND) : ok(fileById(vfs, known));
  if (!end.ok) return end;
  const file = end.value;
  once(job, () => {
    file.flags = flags | O_APPEND;
    file.count++; // while this waits; `install` counts the descriptor itself
    mark("files", file.id);
    pipeChanged(vfs, vnode);
  });
  const waiting = (flags & O_NONBLOCK) === 0;
  for (const loop = beginLoop(job); waiting; ) {
    nextRound(job, loop, 0);
    if (once(job, () => hasEnd(vfs, vnode, other))) break;
    if ((yield* waitInterruptible(job, `fifo/${vnode.id}`)) === INTERRUPTED) return forget(job, file);
  }
  file.count--;
  return ok(file);
}

function forget(job: Job, file: OpenFile): Result<OpenFile> {
  const { vfs } = job;
  file.count--;
  mark("files", file.id);
  if (file.count === 0) {
    vfs.state.files.delete(file.id);
    const vnode = vnodeById(vfs, file.vnode);
    pipeChanged(vfs, vnode);
    putVnode(vfs, vnode);
  }
  return fail("EINTR");
}

/** For select: which of these operations on a pipe would not wait. */
export function pipeReady(job: Job, file: number, wanted: { read: boolean; write: boolean }): { read: boolean; write: boolean; error: boolean } {
  const vnode = vnodeById(job.vfs, fileById(job.vfs, file).vnode);
  const read = wanted.read ? pipeRoom(job, vnode, "read", 1, false) : "wait";
  const write = wanted.write ? pipeRoom(job, vnode, "write", 1, false) : "wait";
  const failed = (room: typeof read): boolean => room !== "wait" && !room.ok;
  return { read: read !== "wait", write: write !== "wait", error: failed(read) || failed(write) };
}
