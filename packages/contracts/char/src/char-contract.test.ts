import { encodeRequest, type Endpoint, type GrantId } from "@procyon-os/message";
import { expect, it } from "vitest";
import { charContract } from "./char-contract.ts";
import { decodeCharReply, encodeCharReply, type CharReply } from "./char-reply.ts";
import { ioctlArgument, KIOCSMAP, TCGETS, TIOCSFON, TIOCSPGRP } from "./ioctl.ts";
import { decodeTermios, encodeTermios, encodeWinsize, termiosDefaults } from "./termios.ts";

const VFS = 1 as Endpoint;

it("a write lies in the message as MINIX 3.2.0 puts it", () => {
  const request = { minor: 0, user: VFS, count: 5, positionLow: 6, positionHigh: 7, grant: 8 as GrantId };
  expect([...encodeRequest(charContract.base, charContract.calls.write, request)]).toEqual([0, 0x415, 0, 1, 5, 6, 7, 8, 0]);
});

it.each<CharReply>([
  { kind: "task", user: VFS, status: -998 },
  { kind: "revive", user: VFS, status: 3, grant: 9 as GrantId },
  { kind: "ioReady", minor: 16, operations: 1 },
  { kind: "noStatus" },
  { kind: "reopen", filp: 12, status: 0 },
  { kind: "select1", minor: 0, operations: -6 },
])("a $kind reply comes back as it was sent", (reply) => {
  expect(decodeCharReply(encodeCharReply(reply))).toEqual(reply);
});

it("the numbers of replies are MINIX's", () => {
  expect([...encodeCharReply({ kind: "revive", user: VFS, status: 3, grant: 9 as GrantId })]).toEqual([0, 0x502, 1, 3, 9, 0, 0, 0, 0]);
  expect([...encodeCharReply({ kind: "task", user: VFS, status: -5 })].slice(1, 4)).toEqual([121, 1, -5]);
});

it("the default termios has MINIX's bytes, and survives memory", () => {
  const bytes = encodeTermios(termiosDefaults);
  expect(bytes.length).toBe(36);
  expect([...bytes.subarray(0, 30)]).toEqual([
    0x03, 0x0a, 0x03, 0, 0x2e, 0, 0x73, 0, 0, 0xd0, 0, 0, 0, 0xd0, 0, 0, 4, 0xff, 8, 3, 21, 1, 28, 0, 26, 17, 19, 18, 22, 15,
  ]);
  expect(decodeTermios(bytes)).toEqual(termiosDefaults);
  expect([...encodeWinsize({ rows: 25, columns: 80, xPixels: 0, yPixels: 0 })]).toEqual([25, 0, 80, 0, 0, 0, 0, 0]);
});

it("request codes say how large their argument is, and whose it is", () => {
  expect(ioctlArgument(TCGETS)).toEqual({ bytes: 36, driverReads: false, driverWrites: true });
  expect(ioctlArgument(TIOCSPGRP)).toEqual({ bytes: 4, driverReads: true, driverWrites: false });
  expect(ioctlArgument(KIOCSMAP).bytes).toBe(1536);
  expect(ioctlArgument(TIOCSFON).bytes).toBe(8192);
});
