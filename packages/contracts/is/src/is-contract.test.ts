import { encodeReply, encodeRequest, ok, type VirtAddr } from "@procyon-os/message";
import { expect, it } from "vitest";
import { dumpKey, isContract } from "./is-contract.ts";

it("lays DUMP out as guest programs make it", () => {
  const { dump } = isContract.calls;
  const message = encodeRequest(isContract.base, dump, { key: dumpKey(6, true), from: 22, size: 4096, where: 0x8000 as VirtAddr });
  expect([...message]).toEqual([0, 0x1700, 18, 22, 4096, 0x8000, 0, 0, 0]);
  expect([...encodeReply(dump, ok({ bytes: 99, next: 44 }))]).toEqual([0, 0, 99, 44, 0, 0, 0, 0, 0]);
});
