import { DS_DRIVER_UP, DSF_OVERWRITE } from "@procyon-os/contract-ds";
import type { Program } from "@procyon-os/message";
import { askWhoami, dsPublishU32, dsRetrieveLabelName, panic } from "@procyon-os/syslib";

/** Block or character driver; the middle of the key in DS. */
export type DriverKind = "blk" | "chr";

/**
 * Says that the driver is up: whoever subscribed to `drv.<kind>.<label>` opens its devices again. Comes at the end of a
 * driver's initialization. Whoever waited for a dead instance before this one has been told by SEF, which clears IPC
 * references on every restart; to clear them once more would hit those who have asked again (reference/rs-sef-ds-syslib.md
 * 4.5, 5.7).
 */
export function* announceDriver(kind: DriverKind): Program<void> {
  const label = yield* dsRetrieveLabelName((yield* askWhoami()).endpoint);
  if (!label.ok) return yield* panic(`driver: unable to get own label: ${label.error}`);
  const published = yield* dsPublishU32(`drv.${kind}.${label.value}`, DS_DRIVER_UP, DSF_OVERWRITE);
  if (!published.ok) return yield* panic(`driver: unable to publish driver up event: ${published.error}`);
}
