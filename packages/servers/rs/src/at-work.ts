import { GET_PROC, PROCESS_BYTES, processEntry, RTS_NO_QUANTUM, RTS_PAGEFAULT, RTS_PREEMPTED, RTS_RECEIVING, RTS_SENDING, RTS_VMREQUEST, type ProcessEntry } from "@procyon-os/contract-kernel";
import { ANY, instanceLocal, NONE, VM, type Endpoint, type Program } from "@procyon-os/message";
import { kernelStructure } from "@procyon-os/syslib";
import { RS_INITIALIZING, RS_STARTING, RS_TERMINATED, RS_UPDATING } from "./flags.ts";
import { byEndpoint, type RsState } from "./rs-state.ts";
import type { Service } from "./service.ts";

const MIGHT_RUN = RTS_PREEMPTED | RTS_NO_QUANTUM;
const AWAY = RS_TERMINATED | RS_INITIALIZING | RS_STARTING | RS_UPDATING;
/** So long may a chain be of services that wait for one another. */
const MOST_LINKS = 4;

interface Look {
  readonly time: number;
  readonly cycles: number;
  readonly hasRun: boolean | null;
}
const looks = instanceLocal<Map<Endpoint, Look>>("rs looks", () => new Map());

/** Whether a process has run since RS looked at it last, in an earlier period; null at the first look. */
function hasRun(endpoint: Endpoint, { cycles, kernelCallCycles, ipcCycles }: ProcessEntry, time: number): boolean | null {
  const before = looks().get(endpoint);
  if (before?.time === time) return before.hasRun;
  const now = cycles + kernelCallCycles + ipcCycles;
  const has = before === undefined ? null : before.cycles !== now;
  looks().set(endpoint, { time, cycles: now, hasRun: has });
  return has;
}

/** Who alone can let a process go on; NONE where it waits for anybody, or for nobody. */
function waitsFor({ rtsFlags, sendTo, getFrom }: ProcessEntry): Endpoint {
  if ((rtsFlags & (RTS_PAGEFAULT | RTS_VMREQUEST)) !== 0) return VM;
  if ((rtsFlags & RTS_SENDING) !== 0) return sendTo;
  return (rtsFlags & RTS_RECEIVING) !== 0 && getFrom !== ANY ? getFrom : NONE;
}

/** What a service that does not answer RS does: it works, or it would and gets no CPU, or nothing that comes to an end. */
export type Doing = "works" | "starves" | "hangs";

/** Whether another service holds up whoever waits for it: it is being seen to, owes RS a sign of life itself, or works. */
function* holdsUp(state: RsState, service: Service, time: number, links: number): Program<boolean> {
  if ((service.flags & AWAY) !== 0 || service.backoff > 0 || service.aliveTime < service.checkTime) return true;
  return (yield* whatDoes(state, service, time, links)) !== "hangs";
}

/** Finds out what a service does. It works also while it waits for another one that does, or that is being seen to. */
export function* whatDoes(state: RsState, service: Service, time: number, links = MOST_LINKS): Program<Doing> {
  const bytes = yield* kernelStructure(GET_PROC, PROCESS_BYTES, service.endpoint);
  if (bytes === null) return "hangs";
  const process = processEntry.decode(bytes);
  const has = hasRun(service.endpoint, process, time);
  if (has === true) return "works";
  if ((process.rtsFlags & ~MIGHT_RUN) === 0) return "starves";
  if (has === null) return "works"; // as far as anybody knows
  const other = byEndpoint(state, waitsFor(process));
  return other !== null && links > 0 && (yield* holdsUp(state, other, time, links - 1)) ? "works" : "hangs";
}
