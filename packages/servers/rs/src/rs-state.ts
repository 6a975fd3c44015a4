import { encodeRprocPub, RPROCPUB_BYTES } from "@procyon-os/contract-rs";
import { instanceLocal, NONE, NR_SYS_PROCS, type Endpoint, type GrantId, type Message, type Program, type VirtAddr } from "@procyon-os/message";
import { kernel, store } from "@procyon-os/syslib";
import { RS_ACTIVE, RS_GONE } from "./flags.ts";
import { newService, type Service } from "./service.ts";

/** A live update under way: there is one at a time. */
export interface Update {
  readonly service: number; // index of the old version
  // The new version is made and makes itself ready, the old one is asked, they change places, the new one starts, the old one gets its place back. Of RS
  // itself only: the new version has the state, and keeps the place ("done").
  phase: "making" | "standing by" | "preparing" | "swapping" | "initializing" | "rolling back" | "done";
  startTime: number; // of standing by, then of the preparing
  readonly maxTime: number; // ticks for the preparing
}

/** A request that RS works on. */
export interface Client {
  readonly message: Message;
  readonly status: number;
}

/** Everything RS knows. */
export interface RsState {
  readonly services: (Service | null)[]; // NR_SYS_PROCS of them
  update: Update | null;
  shuttingDown: boolean;
  booted: boolean;
  hz: number;
  publicTable: VirtAddr; // in RS's memory, RPROCPUB_BYTES an entry
  publicGrant: GrantId;
  asked: Endpoint[]; // servers that have a request of a task
  untaken: Endpoint[]; // of those, servers that died before they had taken it, and have not been followed yet
  clients: Client[]; // whose requests are in work
  waiting: Client[]; // whose requests come when the update of RS that is under way is over
  readonly images: Map<number, Uint8Array>; // ELF programs that stay in memory, by the number that `program` has
  readonly early: { message: Message; status: number }[]; // what came while RS waited for something else
}

/** The state before boot. */
export function newState(): RsState {
  return {
    services: Array.from({ length: NR_SYS_PROCS }, () => null),
    update: null, shuttingDown: false, booted: false, hz: 60, publicTable: 0 as VirtAddr, publicGrant: -1 as GrantId, asked: [], untaken: [], clients: [], waiting: [], images: new Map(), early: [],
  };
}

/** A free entry, taken; null where the table is full. */
export function takeEntry(state: RsState): Service | null {
  const index = state.services.indexOf(null);
  if (index < 0) return null;
  const service = newService(index);
  state.services[index] = service;
  return service;
}

/** Every instance there is, in the order of the table; not what is left of those that are being removed. */
export function instances(state: RsState): Service[] {
  return state.services.filter((service) => service !== null && (service.flags & RS_GONE) === 0) as Service[];
}

/** The running instance with this label. */
export function byLabel(state: RsState, label: string): Service | null {
  return instances(state).find((service) => service.label === label && (service.flags & RS_ACTIVE) !== 0) ?? null;
}

/** The instance at this endpoint. */
export function byEndpoint(state: RsState, endpoint: Endpoint): Service | null {
  if (endpoint === NONE) return null;
  for (const service of state.services) if (service?.endpoint === endpoint && (service.flags & RS_GONE) === 0) return service;
  return null;
}

/** The instance that an index of a link stands for. */
export function linked(state: RsState, index: number | null): Service | null {
  const service = index === null ? null : (state.services[index] ?? null);
  return service === null || (service.flags & RS_GONE) !== 0 ? null : service;
}

/** Whether an instance that is being removed still has this endpoint. */
export function isBeingRemoved(state: RsState, endpoint: Endpoint): boolean {
  return state.services.some((service) => service !== null && (service.flags & RS_GONE) !== 0 && service.endpoint === endpoint);
}

/** Writes an entry's public part to where every service can read it. */
export function* showPublic(state: RsState, index: number): Program<void> {
  const service = state.services[index] ?? null;
  const visible = service !== null && (service.flags & RS_ACTIVE) !== 0;
  const bytes = service === null ? new Uint8Array(RPROCPUB_BYTES) : encodeRprocPub({ ...service, inUse: visible });
  yield* store(state.publicTable + index * RPROCPUB_BYTES, bytes);
}

const heard = instanceLocal<{ ticks: number }>("rs time", () => ({ ticks: 0 }));

/** Ticks since boot. */
export function* now(): Program<number> {
  const times = yield* kernel.times({ process: NONE });
  return times.ok ? noteTime(times.value.uptime) : 0;
}

/** The time, as somebody has told it. */
export function noteTime(ticks: number): number {
  heard().ticks = ticks;
  return ticks;
}

/** Ticks since boot when RS was last told, a period ago at most: where nobody is served until RS goes on. */
export const lately = (): number => heard().ticks;
