import { vfsContract } from "@procyon-os/contract-vfs";
import {
  AMF_NOREPLY, callByNumber, decodeRequest, encodeReply, errorCode, messageSource, messageType, newMessage, SENDA, statusCall, type Call,
  type Endpoint, type Message, type Program,
  type Result,
} from "@procyon-os/message";
import { asynsend, printf, sendNb } from "@procyon-os/syslib";
import { callTable, pathCalls, type VfsHandler } from "./call-table.ts";
import { processByEndpoint } from "./processes.ts";
import { startJob, type Vfs } from "./vfs.ts";
import { INTERRUPTED, waitInterruptible, type Job, type Work } from "./work.ts";

const nameOf = callByNumber(vfsContract);

type Name = NonNullable<ReturnType<typeof nameOf>>;

function* answer(job: Job, name: Name, message: Message): Work<Message> {
  const one = vfsContract.calls[name] as Call<any, any, any>;
  if (job.vfs.state.rootMount === null && pathCalls.has(name)) {
    if ((yield* waitInterruptible(job, "root")) === INTERRUPTED) return newMessage(errorCode("EINTR"));
  }
  const outcome: Result<object> = yield* (callTable[name] as VfsHandler<any>)(job, decodeRequest(one, message) as never, message);
  return encodeReply(one, outcome as never);
}

/** Never waits. A caller that died in between hears nothing; RS, which asks asynchronously, hears when it next receives. */
function* sendReply(to: Endpoint, reply: Message, status: number): Program<void> {
  if (statusCall(status) === SENDA) yield* asynsend(to, reply, AMF_NOREPLY);
  else yield* sendNb(to, reply);
}

/** A call of a process: becomes a job, whose end is the answer. */
export function* userCall(vfs: Vfs, message: Message, status: number): Program<void> {
  const source = messageSource(message);
  const process = processByEndpoint(vfs, source);
  const name = nameOf(messageType(message));
  if (process === null) return yield* printf(`VFS: call ${messageType(message)} of ${source}, which is no process\n`);
  if (vfs.calls.has(process.slot)) return yield* printf(`VFS: call ${messageType(message)} of ${source}, which is in another\n`);
  if (name === null) {
    yield* sendReply(source, newMessage(errorCode("ENOSYS")), status);
    return;
  }
  const copy = message.slice();
  const job = startJob(vfs, process, `${name} of ${source}`, function* (self) {
    const reply = yield* answer(self, name, copy);
    yield* sendReply(source, reply, status);
  }, name === "access");
  vfs.calls.set(process.slot, job);
}
