import { DS_DRIVER_UP, DSF_OVERWRITE } from "@procyon-os/contract-ds";
import {
  addTransaction, encodeLookupReply, fsContract, isTransaction, recallAnswer, rememberAnswer, splitRequest,
} from "@procyon-os/contract-fs";
import { SEF_INIT_RESTART } from "@procyon-os/contract-rs";
import {
  callByNumber, decodeRequest, errorCode, fail, messageSource, messageType, newMessage, ok, SIGTERM, VFS, type Message, type Program, type Result,
} from "@procyon-os/message";
import { changed, queueReply, sefReceive, sefStartup, type InitInfo } from "@procyon-os/sef";
import { dispatch, dsPublishU32, dsRetrieveLabelName, exit, panic, printf, whoami, type Received } from "@procyon-os/syslib";
import { blockRead, blockWrite } from "./block-io.ts";
import type { Chunk } from "./cache-memory.ts";
import { create, mkdir, mknod, symlink } from "./create.ts";
import { DiskError } from "./disk-error.ts";
import { flushAll } from "./flush.ts";
import { getDents } from "./get-dents.ts";
import { plainContract, type MfsHandlers } from "./handlers.ts";
import { link, rmdir, unlink } from "./links.ts";
import { lookup } from "./lookup.ts";
import { flush, mountPoint, newDriver, readSuper, takeMarkAway, unmount } from "./mount.ts";
import { inUse, putNode as dropReferences, releaseHeld, setAfterSeek, writeNodes } from "./nodes.ts";
import { read, write } from "./read-write.ts";
import { rename } from "./rename.ts";
import { keepRoom, saveChanges } from "./saving.ts";
import { changeSettings, freshState, mfsState, newMfs, settingsOf, type Mfs, type MfsState } from "./state.ts";
import { chmod, chown, fstatfs, readLink, stat, statvfs, utime } from "./status.ts";
import { prepare, takeOver } from "./take-over.ts";
import { truncate } from "./truncate.ts";

const { base, calls } = fsContract;

const putNode: MfsHandlers["putNode"] = function* (mfs, _caller, { inode, count }) {
  return (yield* dropReferences(mfs, inode, count)) ? ok({}) : fail("EINVAL");
};
const inhibitRead: MfsHandlers["inhibitRead"] = function* (mfs, _caller, { inode }) {
  const node = inUse(mfs, inode);
  if (node === null) return fail("EINVAL");
  setAfterSeek(node, true);
  return ok({});
};
/** What inodes say is in the state already, so it may be in their blocks and on disk before the request is saved. */
function* writeEverything(mfs: Mfs): Program<void> {
  if (mfs.mount !== null) yield* writeNodes(mfs);
  yield* flushAll(mfs.cache);
}
const sync: MfsHandlers["sync"] = function* (mfs) {
  yield* writeEverything(mfs);
  return ok({});
};
const getNode: MfsHandlers["getNode"] = function* () {
  return fail("EINVAL"); // obsolete (reference/posix-abi.md 4.4)
};
const newNode: MfsHandlers["newNode"] = function* () {
  return fail("ENOSYS"); // PFS has such inodes
};

const handlers: MfsHandlers = {
  getNode, putNode, symlink, truncate, chown, chmod, inhibitRead, stat, utime, fstatfs, blockRead, blockWrite, unlink, rmdir, unmount, sync,
  newDriver, flush, read, write, mknod, mkdir, create, link, rename, mountPoint, readSuper, newNode, readLink, getDents, statvfs,
};

/** Calls that make sense without a mounted file system. */
const unmountedCalls = new Set(
  (["readSuper", "newDriver", "sync", "flush", "blockRead", "blockWrite"] as const).map((name) => base + calls[name].number),
);

function* answer(mfs: Mfs, received: Received): Program<Message> {
  const { message } = received;
  const number = messageType(message);
  if (mfs.mount === null && !unmountedCalls.has(number)) return newMessage(errorCode("EINVAL"));
  if (number === base + calls.lookup.number) {
    return encodeLookupReply(yield* lookup(mfs, messageSource(message), decodeRequest(calls.lookup, message)));
  }
  return (yield* dispatch(plainContract, handlers, mfs, received, "EINVAL")) ?? (yield* panic("a request without an answer"));
}

/** Deals with one request; a block that cannot be read ends it with EIO. */
function* serve(mfs: Mfs, received: Received): Program<Message> {
  let reply: Message;
  try {
    reply = yield* answer(mfs, received);
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    yield* printf(`mfs: ${error.message}\n`);
    reply = newMessage(errorCode("EIO"));
  }
  yield* releaseHeld(mfs);
  return reply;
}

const nameOf = callByNumber(fsContract);

/** Whether a request that comes again must not be done again. A LOOKUP that gave no inode has done nothing. */
function isDoneOnce(number: number, result: number): boolean {
  const name = nameOf(number);
  return name !== null && !calls[name].repeatable && (name !== "lookup" || result === 0);
}

/** Answers a request of VFS, as before where it is one that was answered already: VFS, or the instance before, has died since. */
function* handle(mfs: Mfs, received: Received): Program<void> {
  const { state } = mfs;
  const { number, transaction } = splitRequest(messageType(received.message));
  const answered = isTransaction(transaction) ? recallAnswer(state, transaction, number) : null;
  if (answered !== null) return queueReply(received, answered);
  received.message[1] = number;
  const reply = yield* serve(mfs, received);
  const result = messageType(reply);
  if (isTransaction(transaction)) {
    reply[1] = addTransaction(result, transaction);
    const kept = isDoneOnce(number, result) ? reply : null;
    for (const id of rememberAnswer(state, transaction, number, kept)) changed("answers", id);
  }
  queueReply(received, reply);
}

/** Says that the server is back: VFS sends again what it has no answer to. */
function* announce(): Program<void> {
  const label = yield* dsRetrieveLabelName((yield* whoami()).endpoint);
  const published = label.ok ? yield* dsPublishU32(`fs.${label.value}`, DS_DRIVER_UP, DSF_OVERWRITE) : label;
  if (!published.ok) yield* printf(`mfs: DS does not say that the server is back: ${published.error}\n`);
}

/** MFS: takes a request of VFS, answers it with the request's transaction, until it is unmounted and told to end. */
export function* main(): Program<unknown> {
  const own: { mfs: Mfs | null; chunks: Chunk[] } = { mfs: null, chunks: [] };
  const goOn = function* (info: InitInfo, saved: MfsState | null): Program<Result<MfsState>> {
    if (saved === null) return fail("ERESTART");
    const taken = yield* takeOver(saved, info.oldEndpoint, own.chunks);
    if (!taken.ok) return taken;
    own.mfs = taken.value;
    if (info.type === SEF_INIT_RESTART) yield* announce();
    return ok(saved);
  };
  const state = yield* sefStartup(mfsState, {
    initFresh: function* () {
      return ok(freshState());
    },
    getReady: function* (ahead, { from }) {
      own.chunks = yield* prepare(ahead, from);
    },
    initRestart: goOn,
    initLu: goOn,
    initLuTells: true,
    signalHandler: function* (_state, signal) {
      const { mfs } = own;
      if (signal !== SIGTERM || mfs === null) return;
      changeSettings(mfs.state, { exiting: true });
      yield* writeEverything(mfs);
      yield* saveChanges(mfs);
      if (mfs.mount === null) yield* exit();
    },
  });
  const mfs = (own.mfs ??= newMfs(state));
  for (;;) {
    const received = yield* sefReceive();
    if (received.result !== 0) return yield* panic(`receive failed: ${received.result}`);
    const source = messageSource(received.message);
    if (source !== VFS) {
      yield* printf(`mfs: message ${messageType(received.message)} from ${source}, who is not VFS\n`);
      continue;
    }
    yield* handle(mfs, received);
    yield* saveChanges(mfs);
    if (yield* takeMarkAway(mfs)) yield* saveChanges(mfs);
    yield* keepRoom(mfs);
    if (settingsOf(state).exiting && mfs.mount === null) yield* exit();
  }
}
