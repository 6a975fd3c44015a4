import {
  basicKernelCalls, CHECK_IO_PORT, CHECK_IRQ, kernelContract, NR_IO_RANGE, NR_IRQ, SRV_F, DYN_PRIV_ID,
} from "@procyon-os/contract-kernel";
import {
  controlCount, decodeRsStart, RS_MAX_LABEL_LEN, RS_NR_CONTROL, RS_START_BYTES, RSS_COPY, RSS_IO_ALL, RSS_IRQ_ALL, RSS_NR_IO, RSS_NR_IRQ, RSS_REPLICA,
  RSS_REUSE, RSS_SYS_BASIC_CALLS, RSS_VM_BASIC_CALLS, SF_CORE_SRV, SF_USE_COPY, SF_USE_REPL, type RsStart, type TextPlace,
} from "@procyon-os/contract-rs";
import { basicVmCalls, vmCallMask } from "@procyon-os/contract-vm";
import { fail, HARDWARE, LAST_SPECIAL_SLOT, NONE, ok, RS, SELF, type Endpoint, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { bytesText, printf, readProcess } from "@procyon-os/syslib";
import { sharedProgram } from "./images.ts";
import { ipcTargets } from "./ipc-targets.ts";
import type { RsState } from "./rs-state.ts";
import { commandWords, hostedReference, processNameOf, type Service } from "./service.ts";

const MAX_COMMAND = 511;
const MAX_SCRIPT = 255;
const MAX_IPC_LIST = 255;
const MAX_ARGS = 10;
const NR_PRIORITIES = 16;
/** In rss_cpu: the processor that booted the machine; -1 leaves the choice to the scheduler. */
const BOOT_CPU = -2;

/** A struct rs_start with its texts, as the caller gave it. */
export interface StartRequest {
  readonly start: RsStart;
  readonly command: string;
  readonly label: string;
  readonly script: string;
  readonly ipcList: string;
  readonly control: readonly string[];
}

function* readText(caller: Endpoint, place: TextPlace, most: number): Program<Result<string>> {
  if (place.length === 0) return ok("");
  if (place.length > most) return fail("E2BIG");
  const bytes = yield* readProcess(caller, place.address, place.length);
  return bytes.ok ? ok(bytesText(bytes.value)) : bytes;
}

/** The label of a request, at most 15 characters of it. */
export function* readLabel(caller: Endpoint, place: TextPlace): Program<Result<string>> {
  if (place.length <= 0) return fail("EINVAL");
  return yield* readText(caller, { address: place.address, length: Math.min(place.length, RS_MAX_LABEL_LEN - 1) }, RS_MAX_LABEL_LEN);
}

/** Copies a struct rs_start and all that it points to from the caller. */
export function* readStart(caller: Endpoint, address: VirtAddr): Program<Result<StartRequest>> {
  const bytes = yield* readProcess(caller, address, RS_START_BYTES);
  if (!bytes.ok) return bytes;
  const start = decodeRsStart(bytes.value);
  const programs = controlCount(bytes.value);
  if (programs < 0 || programs > RS_NR_CONTROL) return fail("EINVAL");
  const command = yield* readText(caller, start.command, MAX_COMMAND);
  if (!command.ok) return command;
  const label = start.label.length > 0 ? yield* readLabel(caller, start.label) : ok("");
  if (!label.ok) return label;
  const most = (hostedReference(command.value) === null ? 1 : 2) + MAX_ARGS;
  if (commandWords(command.value).length > most) yield* printf(`RS: ${label.value}: a service has at most ${MAX_ARGS} arguments, the rest is left out\n`);
  const script = yield* readText(caller, start.script, MAX_SCRIPT);
  if (!script.ok) return script;
  if (start.ipc.length > MAX_IPC_LIST) return fail("EINVAL");
  const ipcList = yield* readText(caller, start.ipc, MAX_IPC_LIST);
  if (!ipcList.ok) return ipcList;
  const control: string[] = [];
  for (const place of start.control) {
    const name = yield* readLabel(caller, place);
    if (!name.ok) return name;
    control.push(name.value);
  }
  return ok({ start, command: command.value, label: label.value, script: script.value, ipcList: ipcList.value, control });
}

/** Whether scheduler, partners, priority, quantum and signal manager are possible. */
export function isPossible({ start, ipcList }: StartRequest): boolean {
  const { scheduler, priority, quantum, signalManager, irqCount, ioCount } = start;
  const isBootService = (endpoint: Endpoint): boolean => endpoint >= 0 && endpoint <= LAST_SPECIAL_SLOT;
  if (scheduler !== HARDWARE && !isBootService(scheduler)) return false;
  if (priority < 0 || priority >= NR_PRIORITIES || quantum <= 0) return false;
  if (start.cpu < BOOT_CPU || ipcList === "") return false;
  if (signalManager !== SELF && !isBootService(signalManager)) return false;
  if (irqCount !== RSS_IRQ_ALL && (irqCount < 0 || irqCount > Math.min(NR_IRQ, RSS_NR_IRQ))) return false;
  return ioCount === RSS_IO_ALL || (ioCount >= 0 && ioCount <= Math.min(NR_IO_RANGE, RSS_NR_IO));
}

function callMask(given: readonly [number, number], names: readonly (keyof typeof kernelContract.calls)[]): number[] {
  const mask = [given[0], given[1]];
  for (const name of names) {
    const { number } = kernelContract.calls[name];
    mask[number >> 5] = ((mask[number >> 5] as number) | (1 << (number & 31))) >>> 0;
  }
  return mask;
}

function setResources(service: Service, start: RsStart): void {
  const { privileges } = service;
  privileges.flags &= ~(CHECK_IRQ | CHECK_IO_PORT);
  privileges.irqs = start.irqCount === RSS_IRQ_ALL ? [] : start.irqs;
  privileges.irqCount = privileges.irqs.length;
  if (start.irqCount !== RSS_IRQ_ALL) privileges.flags |= CHECK_IRQ;
  privileges.ioRanges = start.ioCount === RSS_IO_ALL ? [] : start.io.map(({ base, length }) => ({ base, limit: base + length - 1 }));
  privileges.ioRangeCount = privileges.ioRanges.length;
  if (start.ioCount !== RSS_IO_ALL) privileges.flags |= CHECK_IO_PORT;
}

/** Applies what a request may change of a service at any time (reference 2.8, edit_slot). */
export function applyEdit(state: RsState, service: Service, request: StartRequest): Result<null, "EINVAL" | "E2BIG"> {
  const { start, command } = request;
  const reference = hostedReference(command);
  const words = commandWords(command).slice(0, (reference === null ? 1 : 2) + MAX_ARGS);
  const isCore = (service.sysFlags & SF_CORE_SRV) !== 0;
  if (command !== "" && reference === null && !command.startsWith("/")) return fail("EINVAL");
  service.privileges = { ...service.privileges }; // the entry before has its own
  setResources(service, start);
  service.privileges.signalManager = start.signalManager;
  service.privileges.callMask = callMask(start.kernelCalls, (start.flags & RSS_SYS_BASIC_CALLS) !== 0 ? basicKernelCalls : []);
  const basicVm = (start.flags & RSS_VM_BASIC_CALLS) !== 0 ? vmCallMask(basicVmCalls) : [0, 0];
  service.vmCalls = [start.vmCalls[0] | (basicVm[0] as number), start.vmCalls[1] | (basicVm[1] as number)];
  if (service.scheduler !== NONE) Object.assign(service, { scheduler: start.scheduler, priority: start.priority, quantum: start.quantum, cpu: start.cpu === BOOT_CPU ? 0 : start.cpu });
  if (words[0] !== undefined) {
    if (words[0] !== commandWords(service.command)[0]) service.program = null; // another file
    service.command = words.join(" ");
    service.processName = processNameOf(words[0]);
    if ((start.flags & RSS_REUSE) !== 0) service.program ??= sharedProgram(state, service);
  }
  if (reference !== null) {
    // The package is the program; its name without scope and version is what a path's last part is for a file.
    service.program = { kind: "hosted", reference };
    service.processName = processNameOf(reference.replace(/(?<=.)@.*$/, ""));
    service.command = [service.processName, ...words.slice(2)].join(" ");
  }
  service.control = [...request.control];
  if (request.label !== "" && service.label === "") service.label = request.label;
  if (service.label === "") service.label = service.processName;
  if (!isCore) service.script = request.script; // without a core service no script runs
  service.keepProgram = service.keepProgram || (start.flags & (RSS_COPY | RSS_REUSE)) !== 0;
  if (service.keepProgram) service.sysFlags |= SF_USE_COPY;
  if ((start.flags & RSS_REPLICA) !== 0) service.sysFlags |= SF_USE_REPL;
  // What RS pings by itself it goes on pinging where nobody asks for another period.
  if (service.endpoint !== RS && (start.period > 0 || service.patience === 0)) service.period = start.period;
  service.ipcList = request.ipcList;
  service.privileges = { ...service.privileges, ipcTo: ipcTargets(state, service) };
  return ok(null);
}

/** Fills a new entry for a dynamic service. */
export function applyNew(state: RsState, service: Service, request: StartRequest): Result<null, "EINVAL" | "E2BIG"> {
  const { start } = request;
  service.privileges.flags = SRV_F | DYN_PRIV_ID;
  service.privileges.trapMask = -1;
  service.uid = start.uid;
  service.scheduler = start.scheduler;
  service.major = start.major;
  service.deviceStyle = start.deviceStyle;
  service.deviceFlags = start.major > 0 ? 1 : 0;
  if (start.major > 0 && (start.deviceStyle < 0 || start.deviceStyle > 6)) return fail("EINVAL");
  return applyEdit(state, service, request);
}
