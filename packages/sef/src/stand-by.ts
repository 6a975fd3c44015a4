import { RS, type Program } from "@procyon-os/message";
import { notify, touchHeap } from "@procyon-os/syslib";

/** What a new version may use until it serves: its state as it was, and as it saves it. */
const READY_BYTES = 128 * 1024;

/**
 * A new version runs until it waits for RS_INIT while the old one still serves. What takes time and does not need the state is done
 * here: its memory is mapped, so that no page of it has to be asked for while nobody serves. Then RS hears that it is ready.
 */
export function* standBy(): Program<void> {
  yield* touchHeap(READY_BYTES);
  yield* notify(RS);
}
