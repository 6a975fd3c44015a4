import { addTransaction, decodeStat, fsContract, TRANSACTION_BASE } from "@procyon-os/contract-fs";
import { SEF_INIT_RESTART } from "@procyon-os/contract-rs";
import { decodeReply, DS, encodeRequest, errorCode, messageType, newMessage, PFS, VFS, type Call, type Outcome, type Request } from "@procyon-os/message";
import { ServiceHarness, type Partner } from "@procyon-os/service-harness";
import { expect, it } from "vitest";
import { image } from "./main.ts";

type Calls = typeof fsContract.calls;
const FIFO = 0o010600;
const published: number[] = [];
let count = 0;

const start = (initType?: number): ServiceHarness =>
  new ServiceHarness(image, {
    endpoint: PFS, ...(initType === undefined ? {} : { initType }),
    partners: new Map<typeof DS, Partner>([[DS, (message) => (published.push(messageType(message)), newMessage(0))]]),
  });

/** A request as VFS sends it; the answer carries the same transaction. */
function call<Name extends keyof Calls>(harness: ServiceHarness, name: Name, request: Request<Calls[Name]>): Outcome<Calls[Name]> {
  const one = fsContract.calls[name] as Call<any, any, any>;
  const message = encodeRequest(fsContract.base, one, request as never);
  const transaction = TRANSACTION_BASE + 1 + (count++ % 255);
  message[1] = addTransaction(messageType(message), transaction);
  const reply = harness.send(VFS, message).find(({ to }) => to === VFS)?.message;
  if (reply === undefined) throw new Error("no answer");
  expect(messageType(reply) & 0xffff).toBe(transaction);
  reply[1] = messageType(reply) >> 16;
  return decodeReply(one, reply) as Outcome<Calls[Name]>;
}

function newPipe(harness: ServiceHarness): number {
  const made = call(harness, "newNode", { mode: FIFO, device: 0, uid: 1, gid: 2 });
  if (!made.ok) throw new Error(made.error);
  return made.value.inode;
}
const put = (harness: ServiceHarness, inode: number, position: number, text: string) =>
  call(harness, "write", { inode, grant: harness.grant(VFS, Uint8Array.from(text, (char) => char.charCodeAt(0))), positionHigh: 0, position, bytes: text.length });

it("keeps what is written until it is read, then starts at 0 again", () => {
  const harness = start();
  const inode = newPipe(harness);
  expect(put(harness, inode, 0, "hello")).toMatchObject({ ok: true, value: { position: 5, bytes: 5 } });
  expect(put(harness, inode, 5, " you")).toMatchObject({ ok: true, value: { position: 9 } });
  const grant = harness.grant(VFS, new Uint8Array(9));
  expect(call(harness, "read", { inode, grant, positionHigh: 0, position: 0, bytes: 9 })).toMatchObject({ ok: true, value: { bytes: 9 } });
  expect(String.fromCharCode(...(harness.clients.bytes(VFS, grant) as Uint8Array))).toBe("hello you");
  const stat = harness.grant(VFS, new Uint8Array(100));
  call(harness, "stat", { inode, grant: stat });
  expect(decodeStat(harness.clients.bytes(VFS, stat) as Uint8Array)).toMatchObject({ size: 0, blockSize: 32768, uid: 1, gid: 2 });
});

it("refuses more than PIPE_BUF, what is not there, and requests that only names have", () => {
  const harness = start();
  const inode = newPipe(harness);
  expect(put(harness, inode, 32_760, "123456789")).toEqual({ ok: false, error: "EFBIG" });
  expect(put(harness, 99, 0, "x")).toEqual({ ok: false, error: "EINVAL" });
  expect(call(harness, "mkdir", { inode, grant: 0 as never, pathLength: 2, mode: 0, uid: 0, gid: 0 })).toEqual({ ok: false, error: "ENOSYS" });
});

it("frees an inode and its memory with the last reference, and has room for 255", () => {
  const harness = start();
  const inodes = Array.from({ length: 255 }, () => newPipe(harness));
  expect(call(harness, "newNode", { mode: FIFO, device: 0, uid: 0, gid: 0 })).toEqual({ ok: false, error: "ENFILE" });
  expect(call(harness, "putNode", { inode: inodes[9] as number, count: 2 })).toEqual({ ok: false, error: "EINVAL" });
  expect(call(harness, "putNode", { inode: inodes[9] as number, count: 1 })).toEqual({ ok: true, value: {} });
  expect(newPipe(harness)).toBe(inodes[9]);
});

it("starts anew where there is nothing to go on with", () => {
  const harness = start(SEF_INIT_RESTART);
  expect(harness.output).toContain("ERESTART");
});

it("says clearly that there are no UNIX domain sockets", () => {
  const harness = start();
  const open = newMessage(0x406);
  const reply = harness.send(VFS, open).find(({ to }) => to === VFS);
  expect(reply?.message[3]).toBe(errorCode("ENXIO"));
  expect(harness.output).toContain("UNIX domain sockets are not implemented");
});
