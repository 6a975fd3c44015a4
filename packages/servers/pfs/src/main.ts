import { encodeCharReply, DEV_RQ_BASE, charContract } from "@procyon-os/contract-char";
import { DS_DRIVER_UP, DSF_OVERWRITE } from "@procyon-os/contract-ds";
import { addTransaction, fsContract, isTransaction, splitRequest } from "@procyon-os/contract-fs";
import {
  callByNumber, decodeRequest, encodeReply, errorCode, isNotify, messageSource, messageType, newMessage, ok, SIGTERM, VFS, type Call,
  type Message, type Program, type Result, type ServiceImage,
} from "@procyon-os/message";
import { sefReceive, sefStartup, stateSpec } from "@procyon-os/sef";
import { asynsend, dsPublishU32, dsRetrieveLabelName, exit, panic, printf, send, useVmMemory, whoami, type Received } from "@procyon-os/syslib";
import { handlers } from "./handlers.ts";
import type { PipeFs } from "./inodes.ts";

const nameOf = callByNumber(fsContract);

/** Pipes do not outlive PFS: a new instance starts empty and says that it is there, so that nobody waits for the old one. */
function* start(): Program<Result<PipeFs>> {
  useVmMemory();
  const label = yield* dsRetrieveLabelName((yield* whoami()).endpoint);
  if (!label.ok) return label;
  const published = yield* dsPublishU32(`drv.chr.${label.value}`, DS_DRIVER_UP, DSF_OVERWRITE);
  return published.ok ? ok({ inodes: new Map() }) : (published as Result<never>);
}

function* answer(fs: PipeFs, message: Message): Program<Message> {
  const name = nameOf(messageType(message));
  if (name === null || !(name in handlers)) return newMessage(errorCode("ENOSYS"));
  const one = fsContract.calls[name] as Call<any, any, any>;
  const handler = handlers[name as keyof typeof handlers] as (fs: PipeFs, caller: typeof VFS, request: never) => Program<Result<object>>;
  return encodeReply(one, (yield* handler(fs, VFS, decodeRequest(one, message) as never)) as never);
}

/** A request of the character protocol: there are no UNIX domain sockets. */
function* refuseSocket(message: Message): Program<void> {
  const user = charContract.calls.open.request.user.read(message);
  yield* printf(`pfs: UNIX domain sockets are not implemented (request ${messageType(message)} for ${user})\n`);
  yield* asynsend(VFS, encodeCharReply({ kind: "open", user, status: errorCode("ENXIO") }));
}

function* serve(fs: PipeFs, { message, status }: Received): Program<void> {
  const source = messageSource(message);
  if (isNotify(status)) return;
  if (source !== VFS) return yield* printf(`pfs: message ${messageType(message)} from ${source}, who is not VFS\n`);
  const type = messageType(message);
  if (type >= DEV_RQ_BASE && type < DEV_RQ_BASE + 0x80) return yield* refuseSocket(message);
  const { number, transaction } = splitRequest(type);
  message[1] = number;
  const reply = yield* answer(fs, message);
  if (isTransaction(transaction)) reply[1] = addTransaction(messageType(reply), transaction);
  const sent = yield* send(VFS, reply);
  if (sent !== 0) yield* printf(`pfs: VFS does not take an answer: error ${sent}\n`);
}

/** PFS: takes a request of VFS, answers it, forever. */
function* main(): Program<unknown> {
  const fs = yield* sefStartup(stateSpec<PipeFs>({ name: "pfs", version: 1, saved: false }), {
    initFresh: start,
    initRestart: start,
    signalHandler: function* (_state, signal) {
      if (signal === SIGTERM) yield* exit();
    },
  });
  for (;;) {
    const received = yield* sefReceive();
    if (received.result !== 0) return yield* panic(`receive failed: ${received.result}`);
    yield* serve(fs, received);
  }
}

/** The pipe file server as a hosted service. */
export const image: ServiceImage = { name: "@procyon-os/pfs", version: "0.1.0", dataBytes: 256 * 1024, stackBytes: 16 * 1024, contract: fsContract, main };
