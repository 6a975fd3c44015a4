import { DSF_IN_USE, DSF_TYPE_LABEL, dsContract } from "@procyon-os/contract-ds";
import { RPROCPUB_BYTES, decodeRprocPub } from "@procyon-os/contract-rs";
import { NR_BOOT_PROCS, RS, isNotify, messageSource, ok, type Program, type Result, type ServiceImage } from "@procyon-os/message";
import { queueReply, sefReceive, sefStartup, type InitInfo } from "@procyon-os/sef";
import { dispatch, panic, printf, readGrant } from "@procyon-os/syslib";
import { deleteEntry, snapshot } from "./delete.ts";
import { getSysInfo } from "./get-sys-info.ts";
import type { DsHandlers } from "./handlers.ts";
import { mapAgain } from "./map.ts";
import { publish } from "./publish.ts";
import { retrieve, retrieveLabel } from "./retrieve.ts";
import { dsState, emptyStore, type Store } from "./store.ts";
import { check, subscribe } from "./subscribe.ts";

const handlers: DsHandlers = { publish, retrieve, subscribe, check, delete: deleteEntry, snapshot, retrieveLabel, getSysInfo };

/** The labels of the boot services, as RS knows them. */
function* initFresh(info: InitInfo): Program<Result<Store>> {
  const table = yield* readGrant(RS, info.rprocTable, 0, NR_BOOT_PROCS * RPROCPUB_BYTES);
  if (!table.ok) return table;
  const store = emptyStore();
  let slot = 0;
  for (let at = 0; at < table.value.length; at += RPROCPUB_BYTES) {
    const { inUse, label, endpoint } = decodeRprocPub(table.value, at);
    if (!inUse) continue;
    store.entries[slot++] = { key: label, flags: DSF_IN_USE | DSF_TYPE_LABEL, owner: "rs", value: endpoint, bytes: new Uint8Array(0) };
  }
  return ok(store);
}

/** DS: takes a request, answers it, forever. Its state survives it (reference/rs-sef-ds-syslib.md 4). */
function* main(): Program<never> {
  const store = yield* sefStartup(dsState, { initFresh });
  yield* mapAgain(store);
  for (;;) {
    const received = yield* sefReceive();
    const source = messageSource(received.message);
    if (received.result !== 0) return yield* panic(`receive failed: ${received.result}`);
    if (isNotify(received.status)) {
      yield* printf(`ds: nothing to do with a notification from ${source}\n`);
      continue;
    }
    const answer = yield* dispatch(dsContract, handlers, store, received, "EINVAL");
    if (answer !== null) queueReply(received, answer);
  }
}

/** The data store as a hosted service. */
export const ds: ServiceImage = { name: "@procyon-os/ds", version: "0.1.0", dataBytes: 512 * 1024, stackBytes: 16 * 1024, contract: dsContract, state: dsState, main };
