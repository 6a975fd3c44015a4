import { decodeRequest, encodeRequest, messageType, type GrantId } from "@procyon-os/message";
import { expect, it } from "vitest";
import {
  addTransaction, decodeCredentials, decodeDirents, decodeLookupReply, decodeStat, decodeStatvfs, direntLength, encodeCredentials,
  encodeDirent, encodeLookupReply, encodePrevStat, encodeStat, encodeStatvfs, fsContract, isTransaction, splitReply, splitRequest,
  type LookupReply,
} from "./index.ts";

it("a request and a transaction share m_type, and a negative result comes back with its sign", () => {
  const mType = addTransaction(0xa00 + 26, 0x1403);
  expect(mType).toBe(0x0a1a1403);
  expect(splitRequest(mType)).toEqual({ number: 0xa1a, transaction: 0x1403 });
  expect(splitRequest(0xa1a)).toEqual({ number: 0xa1a, transaction: 0 });
  expect(splitReply(addTransaction(-301, 0x1403))).toEqual({ result: -301, transaction: 0x1403 });
  expect([0x1400, 0x14ff, 0x1500, 0].map(isTransaction)).toEqual([true, true, false, false]);
});

it("LOOKUP's fields lie where MINIX has them", () => {
  const { lookup } = fsContract.calls;
  const values = {
    credentialsGrant: 3 as GrantId, grant: 2 as GrantId, directory: 40, root: 1, pathSize: 1025, gid: 7, pathLength: 12, flags: 0o10,
    uidOrCredentialsSize: 65535,
  };
  const message = encodeRequest(fsContract.base, lookup, values);
  expect(messageType(message)).toBe(0xa1a);
  expect([...message.subarray(2, 7)]).toEqual([3, 2, 40, 1, 1025]);
  expect([...message.subarray(7)]).toEqual([7 | (12 << 16), 0o10 | (0xffff << 16)]);
  expect(decodeRequest(lookup, message)).toEqual(values); // a uid above 32767 stays what it is
});

const replies: LookupReply[] = [
  { kind: "found", inode: 9, mode: 0o100644, fileSize: 70000, device: 0x300, uid: 40000, gid: 5 },
  { kind: "enterMount", inode: 9, offset: 4, links: 1 },
  { kind: "leaveMount", offset: 3, links: 0 },
  { kind: "symlink", offset: 2, links: 2 },
  { kind: "error", error: "EACCES" },
];
it.each(replies)("a lookup that answers $kind reads back as it was", (reply) => {
  expect(decodeLookupReply(encodeLookupReply(reply))).toEqual(reply);
});

it("structures read back as they were, with MINIX's sizes", () => {
  const stat = {
    device: 0x106, mode: 0o40755, inode: 1, links: 2, uid: 1, gid: 2, specialDevice: 0, accessTime: 3, modificationTime: 4, changeTime: 5,
    size: 128, blocks: 2, blockSize: 1024,
  };
  expect(decodeStat(encodeStat(stat))).toEqual(stat);
  expect(encodeStat(stat)).toHaveLength(100);
  expect(encodePrevStat(stat)).toHaveLength(36);
  const statvfs = {
    blockSize: 1024, fragmentSize: 1024, blocks: 9, blocksFree: 5, blocksAvailable: 5, files: 8, filesFree: 7, filesAvailable: 7,
    fileSystemId: 0x106, flags: 1, maximumName: 60,
  };
  expect(decodeStatvfs(encodeStatvfs(statvfs))).toEqual(statvfs);
  const credentials = { uid: 10, gid: 20, groups: [1, 2, 3] };
  expect(decodeCredentials(encodeCredentials(credentials))).toEqual(credentials);
  expect(decodeCredentials(encodeCredentials(credentials).fill(0xff, 8, 12))).toBeNull();
});

it("directory records are rounded up to four bytes and read back", () => {
  expect(["a", "a".repeat(60)].map(direntLength)).toEqual([12, 72]);
  const entries = [{ inode: 1, position: 0, name: "." }, { inode: 2, position: 128, name: "name" }];
  const bytes = new Uint8Array(12 + 16);
  let at = 0;
  for (const entry of entries) at = encodeDirent(bytes, at, entry);
  expect(at).toBe(bytes.length);
  expect(decodeDirents(bytes)).toEqual(entries);
  expect(() => decodeDirents(bytes.subarray(0, 20))).toThrow("directory record of 0 bytes at 12 of 20");
});
