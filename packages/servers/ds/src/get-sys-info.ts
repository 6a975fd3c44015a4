import { DSF_IN_USE, DS_ENTRY_BYTES, DS_TABLE_BYTES, SI_DATA_STORE, encodeDsEntry } from "@procyon-os/contract-ds";
import { fail, ok } from "@procyon-os/message";
import { writeProcess } from "@procyon-os/syslib";
import type { DsHandlers } from "./handlers.ts";

/** The table of entries, for dumps. */
export const getSysInfo: DsHandlers["getSysInfo"] = function* (store, caller, request) {
  if (request.what !== SI_DATA_STORE || request.size !== DS_TABLE_BYTES) return fail("EINVAL");
  const table = new Uint8Array(DS_TABLE_BYTES);
  for (const [slot, entry] of store.entries.entries()) {
    if (entry === null) continue;
    const { key, owner, value, bytes } = entry;
    encodeDsEntry({ flags: entry.flags | DSF_IN_USE, key, owner, value, length: bytes.length }, table, slot * DS_ENTRY_BYTES);
  }
  const written = yield* writeProcess(caller, request.where, table);
  return written.ok ? ok({}) : fail("EFAULT");
};
