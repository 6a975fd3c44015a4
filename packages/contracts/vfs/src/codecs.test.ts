import { decodeRequest, encodeRequest, newMessage, m1, i32 } from "@procyon-os/message";
import { expect, it } from "vitest";
import { decodeFdSet, decodeFlock, encodeFdSet, encodeFlock } from "./codecs.ts";
import { pmToVfs, vfsToPm } from "./pm-vfs.ts";
import { openCreateCall, vfsContract } from "./vfs-contract.ts";

it("lays struct flock out as MINIX does", () => {
  const bytes = encodeFlock({ type: 2, whence: 1, start: -3, length: 7, pid: 42 });
  expect([...bytes]).toEqual([2, 0, 1, 0, 0xfd, 0xff, 0xff, 0xff, 7, 0, 0, 0, 42, 0, 0, 0]);
  expect(decodeFlock(bytes)).toEqual({ type: 2, whence: 1, start: -3, length: 7, pid: 42 });
});

it("keeps the members of an fd_set across words and cuts at the count", () => {
  const bytes = encodeFdSet([0, 31, 32, 254]);
  expect(decodeFdSet(bytes, 255)).toEqual([0, 31, 32, 254]);
  expect(decodeFdSet(bytes, 32)).toEqual([0, 31]);
});

it("has open's flags at one place in both forms", () => {
  const message = newMessage(5);
  m1.i2(i32).write(message, 0o101);
  expect(decodeRequest(vfsContract.calls.open, message).flags).toBe(0o101);
  expect(decodeRequest(openCreateCall, message).flags).toBe(0o101);
});

it("numbers PM's messages from 0x900 and VFS's answers from 0x980", () => {
  expect(encodeRequest(pmToVfs.base, pmToVfs.calls.reboot, { sequence: 1 })[1]).toBe(0x90a);
  expect(encodeRequest(vfsToPm.base, vfsToPm.calls.reboot, { sequence: 1 })[1]).toBe(0x98a);
});
