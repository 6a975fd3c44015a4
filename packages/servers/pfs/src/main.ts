import { encodeCharReply, DEV_RQ_BASE, charContract } from "@procyon-os/contract-char";
import { DS_DRIVER_UP, DSF_OVERWRITE } from "@procyon-os/contract-ds";
import { addTransaction, fsContract, isTransaction, recallAnswer, rememberAnswer, splitRequest } from "@procyon-os/contract-fs";
import { SEF_INIT_RESTART } from "@procyon-os/contract-rs";
import {
  callByNumber, decodeRequest, encodeReply, errorCode, fail, isNotify, messageSource, messageType, newMessage, ok, SIGTERM, VFS, type Call,
  type Message, type Program, type Result, type ServiceImage,
} from "@procyon-os/message";
import { changed, queueMessage, queueReply, sefReceive, sefStartup, sendQueued, type InitInfo } from "@procyon-os/sef";
import { dsPublishU32, dsRetrieveLabelName, exit, panic, printf, whoami, type Received } from "@procyon-os/syslib";
import { handlers, readAgain } from "./handlers.ts";
import { freeReleased, freshState, pipeFsState, takeOver, type Pfs, type PipeFs } from "./inodes.ts";

const nameOf = callByNumber(fsContract);

/** Says that PFS is there: VFS sends again what it has no answer to. */
function* announce(state: PipeFs): Program<Result<PipeFs>> {
  const label = yield* dsRetrieveLabelName((yield* whoami()).endpoint);
  if (!label.ok) return label;
  const published = yield* dsPublishU32(`drv.chr.${label.value}`, DS_DRIVER_UP, DSF_OVERWRITE);
  return published.ok ? ok(state) : (published as Result<never>);
}

/** Goes on with the pipes of the instance before. */
function* goOn(info: InitInfo, saved: PipeFs | null): Program<Result<PipeFs>> {
  if (saved === null) return fail("ERESTART");
  const taken = yield* takeOver(saved, info.oldEndpoint);
  return taken.ok && info.type === SEF_INIT_RESTART ? yield* announce(saved) : taken;
}

function* answer(pfs: Pfs, message: Message): Program<Message> {
  const name = nameOf(messageType(message));
  if (name === null || !(name in handlers)) return newMessage(errorCode("ENOSYS"));
  const one = fsContract.calls[name] as Call<any, any, any>;
  const handler = handlers[name as keyof typeof handlers] as (fs: Pfs, caller: typeof VFS, request: never) => Program<Result<object>>;
  return encodeReply(one, (yield* handler(pfs, VFS, decodeRequest(one, message) as never)) as never);
}

/** A request of the character protocol: there are no UNIX domain sockets. */
function* refuseSocket(message: Message): Program<void> {
  const user = charContract.calls.open.request.user.read(message);
  yield* printf(`pfs: UNIX domain sockets are not implemented (request ${messageType(message)} for ${user})\n`);
  queueMessage(VFS, encodeCharReply({ kind: "open", user, status: errorCode("ENXIO") }), "senda");
}

/** What is done again when it is asked again. A read is not: it empties the pipe. */
const doneAgain = (number: number): boolean => number === fsContract.base + fsContract.calls.stat.number;

function* serve(pfs: Pfs, received: Received): Program<void> {
  const { message, status } = received;
  const { state } = pfs;
  const source = messageSource(message);
  if (isNotify(status)) return;
  if (source !== VFS) return yield* printf(`pfs: message ${messageType(message)} from ${source}, who is not VFS\n`);
  const type = messageType(message);
  if (type >= DEV_RQ_BASE && type < DEV_RQ_BASE + 0x80) return yield* refuseSocket(message);
  const { number, transaction } = splitRequest(type);
  message[1] = number;
  const answered = isTransaction(transaction) ? recallAnswer(state, transaction, number) : null;
  if (answered !== null) {
    if (nameOf(number) === "read") yield* readAgain(pfs, VFS, decodeRequest(fsContract.calls.read, message));
    return queueReply(received, answered);
  }
  const reply = yield* answer(pfs, message);
  if (isTransaction(transaction)) {
    reply[1] = addTransaction(messageType(reply), transaction);
    for (const id of rememberAnswer(state, transaction, number, doneAgain(number) ? null : reply)) changed("answers", id);
  }
  queueReply(received, reply);
}

/** PFS: takes a request of VFS, answers it, forever. */
function* main(): Program<unknown> {
  const state = yield* sefStartup(pipeFsState, {
    initFresh: () => announce(freshState()),
    initRestart: goOn,
    initLu: goOn,
    signalHandler: function* (_state, signal) {
      if (signal === SIGTERM) yield* exit();
    },
  });
  const pfs: Pfs = { state, released: [] };
  for (;;) {
    const received = yield* sefReceive();
    if (received.result !== 0) return yield* panic(`receive failed: ${received.result}`);
    yield* serve(pfs, received);
    if (pfs.released.length === 0) continue;
    yield* sendQueued();
    yield* freeReleased(pfs);
  }
}

/** The pipe file server as a hosted service. */
export const image: ServiceImage = { name: "@procyon-os/pfs", version: "0.1.0", dataBytes: 256 * 1024, stackBytes: 16 * 1024, contract: fsContract, state: pipeFsState, main };
