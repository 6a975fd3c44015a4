import type { Endpoint, Message } from "@procyon-os/message";
import type { KernelScript } from "./kernel-script.ts";
import type { ServiceHarness } from "./service-harness.ts";

/** Something that the service sent. */
export interface Sent {
  readonly how: number; // SEND, SENDNB, SENDREC, NOTIFY or SENDA
  readonly to: Endpoint;
  readonly message: Message;
}

/** Answers a SENDREC of the service to another process; null leaves it waiting for `reply`. */
export type Partner = (message: Message, harness: ServiceHarness) => Message | null;

export interface HarnessOptions {
  readonly endpoint?: Endpoint;
  readonly args?: readonly string[];
  /** Kernel calls that the test answers itself, by name; the rest have simple defaults. */
  readonly kernel?: KernelScript;
  /** What other processes answer. */
  readonly partners?: ReadonlyMap<Endpoint, Partner>;
  readonly memoryBytes?: number;
  readonly parameters?: { readonly [name: string]: string };
  /** Bytes that RS's public table holds, for services that read it. */
  readonly rprocTable?: Uint8Array;
  readonly initType?: number;
  readonly oldEndpoint?: Endpoint;
  /** What waits from RS before its request to initialize. */
  readonly beforeInit?: readonly Message[];
  /** An instance that has ended, or was stopped, at `oldEndpoint`: what it left behind is there for this one. */
  readonly predecessor?: ServiceHarness;
  /** After so many traps the instance is stopped, as by a kill: `ended` is "killed". */
  readonly mostTraps?: number;
  /** Whether nobody takes an asynchronous message yet: it stays in the service's table (see `takeHeld`). */
  readonly isHeld?: (sent: Sent) => boolean;
  /** Sees what the service sends when it sends it, and may `post` something back. */
  readonly onSend?: (sent: Sent, harness: ServiceHarness) => void;
}
