import {
  decodeGrant, grantSlot, leftBehind, SYS_STATE_CLEAR_IPC_REFS, SYS_STATE_CLEAR_WAITERS, SYS_STATE_IS_WAITING, SYS_STATE_NOTED, GET_HZ, GET_MONPARAMS, GET_WHOAMI, GRANT_BYTES, kernelContract, MONPARAMS_BYTES, safecopyElement,
} from "@procyon-os/contract-kernel";
import { fail, NONE, ok, SELF, type Endpoint, type GrantId, type Message, type Outcome, type Request, type Ticks, type VirtAddr } from "@procyon-os/message";
import type { ServiceHarness } from "./service-harness.ts";

type Calls = typeof kernelContract.calls;
/** How a test answers one kernel call: an outcome, a whole message, or `"never"` for a call that does not come back. */
export type KernelHandler<C> = (harness: ServiceHarness, request: Request<C>) => Outcome<C> | Message | "never";
export type KernelScript = { readonly [Name in keyof Calls]?: KernelHandler<Calls[Name]> };

function memoryOf(harness: ServiceHarness, process: Endpoint): Uint8Array {
  return process === SELF || process === harness.endpoint ? harness.memory : harness.clients.space(process);
}

/** Bytes behind a grant: of a client, or one that the service itself made (as when a test plays the grantee). */
export function grantedBytes(harness: ServiceHarness, granter: Endpoint, grant: GrantId): Uint8Array | null {
  const before = harness.predecessorAt(granter);
  if (before !== null) return grantedBytes(before, before.endpoint, grant);
  if (granter !== harness.endpoint) return harness.clients.bytes(granter, grant) ?? null;
  const { address, entries } = harness.grantTable;
  const slot = grantSlot(grant);
  if (grant < 0 || slot >= entries) return null;
  const entry = decodeGrant(harness.memory, address + slot * GRANT_BYTES);
  if (entry.kind === "direct") return harness.memory.subarray(entry.start, entry.start + entry.length);
  if (entry.kind === "magic") return harness.clients.space(entry.from).subarray(entry.start, entry.start + entry.length);
  return null;
}

const structures: { readonly [what: number]: (harness: ServiceHarness) => Uint8Array } = {
  [GET_HZ]: () => Uint8Array.of(60, 0, 0, 0),
  [GET_MONPARAMS]: (harness) => {
    const bytes = new Uint8Array(MONPARAMS_BYTES);
    const text = Object.entries(harness.parameters).map(([name, value]) => `${name}=${value}\0`).join("");
    bytes.set(Uint8Array.from(text, (char) => char.charCodeAt(0)));
    return bytes;
  },
};

/** What a dead instance left, and who waits for the one that follows it. */
function stateControl(harness: ServiceHarness, request: number, process: Endpoint, address: number, length: number): Outcome<Calls["statectl"]> {
  const before = harness.predecessorAt(process);
  const release = (one: Endpoint): void => {
    harness.waiters.delete(one);
    harness.released.push(one);
  };
  if (request === SYS_STATE_CLEAR_IPC_REFS) for (const one of [...harness.waiters]) release(one);
  if (request === SYS_STATE_IS_WAITING) return harness.waiters.has(process) ? ok({}) : fail("ESRCH");
  if (request === SYS_STATE_NOTED) {
    if (before === null) return fail("EPERM");
    harness.memory.set(leftBehind.encode({ ...before.left, message: Array.from(before.left.message), held: 0 }), address);
  }
  if (request === SYS_STATE_CLEAR_WAITERS) {
    const stay = new Set(new Int32Array(harness.memory.slice(address, address + length).buffer));
    for (const one of [...harness.waiters]) if (!stay.has(one)) release(one);
  }
  return ok({});
}

function copyAll(harness: ServiceHarness, vector: number, elements: number): Outcome<Calls["vsafecopy"]> {
  for (let i = 0; i < elements; i++) {
    const { from, to, grant, offset, address, bytes } = safecopyElement.decode(harness.memory, vector + i * safecopyElement.bytes);
    const request = { process: from === SELF ? to : from, segment: 3, grant, offset, address: address as VirtAddr, bytes };
    const copied = from === SELF ? defaultKernelCalls.safecopyto?.(harness, request) : defaultKernelCalls.safecopyfrom?.(harness, request);
    if (copied === undefined || copied === "never" || copied instanceof Int32Array || !copied.ok) return fail("EFAULT");
  }
  return ok({});
}

/** What the kernel answers where the test says nothing. */
export const defaultKernelCalls: KernelScript = {
  getinfo: (harness, { what, address }) => {
    if (what === GET_WHOAMI) return ok({ endpoint: harness.endpoint, privilegeFlags: 0x10, name: "service" });
    const structure = structures[what];
    if (structure === undefined) return fail("EINVAL");
    harness.memory.set(structure(harness), address);
    return ok({ endpoint: NONE, privilegeFlags: 0, name: "" });
  },
  times: (harness) => ok({ user: 0 as Ticks, system: 0 as Ticks, bootTime: 1_000_000, uptime: harness.uptime as Ticks }),
  setalarm: (harness, { expiresAt, absolute }) => {
    const left = harness.alarm === null ? 0 : harness.alarm - harness.uptime;
    harness.alarm = absolute ? expiresAt : expiresAt === 0 ? null : harness.uptime + expiresAt;
    return ok({ ticksLeft: left as Ticks });
  },
  setgrant: (harness, { table, entries }) => {
    harness.grantTable = { address: table, entries };
    return ok({});
  },
  sysctl: (harness, { buffer, argument }) => {
    for (let at = buffer; at < buffer + argument; at++) harness.output += String.fromCharCode(harness.memory[at] as number);
    return ok({});
  },
  statectl: (harness, { request, process, address, length }) => stateControl(harness, request, process, address, length),
  saferevmap: () => ok({}),
  exit: () => "never",
  safecopyfrom: (harness, { process, grant, offset, address, bytes }) => {
    const source = grantedBytes(harness, process, grant);
    if (source === null || offset + bytes > source.length) return fail("EPERM");
    harness.memory.set(source.subarray(offset, offset + bytes), address);
    return ok({});
  },
  safecopyto: (harness, { process, grant, offset, address, bytes }) => {
    const target = grantedBytes(harness, process, grant);
    if (target === null || offset + bytes > target.length) return fail("EPERM");
    target.set(harness.memory.subarray(address, address + bytes), offset);
    return ok({});
  },
  vsafecopy: (harness, { vector, elements }) => copyAll(harness, vector, elements),
  vircopy: (harness, { source, sourceAddress, target, targetAddress, bytes }) => {
    const from = memoryOf(harness, source);
    const to = memoryOf(harness, target);
    if (sourceAddress + bytes > from.length || targetAddress + bytes > to.length) return fail("EFAULT");
    to.set(from.slice(sourceAddress, sourceAddress + bytes), targetAddress);
    return ok({});
  },
};
