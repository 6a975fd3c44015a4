export { dsContract } from "./ds-contract.ts";
export {
  DSF_INITIAL, DSF_IN_USE, DSF_MASK_INTERNAL, DSF_MASK_TYPE, DSF_OVERWRITE, DSF_PRIV_OVERWRITE, DSF_PRIV_RETRIEVE, DSF_PRIV_SNAPSHOT,
  DSF_PRIV_SUBSCRIBE, DSF_TYPE_LABEL, DSF_TYPE_MAP, DSF_TYPE_MEM, DSF_TYPE_STR, DSF_TYPE_U32, DSMF_COPY_MAPPED, DSMF_COPY_SNAPSHOT,
  DSMF_MAP_MAPPED, DS_DRIVER_UP, DS_MAX_KEYLEN, NR_DS_KEYS, NR_DS_SNAPSHOT, NR_DS_SUBS, SI_DATA_STORE,
} from "./ds-constants.ts";
export { DS_ENTRY_BYTES, DS_TABLE_BYTES, decodeDsEntry, encodeDsEntry } from "./ds-entry-record.ts";
export type { DsEntryRecord } from "./ds-entry-record.ts";
