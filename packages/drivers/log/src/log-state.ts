import type { Endpoint, GrantId } from "@procyon-os/message";
import { stateSpec, type StateSpec } from "@procyon-os/sef";

/** Bytes that the log keeps; older ones are lost. */
export const LOG_BYTES = 50 * 1024;

/** Everything the driver knows; kept over a crash. */
export interface LogState {
  text: Uint8Array; // not yet read, oldest first
  kernelNext: number; // up to where the kernel's ring has been taken
  reader: { readonly endpoint: Endpoint; readonly user: Endpoint; readonly grant: GrantId; readonly count: number } | null;
  select: { readonly endpoint: Endpoint; readonly minor: number; operations: number } | null;
}

export const logState: StateSpec<LogState> = stateSpec<LogState>({ name: "log", version: 1, saved: true });

/** An empty log. */
export function emptyLog(): LogState {
  return { text: new Uint8Array(0), kernelNext: 0, reader: null, select: null };
}

/** Appends; what does not fit pushes the oldest out. */
export function appendText(state: LogState, bytes: Uint8Array): void {
  const joined = new Uint8Array(state.text.length + bytes.length);
  joined.set(state.text);
  joined.set(bytes, state.text.length);
  state.text = joined.length > LOG_BYTES ? joined.slice(joined.length - LOG_BYTES) : joined;
}

/** Takes up to `count` of the oldest bytes. */
export function takeText(state: LogState, count: number): Uint8Array {
  const taken = state.text.slice(0, count);
  state.text = state.text.slice(taken.length);
  return taken;
}
