import { basicKernelCalls, CHECK_IO_PORT, CHECK_IRQ, CPF_READ, DYN_PRIV_ID, kernelContract, NR_SYS_CALLS, SRV_F, staticPrivId, SYS_PROC, SYS_PRIV_ALLOW } from "@procyon-os/contract-kernel";
import { DRV_FORCED, RPROCPUB_BYTES, RS_INIT, RSS_IPC_ALL, SEF_INIT_FRESH, SF_SYNCH_BOOT } from "@procyon-os/contract-rs";
import {
  AMF_NOREPLY, ANY, CLOCK, decodeRequest, INIT, isNotify, messageSource, messageType, MFS, newMessage, NONE, NR_SYS_PROCS, NSIG, ok, PM, RS, SCHED, SELF, signalInSet, SYSTEM, VM,
  type Endpoint, type Program, type Result, type Ticks,
} from "@procyon-os/message";
import { rsContract } from "@procyon-os/contract-rs";
import { pmContract } from "@procyon-os/contract-pm";
import { VM_RS_MEM_PIN } from "@procyon-os/contract-vm";
import { allocate, asynsend, bootParameter, client, grantDirect, kernel, panic, printf, receive, send, systemHz, useVmMemory } from "@procyon-os/syslib";
import { bootServices, earlyServices, type BootService, type EarlyService } from "./boot-table.ts";
import { RS_ACTIVE, RS_HEARTBEAT_SECONDS, RS_INITIALIZING, RS_PATIENCE_SECONDS } from "./flags.ts";
import { armPeriod } from "./period.ts";
import { privctl, setPrivileges } from "./privileges.ts";
import { keepReplica, startService } from "./restart.ts";
import { byEndpoint, instances, newState, now, showPublic, takeEntry, type RsState } from "./rs-state.ts";
import { initRequest } from "./run.ts";
import { KERNEL_SCHEDULER, startScheduling } from "./scheduling.ts";
import { emptyPrivileges, type Service } from "./service.ts";
import { vmCall } from "./servers.ts";
import { startTask } from "./task.ts";

/** How long the boot services may take to be up. */
const BOOT_SECONDS = 20;
const ALL_WORDS = [0xffffffff, 0xffffffff];
const kernelCallMask = (): number[] => [0xffffffff, (2 ** (NR_SYS_CALLS - 32) - 1) >>> 0];

/** RS pings what it starts by itself. RS is watched by the kernel, a user by nobody. */
function heartbeat({ hz }: RsState): Pick<Service, "period" | "patience"> {
  return { period: RS_HEARTBEAT_SECONDS * hz, patience: RS_PATIENCE_SECONDS * hz };
}

function enterBootService(state: RsState, boot: BootService): Service {
  const service = takeEntry(state) as Service; // the table is larger than the boot image
  const isUser = boot.endpoint === INIT;
  const name = boot.endpoint === MFS ? "mfs" : boot.label; // whose label says what it serves
  Object.assign(service, {
    endpoint: boot.endpoint, label: boot.label, processName: name, sysFlags: boot.sysFlags, major: boot.major,
    deviceStyle: boot.style, deviceStyle2: boot.style2, deviceFlags: boot.major > 0 ? DRV_FORCED : 0, vmCalls: [-1, -1],
    flags: RS_ACTIVE, mostReplicas: [PM, VM, SCHED, RS].includes(boot.endpoint) ? 2 : 1, command: isUser ? "" : `/sbin/${name}`, ipcList: isUser ? "" : RSS_IPC_ALL, // ALL_SYS is not for users, however init stands
    program: isUser ? null : { kind: "hosted", reference: `boot:${boot.label}` },
    scheduler: isUser ? NONE : KERNEL_SCHEDULER, priority: boot.priority, quantum: boot.quantum, ...(isUser || boot.endpoint === RS ? {} : heartbeat(state)),
  });
  service.privileges = {
    ...emptyPrivileges(), id: staticPrivId(boot.endpoint), flags: boot.privilegeFlags, trapMask: isUser ? 0x08 : -1, ipcTo: ALL_WORDS,
    callMask: isUser ? [0, 0] : kernelCallMask(), signalManager: isUser ? PM : boot.endpoint === RS ? SELF : RS,
  };
  return service;
}

/** A boot service that dies, or that says nothing, leaves no system to go on with: a notification that tells of one ends the machine. */
function* expectNoHarm(state: RsState, source: Endpoint): Program<void> {
  const silent = instances(state).filter(({ flags }) => (flags & RS_INITIALIZING) !== 0).map(({ label }) => label);
  if (source === CLOCK) return yield* panic(`not up after ${BOOT_SECONDS} seconds: ${silent.join(", ")}`);
  if (source !== SYSTEM) return;
  const taken = yield* kernel.getksig({});
  if (!taken.ok || taken.value.process === NONE) return;
  const { process, signals } = taken.value;
  const signal = Array.from({ length: NSIG }, (_, index) => index + 1).find((one) => signalInSet(signals, one)) ?? 0;
  yield* panic(`${byEndpoint(state, process)?.label ?? process} died before the system was up: signal ${signal}`);
}

function* expectReady(state: RsState): Program<void> {
  for (;;) {
    const { result, message, status } = yield* receive(ANY);
    if (result !== 0) yield* panic(`receive at boot failed: ${result}`);
    const source = messageSource(message);
    if (isNotify(status) || messageType(message) !== RS_INIT) {
      if (isNotify(status)) yield* expectNoHarm(state, source);
      state.early.push({ message, status });
      continue;
    }
    const service = byEndpoint(state, source);
    const answer = decodeRequest(rsContract.calls.init, message);
    if (service === null) return yield* panic(`endpoint ${source}, which is no boot service, says that it is up`);
    if (answer.result !== 0) yield* panic(`${service.label} cannot initialize: error ${-answer.result}`);
    service.flags &= ~RS_INITIALIZING;
    service.checkTime = 0;
    service.aliveTime = yield* now();
    yield* send(source, newMessage(0));
    return;
  }
}

/** Starts the boot services in order; those marked so are waited for, the rest are collected after the last. */
function* startAll(state: RsState, services: readonly Service[]): Program<void> {
  let waiting = 0;
  yield* kernel.setalarm({ expiresAt: (BOOT_SECONDS * state.hz) as Ticks, absolute: false }); // the first period comes in its place
  for (const service of services) {
    const scheduled = yield* startScheduling(service); // RS too, which the kernel begins in the queue of the users
    if (!scheduled.ok) yield* panic(`${service.label} cannot be scheduled: ${scheduled.error}`);
    if (service.endpoint === RS) continue;
    const allowed = yield* privctl(service.endpoint, SYS_PRIV_ALLOW);
    if (!allowed.ok) yield* panic(`${service.label} may not run: ${allowed.error}`);
    if ((service.privileges.flags & SYS_PROC) === 0) continue;
    yield* asynsend(service.endpoint, yield* initRequest(state, service, SEF_INIT_FRESH), AMF_NOREPLY);
    if ((service.sysFlags & SF_SYNCH_BOOT) !== 0) yield* expectReady(state);
    else waiting++;
  }
  for (; waiting > 0; waiting--) yield* expectReady(state);
}

/** RS may wait for PM here: nothing can be restarted yet. */
function* findPids(services: readonly Service[]): Program<void> {
  for (const service of services) {
    const info = yield* client(pmContract, PM).getEpInfo({ endpoint: service.endpoint });
    if (!info.ok) yield* panic(`PM does not know ${service.label}`);
    else service.pid = info.value.pid;
  }
}

/** Makes the table that every service may read. As the first grant after the state's it has the same number in every instance. */
export function* makePublicTable(state: RsState): Program<void> {
  state.publicTable = yield* allocate(NR_SYS_PROCS * RPROCPUB_BYTES);
  state.publicGrant = yield* grantDirect(ANY, state.publicTable, NR_SYS_PROCS * RPROCPUB_BYTES, CPF_READ);
  for (let index = 0; index < NR_SYS_PROCS; index++) yield* showPublic(state, index);
}

/** Everything until the boot services run (reference/rs-sef-ds-syslib.md 2.5). */
export function* boot(): Program<Result<RsState>> {
  const state = newState();
  state.hz = yield* systemHz();
  yield* makePublicTable(state);
  const services = bootServices.map((one) => enterBootService(state, one));
  for (const service of services) {
    if (service.endpoint !== RS) {
      const set = yield* setPrivileges(service);
      if (!set.ok) yield* panic(`${service.label} cannot get its privileges: ${set.error}`);
    }
  }
  for (let index = 0; index < NR_SYS_PROCS; index++) yield* showPublic(state, index);
  yield* startAll(state, services);
  useVmMemory();
  yield* findPids(services);
  yield* armPeriod(state);
  state.booted = true;
  return ok(state);
}

function callMask(): number[] {
  const mask = [0, 0];
  const more = ["irqctl", "devio", "sdevio", "vdevio", "umap", "vircopy"] as const;
  for (const name of [...basicKernelCalls, ...more]) {
    const { number } = kernelContract.calls[name];
    mask[number >> 5] = ((mask[number >> 5] as number) | (1 << (number & 31))) >>> 0;
  }
  return mask;
}

function enterEarlyService(state: RsState, early: EarlyService): Service | null {
  const service = takeEntry(state);
  if (service === null) return null;
  Object.assign(service, {
    label: early.label, processName: early.processName, command: `/sbin/${early.processName}`, major: early.major, deviceStyle: early.style,
    deviceFlags: DRV_FORCED, program: { kind: "hosted", reference: early.reference }, scheduler: KERNEL_SCHEDULER, priority: early.priority,
    quantum: early.quantum, ipcList: RSS_IPC_ALL, vmCalls: [-1, -1], ...heartbeat(state),
  });
  service.privileges = {
    ...emptyPrivileges(), flags: SRV_F | DYN_PRIV_ID | CHECK_IO_PORT | CHECK_IRQ, trapMask: -1, ipcTo: ALL_WORDS, callMask: callMask(), signalManager: RS,
    ioRanges: early.io, ioRangeCount: early.io.length, irqs: early.irqs, irqCount: early.irqs.length,
  };
  return service;
}

/** VM must not be needed for RS's own memory: RS is who replaces it. */
function* pinMemory(): Program<void> {
  const pinned = yield* vmCall("rsMemctl", { process: RS, request: VM_RS_MEM_PIN });
  if (!pinned.ok) yield* printf(`RS: its memory is not pinned: ${pinned.error}\n`);
}

/** Starts what the root file system needs, and makes the replicas that stand by, when the boot services run. */
export function* startEarlyServices(state: RsState): Program<void> {
  yield* startTask(state, pinMemory());
  for (const service of instances(state)) yield* keepReplica(state, service);
  for (const early of earlyServices) {
    if (early.parameter !== undefined && (yield* bootParameter(early.parameter)) === null) continue;
    const service = enterEarlyService(state, early);
    if (service === null) return;
    yield* startTask(state, (function* (): Program<void> {
      const started = yield* startService(state, service);
      if (!started.ok) yield* printf(`RS: ${early.label} cannot be started: ${started.error}\n`);
    })());
  }
}

