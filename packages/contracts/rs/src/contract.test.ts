import { encodeRequest, messageType, type Endpoint, type GrantId } from "@procyon-os/message";
import { expect, it } from "vitest";
import { decodeRprocPub, decodeRsStart, encodeRprocPub, encodeRsStart, RPROCPUB_BYTES, RS_INIT, RS_LU_PREPARE, RS_START_BYTES, rsContract, type RsStart } from "./index.ts";

const start: RsStart = {
  flags: 0xc1, command: { address: 0x1000, length: 20 }, uid: 12, signalManager: 2 as Endpoint, scheduler: 10 as Endpoint, priority: 4, quantum: 500,
  major: 3, deviceStyle: 1, period: 300, script: { address: 0x2000, length: 5 }, irqCount: 2, irqs: [14, 15], ioCount: 1, io: [{ base: 0x1f0, length: 8 }],
  kernelCalls: [-1, 0x3ff], label: { address: 0x3000, length: 9 }, ipc: { address: 0x4000, length: 11 }, vmCalls: [7, 8],
  control: [{ address: 0x5000, length: 3 }], cpu: -1,
};

it("lays struct rs_start out as MINIX's C does", () => {
  const bytes = encodeRsStart(start);
  const view = new DataView(bytes.buffer);
  expect(bytes.length).toBe(RS_START_BYTES);
  const at = [0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 52, 56, 60, 120, 124, 128, 420, 424, 428, 436, 444, 448, 452, 456, 460, 524];
  expect(at.map((offset) => view.getInt32(offset, true))).toEqual([
    0xc1, 0x1000, 20, 12, 2, 10, 4, 500, 3, 1, 300, 0x2000, 2, 14, 15, 1, 0x1f0, 8, -1, 0x3ff, 0x3000, 0x4000, 7, 8, 1, 0x5000, 3, -1,
  ]);
  expect(decodeRsStart(bytes)).toEqual(start);
});

it("reads no more of a list than the struct has room for, and leaves its count to be judged", () => {
  const bytes = encodeRsStart(start);
  new DataView(bytes.buffer).setInt32(52, 1_000_000, true);
  new DataView(bytes.buffer).setInt32(452, -3, true);
  const read = decodeRsStart(bytes);
  expect([read.irqCount, read.irqs.length, read.control.length]).toEqual([1_000_000, 16, 0]);
});

it("lays a public entry out as struct rprocpub, texts cut to 15 characters", () => {
  const entry = {
    inUse: true, sysFlags: 0x11, endpoint: 7 as Endpoint, deviceFlags: 1, major: 4, deviceStyle: 3, deviceStyle2: 4, label: "a_label_of_20_letters",
    processName: "mfs", vmCalls: [-1, 5] as const,
  };
  const bytes = encodeRprocPub(entry);
  const view = new DataView(bytes.buffer);
  expect(bytes.length).toBe(RPROCPUB_BYTES);
  expect([view.getInt16(0, true), ...[4, 8, 12, 16, 20, 24, 60, 64].map((at) => view.getInt32(at, true)), bytes[44], bytes[43]]).toEqual([1, 0x11, 7, 1, 4, 3, 4, -1, 5, 0x6d, 0]);
  const table = new Uint8Array(2 * RPROCPUB_BYTES);
  table.set(bytes, RPROCPUB_BYTES);
  expect(decodeRprocPub(table, RPROCPUB_BYTES)).toEqual({ ...entry, label: "a_label_of_20_l" });
});

it("numbers RS_INIT and RS_LU_PREPARE as MINIX does", () => {
  const init = encodeRequest(rsContract.base, rsContract.calls.init, { result: -1, type: 2, rprocTable: 3 as GrantId, oldEndpoint: 9 as Endpoint, kept: 0, self: 9 as Endpoint });
  expect(init.slice(1, 6)).toEqual(Int32Array.of(RS_INIT, -1, 2, 3, 9));
  expect(messageType(encodeRequest(rsContract.base, rsContract.calls.luPrepare, { result: 0, state: 1, maxTime: 5 as never }))).toBe(RS_LU_PREPARE);
});
