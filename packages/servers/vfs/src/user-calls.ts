import { vfsContract } from "@procyon-os/contract-vfs";
import {
  callByNumber, decodeRequest, encodeReply, errorCode, messageSource, messageType, newMessage, type Call, type Message, type Program, type Result,
} from "@procyon-os/message";
import { printf } from "@procyon-os/syslib";
import { callTable, pathCalls, type VfsHandler } from "./call-table.ts";
import { processByEndpoint } from "./processes.ts";
import { reply, startJob, type Vfs } from "./vfs.ts";
import { INTERRUPTED, once, waitInterruptible, type Job, type Work } from "./work.ts";

const nameOf = callByNumber(vfsContract);

type Name = NonNullable<ReturnType<typeof nameOf>>;

function* answer(job: Job, name: Name, message: Message): Work<Message> {
  const one = vfsContract.calls[name] as Call<any, any, any>;
  if (pathCalls.has(name) && once(job, () => job.vfs.state.rootMount === null)) {
    if ((yield* waitInterruptible(job, "root")) === INTERRUPTED) return newMessage(errorCode("EINTR"));
  }
  const outcome: Result<object> = yield* (callTable[name] as VfsHandler<any>)(job, decodeRequest(one, message) as never, message);
  return encodeReply(one, outcome as never);
}

/** A call of a process: becomes a job, whose end is the answer. */
export function* userCall(vfs: Vfs, message: Message, status: number): Program<void> {
  const source = messageSource(message);
  const process = processByEndpoint(vfs, source);
  const name = nameOf(messageType(message));
  if (process === null) return yield* printf(`VFS: call ${messageType(message)} of ${source}, which is no process\n`);
  if (vfs.calls.has(process.slot)) return yield* printf(`VFS: call ${messageType(message)} of ${source}, which is in another\n`);
  if (name === null) return reply(message, status, newMessage(errorCode("ENOSYS")));
  startJob(vfs, process, { kind: "call", message: message.slice(), status }, name === "access");
}

/** What a call asks for, and its answer. */
export function* callWork(job: Job, message: Message, status: number): Work<void> {
  const name = nameOf(messageType(message));
  if (name === null) return;
  const outcome = yield* answer(job, name, message);
  reply(message, status, outcome);
}
