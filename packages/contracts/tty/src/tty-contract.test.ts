import { encodeReply, encodeRequest, ok } from "@procyon-os/message";
import { expect, it } from "vitest";
import { FKEY_MAP, keyBit, ttyContract } from "./tty-contract.ts";

const { base, calls } = ttyContract;

it("FKEY_CONTROL lies in the message as MINIX 3.2.0 puts it", () => {
  const request = { request: FKEY_MAP, fkeys: keyBit(1) | keyBit(12), sfkeys: keyBit(6) };
  expect([...encodeRequest(base, calls.fkeyControl, request)]).toEqual([0, 98, 10, 0, 0, 0x1002, 0x40, 0, 0]);
  expect([...encodeReply(calls.fkeyControl, ok({ fkeys: 2, sfkeys: 4 }))]).toEqual([0, 0, 0, 0, 0, 2, 4, 0, 0]);
});
