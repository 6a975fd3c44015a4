import { SYS_STATE_PREDECESSOR } from "@procyon-os/contract-kernel";
import { NONE, RS, type Endpoint, type GrantId, type Program } from "@procyon-os/message";
import { kernel, load, notify, scratch, touchHeap } from "@procyon-os/syslib";
import { context } from "./context.ts";
import { readAhead } from "./fetch-saved.ts";
import { saveAhead } from "./saved-state.ts";
import type { StateSpec } from "./state-spec.ts";

/** What a new version may use until it serves: its state as it was, and as it saves it. */
const READY_BYTES = 128 * 1024;

/** Whose place it is to take; null where nobody says so. */
function* askPredecessor(): Program<Endpoint | null> {
  const address = yield* scratch(4);
  const told = yield* kernel.statectl({ request: SYS_STATE_PREDECESSOR, process: NONE, grant: -1 as GrantId, length: 4, address });
  if (!told.ok) return null;
  const bytes = yield* load(address, 4);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getInt32(0, true) as Endpoint;
}

/**
 * A new version runs until it waits for RS_INIT while the old one still serves. What takes time is done here. Its memory is mapped, so
 * that no page of it has to be asked for while nobody serves; and the state is read and saved as it is now, so that only what comes to it
 * is left to do then, and for what the service itself does with it (`getReady`). At last RS hears that it is ready.
 */
export function* standBy(spec: StateSpec<unknown>): Program<void> {
  yield* touchHeap(READY_BYTES);
  const running = spec.saved ? yield* askPredecessor() : null;
  const ahead = running === null ? null : yield* readAhead(spec, running);
  if (ahead !== null && (yield* saveAhead(spec, ahead))) {
    context().ahead = ahead;
    const getReady = context().callbacks?.getReady;
    if (getReady !== undefined) yield* getReady(ahead.preview, ahead);
  }
  yield* notify(RS);
}
