import { DIAG_BUFSIZE, GET_WHOAMI, SYSCTL_CODE_DIAG } from "@procyon-os/contract-kernel";
import { instanceLocal, SELF, type Endpoint, type Program, type VirtAddr } from "@procyon-os/message";
import { kernel } from "./kernel.ts";
import { scratchBytes } from "./scratch.ts";
import { textBytes } from "./text.ts";

/** Who the caller is: its endpoint, its name and its privilege flags. */
export interface Self {
  readonly endpoint: Endpoint;
  readonly name: string;
  readonly privilegeFlags: number;
}

const known = instanceLocal<{ self: Self | null }>("whoami", () => ({ self: null }));

/** Asks the kernel who the caller is, every time. */
export function* askWhoami(): Program<Self> {
  const answer = yield* kernel.getinfo({ what: GET_WHOAMI, address: 0 as VirtAddr, maxBytes: 0, process: SELF });
  if (!answer.ok) return { endpoint: SELF, name: "Unknown", privilegeFlags: 0 };
  return answer.value;
}

/** Who the caller is. Asked once; an instance that takes another's place asks again with `forgetWhoami`. */
export function* whoami(): Program<Self> {
  const cache = known();
  cache.self ??= yield* askWhoami();
  return cache.self;
}

/** After a live update the endpoint is another's: the next `whoami` asks the kernel. */
export function forgetWhoami(): void {
  known().self = null;
}

/** Prints a text to the kernel's messages, where LOG and the console find it. */
export function* printf(text: string): Program<void> {
  for (let at = 0; at < text.length; at += DIAG_BUFSIZE) {
    const bytes = textBytes(text.slice(at, at + DIAG_BUFSIZE));
    const buffer = yield* scratchBytes(bytes);
    yield* kernel.sysctl({ code: SYSCTL_CODE_DIAG, buffer, argument: bytes.length });
  }
}

/** Ends the process: the kernel raises SIGABRT for it, its manager does the rest. Never comes back. */
export function* exit(): Program<never> {
  yield* kernel.exit({});
  throw new Error("exit came back");
}

/**
 * The service is wrong and stops: says who, where and what, and ends. Recovery is RS's, from a clean instance
 * (reference/rs-sef-ds-syslib.md 5.5).
 */
export function* panic(text: string): Program<never> {
  const { name, endpoint } = yield* whoami();
  yield* printf(`${name}(${endpoint}): panic: ${text}\n`);
  const { stack } = new Error(text);
  yield* printf(`syslib: stacktrace: ${(stack ?? "").split("\n").slice(2, 8).map((line) => line.trim()).join(" < ")}\n`);
  return yield* exit();
}
