import { encodeRequest, type Endpoint, type VirtAddr } from "@procyon-os/message";
import { expect, it } from "vitest";
import { basicVmCalls, vmCallMask, vmContract } from "./vm-contract.ts";
import { decodeExecNewmem, decodeVmRegion, encodeExecNewmem, encodeVmRegion } from "./structures.ts";

it("puts the fields of mmap where MINIX has them", () => {
  const message = encodeRequest(vmContract.base, vmContract.calls.mmap, {
    address: 0x90000000 as VirtAddr, length: 8192, protection: 3, flags: 0x04, file: -1, offset: 0,
  });
  expect([...message]).toEqual([0, 0xc0a, 0x00040003, -1, 0, 0x90000000 | 0, 8192, 0, 0]);
});

it("gives fork a field for flags that MINIX leaves free", () => {
  const message = encodeRequest(vmContract.base, vmContract.calls.fork, { parent: 2 as Endpoint, slot: 30, flags: 2 });
  expect([...message]).toEqual([0, 0xc01, 2, 30, 0, 2, 0, 0, 0]);
});

it("makes the mask of the basic calls", () => {
  expect(vmCallMask(basicVmCalls)).toEqual([(1 << 10) | (1 << 15) | (1 << 16) | (1 << 17) | (1 << 19) | (1 << 22) | (1 << 23) | (1 << 25), 1 << 8]);
});

it("lays out struct exec_newmem in 72 bytes", () => {
  const one = {
    textAddress: 0x1000, textBytes: 0x2345, dataAddress: 0x4000, dataBytes: 0x1234, totalBytes: 0, argsBytes: 300, separate: true,
    isElf: true, device: 0x0301, inode: 17, ctime: 1_000_000_000, newUid: 8, newGid: 9, setUgid: false, programName: "a long name of a program",
  };
  const bytes = encodeExecNewmem(one);
  expect(bytes.length).toBe(72);
  expect(new DataView(bytes.buffer).getUint32(28, true)).toBe(1);
  expect(decodeExecNewmem(bytes)).toEqual({ ...one, programName: "a long name of " });
});

it("gives a region entry back", () => {
  const region = { segment: 1, address: 0xfffff000, length: 0x4000, protection: 7, flags: 0x100 };
  expect(decodeVmRegion(encodeVmRegion(region))).toEqual(region);
});
