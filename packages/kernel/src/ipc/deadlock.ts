import { RTS_RECEIVING, RTS_SENDING } from "@procyon-os/contract-kernel";
import { ANY, NONE, type Endpoint } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";

/** Whom a process waits for: NONE where it does not. */
export function blockedOn(process: Process): Endpoint {
  if (process.rts & RTS_SENDING) return process.sendTo;
  if (process.rts & RTS_RECEIVING) return process.getFrom;
  return NONE;
}

/**
 * Whether blocking on a partner would close a circle of waiting processes (reference/kernel.md 2.6). A circle of two in
 * which one sends and the other receives is none: the message passes.
 */
export function wouldDeadlock(kernel: Kernel, caller: Process, wantsToSend: boolean, partner: Endpoint): boolean {
  const members: Process[] = [caller];
  let endpoint = partner;
  while (endpoint !== ANY && endpoint !== NONE) {
    const next = kernel.processes.find(endpoint);
    if (next === null) return false;
    members.push(next);
    // The chain runs into a circle that the caller is no part of, as an update can make one: no new one is closed.
    if (members.length > kernel.processes.slots.length) return false;
    endpoint = blockedOn(next);
    if (endpoint !== caller.endpoint) continue;
    const partnerSends = ((members[1] as Process).rts & RTS_SENDING) !== 0;
    if (members.length === 2 && partnerSends !== wantsToSend) return false;
    kernel.print(`kernel: deadlock: ${members.map((one) => `${one.name}(${one.endpoint})`).join(" -> ")}\n`);
    return true;
  }
  return false;
}
