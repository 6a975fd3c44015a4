import { DYN_PRIV_ID, type PrivilegeEntry } from "@procyon-os/contract-kernel";
import { NONE, type ContractReference, type Endpoint } from "@procyon-os/message";

/** What an instance runs: a hosted package by its reference, or an ELF file whose bytes RS holds or reads when it needs them. */
export type ServiceProgram =
  | { readonly kind: "hosted"; readonly reference: string }
  | { readonly kind: "elf"; readonly image: number }; // a key of `images`

/** The same, with the bytes. */
export type LoadedProgram = Extract<ServiceProgram, { kind: "hosted" }> | { readonly kind: "elf"; readonly image: Uint8Array };

/** Whether two instances run the same. A program that is read from its file each time (null) is what the file has by then. */
export function isSameProgram(one: ServiceProgram | null, other: ServiceProgram | null): boolean {
  if (one === other || one === null || other === null) return one === other;
  if (one.kind === "hosted") return other.kind === "hosted" && one.reference === other.reference;
  return other.kind === "elf" && one.image === other.image;
}

/** Who asked for something and waits for the end of it. */
export interface Waiter {
  readonly endpoint: Endpoint;
  readonly request: number;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** An instance of a service: the entry that RS keeps for itself, and in it what is public (reference 2.4). */
export interface Service {
  readonly index: number;
  // Public.
  endpoint: Endpoint;
  label: string;
  processName: string;
  sysFlags: number;
  deviceFlags: number;
  major: number;
  deviceStyle: number;
  deviceStyle2: number;
  vmCalls: [number, number];
  // Private.
  flags: number;
  pid: number; // -1: no process
  oldVersion: number | null;
  newVersion: number | null;
  previous: number | null; // the dead instance that this one replaces
  mostReplicas: number; // how many of those are to be there, where SF_USE_REPL asks for any
  replicas: number[]; // the instances that wait to replace this one, the next one first
  restarts: number;
  takeOvers: number; // instances that died while they took over from a dead one
  backoff: number; // periods until it is started again
  period: number; // ticks between pings, 0 for none
  patience: number; // ticks for which it may be at work without answering one; 0: two periods, whatever it does
  checkTime: number;
  aliveTime: number;
  stopTime: number;
  waiter: Waiter | null;
  command: string; // path and arguments, separated by spaces
  script: string;
  program: ServiceProgram | null;
  provides: ContractReference[]; // the contracts that an ELF program names
  keepProgram: boolean; // -c: the image stays in memory
  privileges: Mutable<PrivilegeEntry>;
  uid: number;
  scheduler: Endpoint;
  priority: number;
  quantum: number;
  cpu: number;
  ipcList: string;
  control: string[];
}

/** Privileges before anybody has set them: a dynamic service without resources. */
export function emptyPrivileges(): Mutable<PrivilegeEntry> {
  return {
    processSlot: 0, id: 0, flags: DYN_PRIV_ID, asynTable: 0, asynSize: 0, trapMask: -1, ipcTo: [0, 0], callMask: [0, 0],
    signalManager: NONE, backupSignalManager: NONE, notifyPending: [0, 0], asynPending: [0, 0], intPending: 0, signalsPending: 0,
    alarmExpires: 0, ioRangeCount: 0, ioRanges: [], memRangeCount: 0, memRanges: [], irqCount: 0, irqs: [], grantTable: 0,
    grantEntries: 0,
  };
}

/** An instance with nothing set. */
export function newService(index: number): Service {
  return {
    index, endpoint: NONE, label: "", processName: "", sysFlags: 0, deviceFlags: 0, major: 0, deviceStyle: 0, deviceStyle2: 0,
    vmCalls: [0, 0], flags: 0, pid: -1, oldVersion: null, newVersion: null, previous: null, mostReplicas: 1, replicas: [], restarts: 0, takeOvers: 0, backoff: 0,
    period: 0, patience: 0, checkTime: 0, aliveTime: 0, stopTime: 0, waiter: null, command: "", script: "", program: null, provides: [], keepProgram: false,
    privileges: emptyPrivileges(), uid: 0, scheduler: NONE, priority: 7, quantum: 200, cpu: -1, ipcList: "", control: [],
  };
}

/** A copy for a second instance of the same service; what belongs to one process alone is left out. */
export function cloneOf(service: Service, index: number): Service {
  const { privileges } = service;
  return {
    ...service,
    index, endpoint: NONE, flags: 0, pid: -1, oldVersion: null, newVersion: null, previous: null, replicas: [], waiter: null,
    vmCalls: [...service.vmCalls], control: [...service.control], checkTime: 0, aliveTime: 0, stopTime: 0, backoff: 0,
    privileges: { ...privileges, flags: privileges.flags | DYN_PRIV_ID },
  };
}

/** The words of a command: the path of the program and its arguments. */
export function commandWords(command: string): string[] {
  return command.split(" ").filter((word) => word !== "");
}

/** What a command begins with that names a hosted package instead of a file: the first line of a `#!hosted` file. */
export const HOSTED_COMMAND = "#!hosted";

/** The package that a command names, or null where it names a file. */
export function hostedReference(command: string): string | null {
  const [first, reference] = commandWords(command);
  return first === HOSTED_COMMAND && reference !== undefined ? reference : null;
}

/** The last part of a path, at most 15 characters: the name that ipc and control lists use. */
export function processNameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).slice(0, 15);
}
