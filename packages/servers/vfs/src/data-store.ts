import type { Endpoint, Program } from "@procyon-os/message";
import { dsCheck, dsRetrieveLabelEndpoint, dsSubscribe, panic } from "@procyon-os/syslib";

/** The endpoint of a service by its label, or null. */
export function* labelEndpoint(label: string): Program<Endpoint | null> {
  if (label.length < 2) return null;
  const found = yield* dsRetrieveLabelEndpoint(label);
  return found.ok ? found.value : null;
}

/** Asks DS to tell of every driver and file server that announces itself, those that have done so included. */
export function* subscribeDrivers(): Program<void> {
  const done = yield* dsSubscribe("(drv\\.[bc]..|fs)\\..*");
  if (!done.ok) yield* panic(`VFS: DS takes no subscription: ${done.error}`);
}

/** A driver, or a file server, that announced itself. */
export interface DriverEvent {
  readonly kind: "blk" | "chr" | "fs";
  readonly label: string;
  readonly endpoint: Endpoint;
}

/** Every announcement that is due. */
export function* driverEvents(): Program<DriverEvent[]> {
  const events: DriverEvent[] = [];
  for (;;) {
    const due = yield* dsCheck();
    if (!due.ok) return events;
    const [, driver, server, label] = /^(?:drv\.(blk|chr)|(fs))\.(.*)$/.exec(due.value.key) ?? [];
    const kind = driver ?? server;
    if ((kind === "blk" || kind === "chr" || kind === "fs") && label !== undefined) events.push({ kind, label, endpoint: due.value.owner });
  }
}
