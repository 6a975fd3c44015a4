import { encodeRequest, messageToBytes, type GrantId } from "@procyon-os/message";
import { expect, it } from "vitest";
import { blockContract, blockPosition, blockPositionFields } from "./block-contract.ts";
import { blockReply, readBlockReply } from "./block-reply.ts";
import { decodeBlockVector, encodeBlockVector } from "./block-vector.ts";
import { decodePartition, encodePartition } from "./partition.ts";

it("a read lies in the message as MINIX 3.2.0 puts it", () => {
  const position = blockPositionFields(0x3_0000_0200);
  const message = encodeRequest(blockContract.base, blockContract.calls.read, { minor: 1, count: 4096, grant: 7 as GrantId, flags: 0, id: 9, ...position });
  expect([...message]).toEqual([0, 0x1502, 1, 4096, 7, 0, 9, 0x200, 3]);
  expect(blockPosition(position)).toBe(0x3_0000_0200);
});

it("a reply carries status and id, and nothing else is taken for one", () => {
  const reply = blockReply(-5, 42);
  expect([...messageToBytes(reply).subarray(4, 12)]).toEqual([0x80, 0x15, 0, 0, 0xfb, 0xff, 0xff, 0xff]);
  expect(readBlockReply(reply)).toEqual({ status: -5, id: 42 });
  reply[1] = -5;
  expect(readBlockReply(reply)).toBeNull();
});

it("vectors and partitions survive memory", () => {
  const vector = [{ grant: 3 as GrantId, bytes: 512 }, { grant: 4 as GrantId, bytes: 4096 }];
  expect(decodeBlockVector(encodeBlockVector(vector))).toEqual(vector);
  const partition = { base: 2 ** 33 + 512, size: 2 ** 40, cylinders: 16383, heads: 16, sectors: 63 };
  expect(decodePartition(encodePartition(partition))).toEqual(partition);
});
