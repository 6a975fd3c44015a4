import { encodeRequest, type GrantId } from "@procyon-os/message";
import { expect, it } from "vitest";
import { DSF_TYPE_U32, DS_TABLE_BYTES, decodeDsEntry, dsContract, encodeDsEntry } from "./index.ts";

it("puts the fields of publish where MINIX's ds.c does", () => {
  const message = encodeRequest(dsContract.base, dsContract.calls.publish, {
    key: 7 as GrantId, keyLength: 5, flags: DSF_TYPE_U32, value: 1234, valueLength: 4,
  });
  expect([...message]).toEqual([0, 0x800, 7, DSF_TYPE_U32, 0, 1234, 4, 0, 5]);
});

it("has the table of C's struct data_store: 128 entries of 200 bytes", () => {
  expect(DS_TABLE_BYTES).toBe(25_600);
  const table = new Uint8Array(DS_TABLE_BYTES);
  const entry = { flags: 0x11, key: "k", owner: "tty", value: 99, length: 0 };
  encodeDsEntry(entry, table, 200);
  expect([table[204], table[284], table[364]]).toEqual([107, 116, 99]);
  expect(decodeDsEntry(table, 200)).toEqual(entry);
});
