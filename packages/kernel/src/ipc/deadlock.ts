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
  let endpoint = partner;
  for (let length = 2; endpoint !== ANY && endpoint !== NONE; length++) {
    const next = kernel.processes.find(endpoint);
    if (next === null) return false;
    // The chain runs into a circle that the caller is no part of, as an update can make one: no new one is closed.
    if (length > kernel.processes.slots.length) return false;
    endpoint = blockedOn(next);
    if (endpoint !== caller.endpoint) continue;
    const nextSends = (next.rts & RTS_SENDING) !== 0;
    if (length === 2 && nextSends !== wantsToSend) return false;
    kernel.print(`kernel: deadlock: ${describeCircle(kernel, caller, partner)}\n`);
    return true;
  }
  return false;
}

/** The members of a circle, for people: the caller, and from its partner on each one that the one before waits for. */
function describeCircle(kernel: Kernel, caller: Process, partner: Endpoint): string {
  const names = [`${caller.name}(${caller.endpoint})`];
  for (let endpoint = partner; endpoint !== caller.endpoint || names.length === 1; ) {
    const one = kernel.processes.find(endpoint) as Process;
    names.push(`${one.name}(${one.endpoint})`);
    endpoint = blockedOn(one);
  }
  return names.join(" -> ");
}
