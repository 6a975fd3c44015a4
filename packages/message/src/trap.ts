import type { Message } from "./message.ts";
import type { Protocol } from "./protocol.ts";

// Vectors of a hosted process that are no interrupts of the machine: its own loads and stores, done by the MMU of the
// CPU it runs on with the rights of user mode, as instructions of a guest are. A fault in one is a page fault (vector
// 14) of the process; when VM has resolved it, the access is done again from its start.
export const LOAD_VECTOR = -1;
export const STORE_VECTOR = -2;
/** What RDTSC is to a guest: the cycle counter of the CPU that it runs on. */
export const TSC_VECTOR = -3;

/**
 * A trap of a hosted process, and the machine's answer to it: the registers of an i386 trap frame that matter, a message
 * by value and the bytes of a load or store by value. One object travels both ways.
 *
 * | vector | in | out |
 * |---|---|---|
 * | 33 IPC | ecx call, eax partner (SENDA: count), ebx table (SENDA only), message | eax result, ebx status, message |
 * | 32 kernel call | message | the same message with the answer in it (m_type is the result), or null where the call never answers |
 * | LOAD | eax address, ecx bytes | bytes |
 * | STORE | eax address, bytes | – |
 * | TSC | – | eax low, ebx high half |
 */
export interface Frame {
  vector: number;
  eax: number;
  ebx: number;
  ecx: number;
  message: Message | null;
  bytes: Uint8Array | null;
}

/** A program of a hosted process: every `yield` is a trap, and gives back the frame that the machine has answered. */
export type Program<T = void> = Generator<Frame, T, Frame>;

/** A frame with every register zero. */
export function newFrame(vector: number): Frame {
  return { vector, eax: 0, ebx: 0, ecx: 0, message: null, bytes: null };
}

/**
 * A trap as a program: `yield* new Trap(frame, result)` makes it and gives what `result` makes of its answer. The same as a
 * generator that yields the frame, at half the price: it is the iterator and its results in one object.
 */
export class Trap<T> implements Program<T> {
  done = false;
  value: Frame | T;
  private readonly result: (answer: Frame) => T;
  private made = false;

  constructor(frame: Frame, result: (answer: Frame) => T) {
    this.value = frame;
    this.result = result;
  }

  next(answer: Frame): IteratorResult<Frame, T> {
    if (this.made) {
      this.done = true;
      this.value = this.result(answer);
    }
    this.made = true;
    return this as IteratorResult<Frame, T>;
  }

  return(value: T): IteratorResult<Frame, T> {
    return { done: true, value };
  }

  throw(error: unknown): IteratorResult<Frame, T> {
    throw error;
  }

  [Symbol.iterator](): this {
    return this;
  }

  get [Symbol.toStringTag](): string {
    return "Trap";
  }
}

/** A contract by its name and a version; where it is required, a range of versions as package managers write them. */
export interface ContractReference {
  readonly name: string;
  readonly version: string;
}

/** What a hosted service package exports: its name, its version and what runs. */
export interface ServiceImage {
  readonly name: string; // the package, for example "@procyon-os/ds"
  readonly version: string;
  /** Bytes of zeroed data that the service has from its start, at user address `DATA_START`. */
  readonly dataBytes: number;
  readonly stackBytes: number;
  /** The contract that it serves: what a package that replaces it, or that it replaces, is compared with. */
  readonly contract?: Protocol<any>;
  /** The contracts that it serves, by name and version, where the contract itself is not given. */
  readonly provides?: readonly ContractReference[];
  /** The contracts of other services that it calls. */
  readonly requires?: readonly ContractReference[];
  /** The state that it saves (a `stateSpec` of `@procyon-os/sef`): a package that keeps another one cannot go on from it. Left out: not known. */
  readonly state?: { readonly name: string };
  /** Starts an instance. `args` is argv, argv[0] the name; a service takes nothing else from outside. */
  readonly main: (args: readonly string[]) => Program<unknown>;
}

/** Where the data of a hosted service begins, as it sees it: the first page stays unmapped, so that 0 is no address. */
export const DATA_START = 0x1000;

/**
 * What belongs to one instance of a hosted service beside its program: its image, its arguments and the private values of
 * the libraries that it links. A bus makes one for each instance.
 */
export interface Instance {
  readonly image: ServiceImage;
  readonly args: readonly string[];
  readonly values: Map<symbol, unknown>;
}

// A package from elsewhere may bring a copy of this module of its own; all copies in one thread look into one holder.
const holder: { current: Instance | null } = ((globalThis as { [key: symbol]: unknown })[Symbol.for("@procyon-os/instance")] ??=
  { current: null }) as { current: Instance | null };

/** For a bus: says whose program runs from now on, until the next call. Gives whose ran before, for who only looks inside of one. */
export function enterInstance(instance: Instance | null): Instance | null {
  const before = holder.current;
  holder.current = instance;
  return before;
}

/** The instance whose program runs now. Valid in code of a service only. */
export function currentInstance(): Instance {
  if (holder.current === null) throw new Error("no hosted process is running");
  return holder.current;
}

/**
 * A variable that each instance has for itself, as a C library's static data belongs to one process. For libraries only:
 * what a service must not lose lies in its state.
 */
export function instanceLocal<T>(name: string, initial: () => T): () => T {
  const key = Symbol(name);
  return () => {
    const { values } = currentInstance();
    if (!values.has(key)) values.set(key, initial());
    return values.get(key) as T;
  };
}
