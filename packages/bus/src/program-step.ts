import { MESSAGE_WORDS, type Frame } from "@procyon-os/message";

/** What a program gave where a trap was wanted, in a few words. */
export function nameOf(value: unknown): string {
  if (value === null || value === undefined || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "object" && typeof value !== "function") return `a ${typeof value}`;
  return typeof (value as { then?: unknown }).then === "function" ? "a promise" : typeof value === "function" ? "a function" : "an object";
}

function wrongField({ vector, eax, ebx, ecx, message, bytes }: Frame): string | null {
  if (typeof vector !== "number" || typeof eax !== "number" || typeof ebx !== "number" || typeof ecx !== "number") return "its registers are not numbers";
  if (message !== null && !(message instanceof Int32Array && message.length >= MESSAGE_WORDS)) return `its message is not an Int32Array of ${MESSAGE_WORDS} words`;
  return bytes === null || bytes instanceof Uint8Array ? null : "its bytes are not a Uint8Array";
}

/**
 * Takes what a program has yielded into a frame of the bus's own: the kernel reads and answers that, whatever the program has made. Gives what
 * is wrong with it, or null. What it yields may be anything: only Frames of `@procyon-os/message` are traps.
 */
export function takeTrap(value: unknown, into: Frame): string | null {
  if (typeof value !== "object" || value === null || typeof (value as { then?: unknown }).then === "function") return `it yields ${nameOf(value)} where a trap is wanted`;
  const frame = value as Frame;
  const wrong = wrongField(frame);
  if (wrong !== null) return `it yields an object that is no trap: ${wrong}`;
  into.vector = frame.vector | 0;
  into.eax = frame.eax;
  into.ebx = frame.ebx;
  into.ecx = frame.ecx;
  into.message = frame.message;
  into.bytes = frame.bytes;
  return null;
}

/** The host's text of what a program has thrown, which may be anything, and may throw when it is looked at. */
export function reportOf(thrown: unknown): string {
  try {
    const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : typeof thrown === "object" || typeof thrown === "function" ? `it throws ${nameOf(thrown)}` : `it throws ${String(thrown)}`;
    return typeof text === "string" ? text : "it throws an error that has no text";
  } catch {
    return "it throws something that cannot be looked at";
  }
}
