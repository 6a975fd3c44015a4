import { addTransaction, encodeLookupReply, fsContract, isTransaction, splitRequest } from "@procyon-os/contract-fs";
import {
  decodeRequest, errorCode, fail, messageSource, messageType, newMessage, ok, SIGTERM, VFS, type Message, type Program,
} from "@procyon-os/message";
import { dispatch, exit, panic, printf, send, useVmMemory, type Received } from "@procyon-os/syslib";
import { sefReceive, sefStartup, stateSpec } from "@procyon-os/sef";
import { blockRead, blockWrite } from "./block-io.ts";
import { flushAll } from "./cache.ts";
import { create, mkdir, mknod, symlink } from "./create.ts";
import { DiskError } from "./disk-error.ts";
import { getDents } from "./get-dents.ts";
import { plainContract, type MfsHandlers } from "./handlers.ts";
import { link, rmdir, unlink } from "./links.ts";
import { lookup } from "./lookup.ts";
import { flush, mountPoint, newDriver, readSuper, unmount } from "./mount.ts";
import { inUse, putNode as dropReferences, releaseHeld, writeNodes } from "./nodes.ts";
import { read, write } from "./read-write.ts";
import { rename } from "./rename.ts";
import { freshState, type Mfs } from "./state.ts";
import { chmod, chown, fstatfs, readLink, stat, statvfs, utime } from "./status.ts";
import { truncate } from "./truncate.ts";

const { base, calls } = fsContract;

const putNode: MfsHandlers["putNode"] = function* (mfs, _caller, { inode, count }) {
  return (yield* dropReferences(mfs, inode, count)) ? ok({}) : fail("EINVAL");
};
const inhibitRead: MfsHandlers["inhibitRead"] = function* (mfs, _caller, { inode }) {
  const node = inUse(mfs, inode);
  if (node === null) return fail("EINVAL");
  node.afterSeek = true;
  return ok({});
};
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

/** MFS: takes a request of VFS, answers it with the request's transaction, until it is unmounted and told to end. */
export function* main(): Program<unknown> {
  const mfs = yield* sefStartup(stateSpec<Mfs>({ name: "mfs", version: 1, saved: false }), {
    initFresh: function* () {
      useVmMemory();
      return ok(freshState());
    },
    signalHandler: function* (state, signal) {
      if (signal !== SIGTERM) return;
      state.exiting = true;
      yield* writeEverything(state);
      if (state.mount === null) yield* exit();
    },
  });
  for (;;) {
    const received = yield* sefReceive();
    if (received.result !== 0) return yield* panic(`receive failed: ${received.result}`);
    const source = messageSource(received.message);
    if (source !== VFS) {
      yield* printf(`mfs: message ${messageType(received.message)} from ${source}, who is not VFS\n`);
      continue;
    }
    const { number, transaction } = splitRequest(messageType(received.message));
    received.message[1] = number;
    const reply = yield* serve(mfs, received);
    if (isTransaction(transaction)) reply[1] = addTransaction(messageType(reply), transaction);
    const sent = yield* send(VFS, reply);
    if (sent !== 0) yield* printf(`mfs: VFS does not take an answer: error ${sent}\n`);
    if (mfs.exiting && mfs.mount === null) yield* exit();
  }
}
