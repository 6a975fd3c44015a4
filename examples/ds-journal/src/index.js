import { DSF_TYPE_LABEL, dsContract } from "@procyon-os/contract-ds";
import { decodeRprocPub, RPROCPUB_BYTES } from "@procyon-os/contract-rs";
import { isNotify, NR_BOOT_PROCS, ok, RS } from "@procyon-os/message";
import { queueReply, sefReceive, sefStartup, stateSpec } from "@procyon-os/sef";
import { dispatch, readGrant } from "@procyon-os/syslib";
import { handlers } from "./handlers.js";
import { Journal } from "./journal.js";

/**
 * All that outlives an instance: SEF hands these bytes to the instance that comes after. `once`: what an instance had in hand
 * when it died is done again by the next one, from the journal before it.
 */
const journalState = stateSpec({ name: "ds-journal", version: 1, saved: true, once: true });

/** A first start: the labels of the boot services, from RS's table. */
function* initFresh(info) {
  const table = yield* readGrant(RS, info.rprocTable, 0, NR_BOOT_PROCS * RPROCPUB_BYTES);
  if (!table.ok) return table;
  const state = { bytes: new Uint8Array(0) };
  const journal = new Journal(state);
  for (let at = 0; at < table.value.length; at += RPROCPUB_BYTES) {
    const { inUse, label, endpoint } = decodeRprocPub(table.value, at);
    if (inUse) journal.put({ key: label, type: DSF_TYPE_LABEL, flags: 0, owner: "rs", value: endpoint, bytes: new Uint8Array(0) });
  }
  return ok(state);
}

function* main() {
  const journal = new Journal(yield* sefStartup(journalState, { initFresh }));
  for (;;) {
    const received = yield* sefReceive();
    if (received.result !== 0 || isNotify(received.status)) continue;
    const answer = yield* dispatch(dsContract, handlers, journal, received, "EINVAL");
    if (answer !== null) queueReply(received, answer); // goes out when the journal with the change is saved, never before
  }
}

/** What `procyon boot --service ds=ds-journal` runs. */
export const image = {
  name: "ds-journal", version: "1.0.0", dataBytes: 256 * 1024, stackBytes: 16 * 1024,
  contract: dsContract, requires: [{ name: "rs", version: "^0.1.0" }], main,
};
