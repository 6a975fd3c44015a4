import { addTransaction, fsContract, LAST_TRANSACTION, splitReply, TRANSACTION_BASE } from "@procyon-os/contract-fs";
import {
  copyMessage, decodeReply, encodeRequest, errorCode, messageType, newMessage, type Call, type Endpoint, type Message, type Program, type Reply,
  type Request, type Result,
} from "@procyon-os/message";
import { printf } from "@procyon-os/syslib";
import { mark, type Asked, type FsLine } from "./state.ts";
import { tell, type Vfs } from "./vfs.ts";
import { once, waitFor, wake, type Job, type Work } from "./work.ts";

/** Calls of a file server, by name. */
export type FsCalls = typeof fsContract.calls;

const LOOKUP = fsContract.base + fsContract.calls.lookup.number;

/** The line to a file server. */
export function fsLine(vfs: Vfs, fs: Endpoint): FsLine {
  const { fsLines } = vfs.state;
  let line = fsLines.get(fs);
  if (line === undefined) {
    line = { limit: 1, current: 0, dead: false, transaction: 0, queue: [] };
    fsLines.set(fs, line);
    mark("fsLines", fs);
  }
  return line;
}

const name = (fs: Endpoint, transaction: number): string => `${fs}/${transaction}`;

/**
 * Sends what a job asks under the next transaction. They go round and round, each server's for itself: it knows a repetition
 * from a new request by that (see its `answers`).
 */
function transmit(job: Job, line: FsLine): void {
  const { vfs } = job;
  const asked = job.record.asked as Asked;
  do {
    line.transaction = (line.transaction % LAST_TRANSACTION) + 1;
    asked.transaction = TRANSACTION_BASE + line.transaction;
  } while (vfs.transactions.has(name(asked.fs, asked.transaction)));
  vfs.transactions.set(name(asked.fs, asked.transaction), job);
  mark("fsLines", asked.fs);
  sendAsked(job, asked);
}

function sendAsked({ id, vfs }: Job, asked: Asked): void {
  const message = copyMessage(asked.request);
  message[1] = addTransaction(messageType(message), asked.transaction);
  asked.instance = vfs.state.instance;
  mark("jobs", id);
  tell(asked.fs, message);
}

function submit(job: Job, fs: Endpoint, request: Message): boolean {
  const line = fsLine(job.vfs, fs);
  if (line.dead) return false;
  job.record.asked = { fs, request: copyMessage(request), transaction: 0, instance: 0 };
  if (line.current < line.limit) {
    line.current++;
    transmit(job, line);
  } else {
    line.queue.push(job.id);
    mark("fsLines", fs);
  }
  return true;
}

/**
 * Sends a request to a file server and waits for its answer, whose m_type is then the bare result. A server takes as many
 * requests at a time as it said when it was mounted, normally one; the others wait here (reference/posix-abi.md 4.4).
 */
export function* fsMessage(job: Job, fs: Endpoint, request: Message): Work<Message> {
  if (!once(job, () => submit(job, fs, request))) return newMessage(errorCode("EIO"));
  return yield* waitFor<Message>(job, `fs/${fs}`);
}

/** A call of a file server by its name: encodes, sends, waits and decodes. */
export function* fsCall<Name extends keyof FsCalls>(
  job: Job, fs: Endpoint, call: Name, request: Request<FsCalls[Name]>,
): Work<Result<Reply<FsCalls[Name]>>> {
  const one = fsContract.calls[call] as Call<any, any, any>;
  const answer = yield* fsMessage(job, fs, encodeRequest(fsContract.base, one, request as never));
  return decodeReply(one, answer) as Result<Reply<FsCalls[Name]>>;
}

/**
 * Whether an answer must be asked for again: the request was sent by the instance of VFS before, and the server may have
 * found no grant of VFS, or written to memory that is gone. Such a request did nothing that could not be done again.
 */
function isDoubtful({ vfs, record }: Job, asked: Asked, result: number): boolean {
  if (asked.instance === vfs.state.instance) return false;
  if (result < 0) return true;
  if (messageType(asked.request) === LOOKUP) return false;
  return record.loans.some(({ process, grant }) => process === null && asked.request.includes(grant) && vfs.written.has(grant));
}

/** A message with a transaction came: lets its job go on. False where nobody waits for it. */
export function fsAnswered(vfs: Vfs, fs: Endpoint, message: Message): boolean {
  const { result, transaction } = splitReply(messageType(message));
  const job = vfs.transactions.get(name(fs, transaction));
  const asked = job?.record.asked ?? null;
  if (job === undefined || asked === null) return false;
  const line = fsLine(vfs, fs);
  vfs.transactions.delete(name(fs, transaction));
  if (isDoubtful(job, asked, result)) {
    transmit(job, line);
    return true;
  }
  const answer = copyMessage(message);
  answer[1] = result;
  job.record.asked = null;
  passOn(vfs, fs, line);
  wake(job, answer);
  return true;
}

/** The place of a request that is answered goes to the one that waits longest. */
function passOn(vfs: Vfs, fs: Endpoint, line: FsLine): void {
  mark("fsLines", fs);
  const next = vfs.jobs.get(line.queue.shift() ?? 0);
  if (next === undefined) line.current--;
  else transmit(next, line);
}

/** A file server has come back at its endpoint: what it has not answered is sent again, as it was. */
export function fsUp(vfs: Vfs, fs: Endpoint): void {
  for (const job of vfs.jobs.values()) {
    const { asked } = job.record;
    if (asked !== null && asked.fs === fs && asked.transaction !== 0) sendAsked(job, asked);
  }
}

/** A file server is gone: who waits for it gets EIO, and nobody asks it again. */
export function* fsDied(vfs: Vfs, fs: Endpoint): Program<void> {
  const line = vfs.state.fsLines.get(fs);
  if (line === undefined || line.dead) return;
  Object.assign(line, { dead: true, current: 0, queue: [] });
  mark("fsLines", fs);
  for (const mount of vfs.state.mounts.values()) {
    if (mount.fs !== fs) continue;
    mount.dead = true;
    mark("mounts", mount.id);
    yield* printf(`VFS: file server ${mount.label || "?"} (${fs}) died; its file system on device 0x${mount.device.toString(16)} is lost\n`);
  }
  for (const job of [...vfs.jobs.values()]) {
    const { asked } = job.record;
    if (asked === null || asked.fs !== fs) continue;
    vfs.transactions.delete(name(fs, asked.transaction));
    job.record.asked = null;
    wake(job, newMessage(errorCode("EIO")));
  }
}
