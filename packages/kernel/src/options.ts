import type { Bus } from "@procyon-os/bus";
import type { Board, Cpu } from "@procyon-os/hardware";
import type { ServiceImage } from "@procyon-os/message";
import type { SymbolLookup } from "./debug/symbol-source.ts";

/** One process of the boot image; the order of the list is the image order (reference/kernel.md 1.3). */
export interface BootModule {
  readonly slot: number;
  readonly name: string;
  /** VM installs a page table before the process runs. */
  readonly fullVm: boolean;
  /** Stack of an ELF program; a hosted one has what its image asks for. */
  readonly stackKb: number;
  readonly program:
    | { readonly kind: "hosted"; readonly image: ServiceImage; readonly args: readonly string[] }
    | { readonly kind: "elf"; readonly file: Uint8Array };
}

/** Checks that cost time and are off in normal use. */
export interface DebugOptions {
  /** Walks all tables after every trap. */
  readonly checkAlways?: boolean;
  /** Chooses the next process at random (from the seed) and ends every quantum at once. */
  readonly race?: boolean;
  /** Suspends and restarts every kernel call once. */
  readonly restartCalls?: boolean;
  /** Before a process runs: it may, its page table is the one that is loaded, nothing in this CPU's TLB is stale. */
  readonly vmassert?: boolean;
  /** Panics where the handling of a trap is entered while another is not finished. */
  readonly norec?: boolean;
  /** Panics where a message changed between the moment it was sent and the moment it is written, or came from nobody. */
  readonly msgcheck?: boolean;
  /** A mistake on purpose, for tests of the tests only. */
  readonly plant?: Plant;
}

/**
 * Mistakes that tests plant to see that tests find them; each is made in one place: no note of stale translations, delivery from
 * an inhibited sender, a skipped asynchronous message forgotten, a register changed before the copy that may suspend, no check of
 * a grant's end, an endpoint used twice, a run queue entry left behind when a process changes its CPU.
 */
export type Plant = "staleTlb" | "inhibited" | "forgetAsync" | "earlyEffect" | "grantWrap" | "generation" | "leftBehind";

/** Everything a kernel needs from outside. */
export interface KernelOptions {
  readonly board: Board;
  readonly cpus: readonly Cpu[];
  readonly bus: Bus;
  /** The program behind a package reference, `name` or `name@version`; null where there is none. */
  readonly resolveService: (reference: string) => ServiceImage | null;
  readonly modules: readonly BootModule[];
  /** Boot parameters; `memory` is added where it is missing. */
  readonly params: Readonly<Record<string, string>>;
  /** Kernel messages, as they are printed. */
  readonly onMessage: (text: string) => void;
  readonly seed: number;
  /** Keeps a hash over every trap and delivered message. */
  readonly trace?: boolean;
  readonly debug?: DebugOptions;
  /** Names for stack traces: the symbols of the program that runs under a name (7 letters), or its ELF file. Boot modules need none. */
  readonly symbols?: SymbolLookup;
}

/** Why `run` came back. */
export type RunResult =
  | { readonly kind: "running" }
  /** No process can run before an interrupt; `wakesAt` is the board time of the next alarm, Infinity without one. */
  | { readonly kind: "idle"; readonly wakesAt: number }
  | { readonly kind: "halted"; readonly how: number; readonly params: string }
  | { readonly kind: "panic"; readonly report: string };

/** How often things happened since boot. */
export interface Counters {
  traps: number;
  kernelCalls: number;
  ipcCalls: number;
  messagesDelivered: number;
  pageFaults: number;
  exceptions: number;
  interrupts: number;
  contextSwitches: number;
  suspendedCalls: number;
  cr3Loads: number;
  /** Switches of process that needed no load: the next one has no table of its own, or its table was loaded still. */
  cr3LoadsSaved: number;
  windowChanges: number;
  windowReuses: number;
  bytesCopied: number;
  /** Bytes of safecopies that were shared copy-on-write instead. */
  bytesShared: number;
}

/** Counters at boot. */
export function newCounters(): Counters {
  return {
    traps: 0, kernelCalls: 0, ipcCalls: 0, messagesDelivered: 0, pageFaults: 0, exceptions: 0, interrupts: 0, contextSwitches: 0,
    suspendedCalls: 0, cr3Loads: 0, cr3LoadsSaved: 0, windowChanges: 0, windowReuses: 0, bytesCopied: 0, bytesShared: 0,
  };
}
