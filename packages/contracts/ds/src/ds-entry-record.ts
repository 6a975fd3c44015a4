import { DS_MAX_KEYLEN, NR_DS_KEYS } from "./ds-constants.ts";

// struct data_store of MINIX 3.2.0 on i386 (servers/ds/store.h), as SI_DATA_STORE copies it.
const FLAGS = 0;
const KEY = 4;
const OWNER = 84;
const VALUE = 164; // u32, or for STR and MEM: address, length, allocated length
export const DS_ENTRY_BYTES = 200;
/** Bytes of the whole table that SI_DATA_STORE copies. */
export const DS_TABLE_BYTES: number = DS_ENTRY_BYTES * NR_DS_KEYS;

/** One entry of DS, as dumps see it: its value where it is a number, else the length of its bytes. */
export interface DsEntryRecord {
  readonly flags: number;
  readonly key: string;
  readonly owner: string;
  readonly value: number;
  readonly length: number;
}

function writeText(bytes: Uint8Array, offset: number, text: string): void {
  for (let i = 0; i < DS_MAX_KEYLEN - 1 && i < text.length; i++) bytes[offset + i] = text.charCodeAt(i);
}

function readText(bytes: Uint8Array, offset: number): string {
  let text = "";
  for (let i = offset; i < offset + DS_MAX_KEYLEN && bytes[i] !== 0; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

/** Writes one entry into a table at a byte offset. */
export function encodeDsEntry(entry: DsEntryRecord, table: Uint8Array, offset: number): void {
  const view = new DataView(table.buffer, table.byteOffset + offset, DS_ENTRY_BYTES);
  view.setUint32(FLAGS, entry.flags, true);
  writeText(table, offset + KEY, entry.key);
  writeText(table, offset + OWNER, entry.owner);
  view.setUint32(VALUE, entry.value, true);
  view.setUint32(VALUE + 4, entry.length, true);
}

/** Reads one entry of a table. */
export function decodeDsEntry(table: Uint8Array, offset: number): DsEntryRecord {
  const view = new DataView(table.buffer, table.byteOffset + offset, DS_ENTRY_BYTES);
  return {
    flags: view.getUint32(FLAGS, true), key: readText(table, offset + KEY), owner: readText(table, offset + OWNER),
    value: view.getUint32(VALUE, true), length: view.getUint32(VALUE + 4, true),
  };
}
