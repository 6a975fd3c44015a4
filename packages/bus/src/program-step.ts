import { MESSAGE_WORDS, type Frame } from "@procyon-os/message";

const NO_TRAP = "it yields an object that is no trap";

/** What a program gave where a trap was wanted, in a few words. */
export function nameOf(value: unknown): string {
  if (value === null || value === undefined || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "object" && typeof value !== "function") return `a ${typeof value}`;
  return typeof (value as { then?: unknown }).then === "function" ? "a promise" : typeof value === "function" ? "a function" : "an object";
}

/**
 * Takes what a program has yielded into a frame of the bus's own: the kernel reads and answers that, whatever the program has made. Gives what
 * is wrong with it, or null. What it yields may be anything: only Frames of `@procyon-os/message` are traps. Each field is read once: what was
 * looked at is what the kernel gets. One plain function, since it stands in the way of every trap.
 */
export function takeTrap(value: unknown, into: Frame): string | null {
  if (typeof value !== "object" || value === null || typeof (value as { then?: unknown }).then === "function") return `it yields ${nameOf(value)} where a trap is wanted`;
  const { vector, eax, ebx, ecx, message, bytes } = value as Frame;
  if (typeof vector !== "number" || typeof eax !== "number" || typeof ebx !== "number" || typeof ecx !== "number") return `${NO_TRAP}: its registers are not numbers`;
  if (message !== null && !(message instanceof Int32Array && message.length >= MESSAGE_WORDS)) return `${NO_TRAP}: its message is not an Int32Array of ${MESSAGE_WORDS} words`;
  if (bytes !== null && !(bytes instanceof Uint8Array)) return `${NO_TRAP}: its bytes are not a Uint8Array`;
  into.vector = vector | 0;
  into.eax = eax;
  into.ebx = ebx;
  into.ecx = ecx;
  into.message = message;
  into.bytes = bytes;
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
