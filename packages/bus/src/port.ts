import type { Frame, ServiceImage } from "@procyon-os/message";

/** What a hosted process did when it was resumed. */
export type PortEvent =
  | { readonly kind: "trap"; readonly frame: Frame }
  /** Its program returned: for a service the same as `exit`. */
  | { readonly kind: "exit" }
  /** Its program threw: the host's text of the error, for the console. */
  | { readonly kind: "crash"; readonly report: string };

/** The kernel's end of the connection to one hosted process. */
export interface Port {
  /** Runs the process to its next trap. The first call starts the program and takes null. The event is good until the next resume. */
  resume(answer: Frame | null): PortEvent;
  /** Ends the instance; nothing of it runs any more. */
  close(): void;
}

/** Makes ports: where a hosted service runs is the bus's business alone. */
export interface Bus {
  readonly name: string;
  spawn(image: ServiceImage, args: readonly string[]): Port;
}
