import { getSysInfoCall, RPROCPUB_BYTES, SI_PROCPUB_TAB } from "@procyon-os/contract-rs";
import { decodeRequest, encodeReply, errorCode, fail, messageSource, newMessage, NR_SYS_PROCS, ok, SELF, type Message, type Program } from "@procyon-os/message";
import { dataCopy } from "@procyon-os/syslib";
import { refusal } from "./permission.ts";
import type { RsState } from "./rs-state.ts";

/** COMMON_GETSYSINFO: the table of public entries, for root. */
export function* answerSysInfo(state: RsState, message: Message): Program<Message> {
  const caller = messageSource(message);
  const { what, size, where } = decodeRequest(getSysInfoCall, message);
  if ((yield* refusal(state, caller, "shutdown", null)) !== null) return newMessage(errorCode("EPERM"));
  if (what !== SI_PROCPUB_TAB || size !== NR_SYS_PROCS * RPROCPUB_BYTES) return encodeReply(getSysInfoCall, fail("EINVAL"));
  const copied = yield* dataCopy(SELF, state.publicTable, caller, where, size);
  return encodeReply(getSysInfoCall, copied.ok ? ok({}) : fail("EFAULT"));
}
