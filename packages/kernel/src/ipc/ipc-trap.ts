import { MF_DELIVERMSG, MF_REPLY_PEND, MF_SC_DEFER, MF_SC_TRACE, REG_EAX, REG_EBX, REG_ECX, RTS_RECEIVING, RTS_SENDING } from "@procyon-os/contract-kernel";
import { ANY, NOTIFY, OK, RECEIVE, RECEIVE_NOTED, SEND, SENDA, SENDNB, SENDREC, SIGTRAP, errorCode, type Endpoint } from "@procyon-os/message";
import { GUEST_TRAP_CYCLES } from "../costs.ts";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import { causeSignal } from "../signals/cause-signal.ts";
import { sendAsynchronous } from "./asynchronous-send.ts";
import { notify } from "./notify.ts";
import { clearStatus, receive } from "./receive.ts";
import { send } from "./send.ts";

/** Vector 33: registers say what to do, EAX gets the result (reference/kernel.md 2.1). Guest and hosted processes alike. */
export function ipcTrap(kernel: Kernel, caller: Process): void {
  kernel.counters.ipcCalls++;
  if (caller.misc & MF_DELIVERMSG) throw new Error(`${caller.name} traps with a message to be delivered`);
  if (caller.misc & MF_SC_TRACE) {
    // The tracer looks first; the trap is done when the process runs again, from the registers it then has.
    caller.misc = (caller.misc & ~MF_SC_TRACE) | MF_SC_DEFER;
    const { frame } = caller;
    caller.deferredCall = [frame[REG_ECX] as number, frame[REG_EAX] as number, frame[REG_EBX] as number];
    causeSignal(kernel, caller, SIGTRAP);
    return;
  }
  kernel.guard?.enter("ipc");
  performIpc(kernel, caller);
  kernel.guard?.leave("ipc");
}

/** Does the call that the registers ask for. */
export function performIpc(kernel: Kernel, caller: Process): void {
  const { frame } = caller;
  const call = frame[REG_ECX] as number;
  const partner = frame[REG_EAX] as Endpoint;
  const address = (frame[REG_EBX] as number) >>> 0;
  caller.ipcCycles += GUEST_TRAP_CYCLES;
  frame[REG_EAX] = call === SENDA ? sendAsynchronous(kernel, caller, partner, address) : synchronous(kernel, caller, call, partner, address);
}

function synchronous(kernel: Kernel, caller: Process, call: number, partner: Endpoint, address: number): number {
  if (call < SEND || call > SENDNB) return errorCode("EBADCALL");
  caller.ipcSync++;
  caller.noting = call === RECEIVE && address === RECEIVE_NOTED && caller.hosted !== null;
  const target = partner === ANY ? null : kernel.processes.find(partner);
  const refusal = check(caller, call, partner, target);
  if (refusal !== OK) return refusal;

  switch (call) {
    case SENDREC: return sendReceive(kernel, caller, target as Process, address);
    case RECEIVE:
      caller.misc &= ~MF_REPLY_PEND;
      clearStatus(caller);
      return receive(kernel, caller, partner, address);
    case NOTIFY:
      notify(kernel, caller, target as Process);
      return OK;
    default: return send(kernel, caller, target as Process, address, call === SENDNB);
  }
}

/** The checks of reference/kernel.md 2.4, in their order. A process without privileges may do nothing, and nobody may send to one. */
function check(caller: Process, call: number, partner: Endpoint, target: Process | null): number {
  if (partner === ANY) {
    if (call !== RECEIVE) return errorCode("EINVAL");
  } else if (target === null) return errorCode("EDEADSRCDST");
  const { privileges } = caller;
  if (privileges === null) return errorCode("ECALLDENIED");
  if (call !== RECEIVE && (target?.privileges == null || !privileges.ipcTo.has(target.privileges.id))) return errorCode("ECALLDENIED");
  if (!(privileges.trapMask & (1 << call))) return errorCode("ETRAPDENIED");
  if (call !== SENDREC && call !== RECEIVE && target !== null && target.isTask) return errorCode("ETRAPDENIED");
  return OK;
}

function sendReceive(kernel: Kernel, caller: Process, target: Process, address: number): number {
  caller.misc |= MF_REPLY_PEND;
  let result = send(kernel, caller, target, address, false);
  if (result === OK) result = receive(kernel, caller, target.endpoint, address);
  // A SENDREC that failed is over: its flag must not mark the next SEND.
  if (result !== OK && !(caller.rts & (RTS_SENDING | RTS_RECEIVING))) caller.misc &= ~MF_REPLY_PEND;
  return result;
}
