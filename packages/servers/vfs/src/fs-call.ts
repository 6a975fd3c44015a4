import { addTransaction, fsContract, LAST_TRANSACTION, splitReply, TRANSACTION_BASE } from "@procyon-os/contract-fs";
import { CPF_READ, CPF_WRITE } from "@procyon-os/contract-kernel";
import {
  AMF_NOREPLY, copyMessage, decodeReply, encodeRequest, errorCode, messageType, newMessage, type Call, type Endpoint, type GrantId, type Message, type Reply,
  type Request, type Result, type VirtAddr,
} from "@procyon-os/message";
import { allocate, asynsend, grantDirect, grantMagic, load, printf, store, textBytes } from "@procyon-os/syslib";
import type { FsLine, Vfs } from "./vfs.ts";
import { waitFor, wake, wakeAll, wakeFirst, type Job, type Loan, type Work } from "./work.ts";

/** Calls of a file server, by name. */
export type FsCalls = typeof fsContract.calls;

/** The line to a file server. */
export function fsLine(vfs: Vfs, fs: Endpoint): FsLine {
  let line = vfs.fsLines.get(fs);
  if (line === undefined) {
    line = { limit: 1, current: 0, dead: false, transaction: 0 };
    vfs.fsLines.set(fs, line);
  }
  return line;
}

const keyOf = (fs: Endpoint, transaction: number): string => `${fs}/${transaction}`;

/** Ids go round and round, each server's for itself: it knows a repetition from a new request by that (see its `answers`). */
function newTransaction(vfs: Vfs, fs: Endpoint, line: FsLine): number {
  do line.transaction = (line.transaction % LAST_TRANSACTION) + 1;
  while (vfs.transactions.has(keyOf(fs, TRANSACTION_BASE + line.transaction))); // a line has a few in flight at most
  return TRANSACTION_BASE + line.transaction;
}

/**
 * Sends a request to a file server and waits for its answer, whose m_type is then the bare result. A server takes as many
 * requests at a time as it said when it was mounted, normally one; the others wait here (reference/posix-abi.md 4.4).
 */
export function* fsMessage(job: Job, fs: Endpoint, request: Message): Work<Message> {
  const { vfs } = job;
  const line = fsLine(vfs, fs);
  if (line.current >= line.limit && !line.dead) yield* waitFor(job, `fs-turn/${fs}`); // whoever ends hands its place over
  else line.current++;
  if (line.dead) return newMessage(errorCode("EIO"));
  const transaction = newTransaction(vfs, fs, line);
  vfs.transactions.set(keyOf(fs, transaction), job);
  request[1] = addTransaction(messageType(request), transaction);
  yield* asynsend(fs, request, AMF_NOREPLY);
  const answer = yield* waitFor<Message>(job, `fs/${fs}`);
  vfs.transactions.delete(keyOf(fs, transaction));
  if (!wakeFirst(vfs, `fs-turn/${fs}`)) line.current--;
  return answer;
}

/** A call of a file server by its name: encodes, sends, waits and decodes. */
export function* fsCall<Name extends keyof FsCalls>(
  job: Job, fs: Endpoint, name: Name, request: Request<FsCalls[Name]>,
): Work<Result<Reply<FsCalls[Name]>>> {
  const one = fsContract.calls[name] as Call<any, any, any>;
  const answer = yield* fsMessage(job, fs, encodeRequest(fsContract.base, one, request as never));
  return decodeReply(one, answer) as Result<Reply<FsCalls[Name]>>;
}

/** A message with a transaction came: lets its job go on. False where nobody waits for it. */
export function fsAnswered(vfs: Vfs, fs: Endpoint, message: Message): boolean {
  const { result, transaction } = splitReply(messageType(message));
  const job = vfs.transactions.get(keyOf(fs, transaction));
  if (job === undefined || job.parked?.key !== `fs/${fs}`) return false;
  const answer = copyMessage(message);
  answer[1] = result;
  wake(job, answer);
  return true;
}

/** A file server is gone: who waits for it gets EIO, and nobody asks it again. */
export function* fsDied(vfs: Vfs, fs: Endpoint): Work<void> {
  const line = vfs.fsLines.get(fs);
  if (line === undefined || line.dead) return;
  line.dead = true;
  for (const mount of vfs.state.mounts.values()) {
    if (mount.fs !== fs) continue;
    mount.dead = true;
    yield* printf(`VFS: file server ${mount.label || "?"} (${fs}) died; its file system on device 0x${mount.device.toString(16)} is lost\n`);
  }
  wakeAll(vfs, `fs/${fs}`, newMessage(errorCode("EIO")));
  wakeAll(vfs, `fs-turn/${fs}`);
}

/** Bytes of VFS that a server may read, or write too. */
export function* lendBytes(job: Job, to: Endpoint, bytes: Uint8Array, access: number): Work<Loan & { grant: GrantId; buffer: VirtAddr }> {
  const buffer = yield* allocate(Math.max(1, bytes.length));
  yield* store(buffer, bytes);
  const grant = yield* grantDirect(to, buffer, bytes.length, access);
  const loan = { grant, buffer };
  job.loans.push(loan);
  return loan;
}

/** A name or label with its NUL, for a server to read. */
export function* lendName(job: Job, to: Endpoint, name: string): Work<{ grant: GrantId; pathLength: number }> {
  const { grant } = yield* lendBytes(job, to, textBytes(name, true), CPF_READ);
  return { grant, pathLength: name.length + 1 };
}

/** A buffer of VFS that a server writes; `bytes` reads it. */
export function* lendBuffer(job: Job, to: Endpoint, length: number): Work<Loan & { grant: GrantId; buffer: VirtAddr }> {
  return yield* lendBytes(job, to, new Uint8Array(length), CPF_WRITE | CPF_READ);
}

/** What a server wrote to a buffer. */
export function* lentBytes(loan: { buffer: VirtAddr }, length: number): Work<Uint8Array> {
  return yield* load(loan.buffer, length);
}

/** Memory of the job's process (or another) that a server may read (CPF_READ) or write (CPF_WRITE). */
export function* lendUser(job: Job, to: Endpoint, process: Endpoint, address: number, length: number, access: number): Work<Loan & { grant: GrantId }> {
  const grant = yield* grantMagic(to, process, address, length, access);
  const loan = { grant, buffer: null };
  job.loans.push(loan);
  return loan;
}
