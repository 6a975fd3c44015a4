import { getSysInfoCall, RPROC_TABLE_BYTES, RPROCPUB_BYTES, rprocInfo, RS_IN_USE, SI_PROC_TAB, SI_PROCPUB_TAB } from "@procyon-os/contract-rs";
import { decodeRequest, encodeReply, errorCode, fail, messageSource, newMessage, NR_SYS_PROCS, ok, SELF, type Message, type Program } from "@procyon-os/message";
import { dataCopy, writeProcess } from "@procyon-os/syslib";
import { refusal } from "./permission.ts";
import { instances, type RsState } from "./rs-state.ts";
import { hostedReference } from "./service.ts";

/** What RS keeps for itself of each instance. */
function privateTable(state: RsState): Uint8Array {
  const table = new Uint8Array(RPROC_TABLE_BYTES);
  for (const service of instances(state)) {
    const { endpoint, pid, restarts, backoff, period, checkTime, aliveTime, stopTime, uid, scheduler, priority, quantum, command } = service;
    const entry = rprocInfo.encode({
      flags: service.flags | RS_IN_USE, endpoint, pid, restarts, backoff, period, checkTime, aliveTime, stopTime, uid, scheduler, priority, quantum,
      replicas: service.replicas.length, command: (hostedReference(command) ?? command).slice(0, 127),
    });
    table.set(entry, service.index * rprocInfo.bytes);
  }
  return table;
}

/** COMMON_GETSYSINFO: the table of public entries or that of private ones, for root. */
export function* answerSysInfo(state: RsState, message: Message): Program<Message> {
  const caller = messageSource(message);
  const { what, size, where } = decodeRequest(getSysInfoCall, message);
  if ((yield* refusal(state, caller, "shutdown", null)) !== null) return newMessage(errorCode("EPERM"));
  if (what === SI_PROC_TAB && size === RPROC_TABLE_BYTES) {
    const written = yield* writeProcess(caller, where, privateTable(state));
    return encodeReply(getSysInfoCall, written.ok ? ok({}) : fail("EFAULT"));
  }
  if (what !== SI_PROCPUB_TAB || size !== NR_SYS_PROCS * RPROCPUB_BYTES) return encodeReply(getSysInfoCall, fail("EINVAL"));
  const copied = yield* dataCopy(SELF, state.publicTable, caller, where, size);
  return encodeReply(getSysInfoCall, copied.ok ? ok({}) : fail("EFAULT"));
}
