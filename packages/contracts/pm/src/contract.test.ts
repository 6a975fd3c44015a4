import { callByNumber, type Endpoint } from "@procyon-os/message";
import { expect, it } from "vitest";
import {
  PROC_INFO_BYTES, PROC_INFO_HOSTED, PROC_INFO_SYSTEM, decodeItimerVal, decodeProcInfo, decodeSigAction, encodeItimerVal, encodeProcInfo,
  encodeSigAction, pmContract,
} from "./index.ts";

it("has MINIX's numbers", () => {
  const name = callByNumber(pmContract);
  const numbers = [1, 2, 7, 11, 13, 17, 20, 23, 24, 25, 26, 27, 29, 31, 32, 34, 37, 43, 46, 47, 59, 62, 63, 64, 65, 66, 67, 68, 71, 72, 73, 74, 75, 76,
    77, 78, 88, 89, 90, 91, 92, 98, 99, 100, 101, 102, 104, 106, 107, 111, 113, 0xe02];
  expect(numbers.filter((number) => name(number) === null)).toEqual([]);
  expect(Object.keys(pmContract.calls)).toHaveLength(numbers.length);
  expect([1, 2, 11, 59, 71, 100, 111].map(name)).toEqual(["exit", "fork", "waitPid", "exec", "sigaction", "execNewMem", "srvKill"]);
});

it("lays a process record out as its comment says", () => {
  const table = new Uint8Array(2 * PROC_INFO_BYTES);
  const info = {
    inUse: true, endpoint: 36570 as Endpoint, pid: 14, ppid: 1, pgrp: 9, uid: 100, euid: 0, state: "S", system: true, hosted: true, nice: -5,
    utime: 11, stime: 12, tracer: 3, name: "a_name_of_16_byt",
  } as const;
  encodeProcInfo(info, table, PROC_INFO_BYTES);
  const view = new DataView(table.buffer, PROC_INFO_BYTES);
  expect([0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44].map((offset) => view.getInt32(offset, true))).toEqual([
    1, 36570, 14, 1, 9, 100, 0, 83 | PROC_INFO_SYSTEM | PROC_INFO_HOSTED, -5, 11, 12, 3,
  ]);
  expect(decodeProcInfo(table, PROC_INFO_BYTES)).toEqual({ ...info, name: "a_name_of_16_by" });
});

it("reads back what it wrote, in C's order", () => {
  const action = { handler: 0x8000_0010, mask: 1 << 15, flags: 2 };
  expect([...encodeSigAction(action)]).toEqual([0x10, 0, 0, 0x80, 0, 0x80, 0, 0, 2, 0, 0, 0]);
  expect(decodeSigAction(encodeSigAction(action))).toEqual(action);
  const timer = { interval: { seconds: 1, microseconds: 2 }, value: { seconds: 3, microseconds: 4 } };
  expect([...new Int32Array(encodeItimerVal(timer).buffer)]).toEqual([1, 2, 3, 4]);
  expect(decodeItimerVal(encodeItimerVal(timer))).toEqual(timer);
});
