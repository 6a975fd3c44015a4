import { blockContract, encodeBlockVector, MIOCRAMSIZE, readBlockReply } from "@procyon-os/contract-block";
import { charContract, decodeCharReply, DEV_R_BIT } from "@procyon-os/contract-char";
import { SEF_INIT_LU, SEF_INIT_RESTART } from "@procyon-os/contract-rs";
import { vmContract } from "@procyon-os/contract-vm";
import { encodeReply, encodeRequest, errorCode, messageType, newMessage, ok, VFS, VM, type Endpoint, type GrantId, type VirtAddr } from "@procyon-os/message";
import { ServiceHarness } from "@procyon-os/service-harness";
import { expect, it } from "vitest";
import { image } from "./index.ts";

const USER = 77 as Endpoint;
const RAM_AT = 0x200000;
const PHYSICAL_AT = 0x300000;

function memory(predecessor: ServiceHarness | null = null, initType = SEF_INIT_RESTART) {
  const enabled: number[] = [];
  const vm = (message: Int32Array): Int32Array => {
    const { mapPhys, mmap, unmapPhys } = vmContract.calls;
    if (messageType(message) === vmContract.base + mapPhys.number) return encodeReply(mapPhys, ok({ address: PHYSICAL_AT as VirtAddr }));
    if (messageType(message) === vmContract.base + mmap.number) return encodeReply(mmap, ok({ address: RAM_AT as VirtAddr }));
    return encodeReply(unmapPhys, ok({}));
  };
  const harness = new ServiceHarness(image, {
    partners: new Map([[VM, vm]]),
    ...(predecessor === null ? {} : { initType, oldEndpoint: 555 as Endpoint, predecessor }),
    kernel: {
      iopenable: (_harness, { process }) => {
        enabled.push(process);
        return ok({});
      },
    },
  });
  const char = (name: keyof typeof charContract.calls, fields: { [name: string]: number }): number => {
    const values = { user: USER, positionLow: 0, positionHigh: 0, grant: -1, count: 0, ...fields };
    const sent = harness.send(VFS, encodeRequest(charContract.base, charContract.calls[name] as never, values as never)).find(({ to }) => to === VFS);
    const reply = sent === undefined ? null : decodeCharReply(sent.message);
    return reply?.kind === "task" ? reply.status : NaN;
  };
  const block = (name: keyof typeof blockContract.calls, fields: { [name: string]: number }): number => {
    const values = { id: 1, flags: 0, positionLow: 0, positionHigh: 0, grant: -1, ...fields };
    const sent = harness.send(VFS, encodeRequest(blockContract.base, blockContract.calls[name] as never, values as never));
    return readBlockReply(sent.at(-1)?.message ?? newMessage())?.status ?? NaN;
  };
  const grant = (bytes: Uint8Array): GrantId => harness.grant(VFS, bytes);
  const bytes = (id: GrantId): Uint8Array => harness.clients.bytes(VFS, id) as Uint8Array;
  return { harness, char, block, grant, bytes, enabled };
}

it("null is always at its end and takes everything; zero gives zeros without end", () => {
  const { char, grant, bytes } = memory();
  const buffer = grant(new Uint8Array(40_000).fill(1));
  expect(char("open", { minor: 3, access: DEV_R_BIT })).toBe(0);
  expect([char("read", { minor: 3, count: 100, grant: buffer }), char("write", { minor: 3, count: 100, grant: buffer })]).toEqual([0, 100]);
  expect(char("read", { minor: 5, count: 40_000, grant: buffer })).toBe(40_000);
  expect(bytes(buffer).every((byte) => byte === 0)).toBe(true);
  expect(char("read", { minor: 5, count: 10, grant: 99 })).toBe(errorCode("EPERM"));
});

it("mem maps physical memory page by page, and its opener may use I/O ports", () => {
  const { harness, char, grant, bytes, enabled } = memory();
  expect(char("open", { minor: 1, access: DEV_R_BIT })).toBe(0);
  expect(enabled).toEqual([USER]);
  harness.memory.set([1, 2, 3, 4], PHYSICAL_AT + 0xffe);
  const buffer = grant(new Uint8Array(2));
  expect(char("read", { minor: 1, count: 2, grant: buffer, positionLow: 0x5ffe })).toBe(2);
  expect([...bytes(buffer)]).toEqual([1, 2]);
});

it("kmem fails and unknown minors are not there", () => {
  const { char, block } = memory();
  expect(char("read", { minor: 2, count: 1, grant: 0 })).toBe(errorCode("EIO"));
  expect(char("open", { minor: 4, access: DEV_R_BIT })).toBe(errorCode("ENXIO"));
  expect(block("open", { minor: 3, access: DEV_R_BIT })).toBe(errorCode("ENXIO"));
  expect(block("open", { minor: 13, access: DEV_R_BIT })).toBe(errorCode("ENXIO"));
});

it("a RAM disk has the size that its only opener gives it", () => {
  const { block, grant, bytes } = memory();
  const size = grant(new Uint8Array(Uint32Array.of(8192).buffer));
  block("open", { minor: 7, access: DEV_R_BIT });
  block("open", { minor: 7, access: DEV_R_BIT });
  expect(block("ioctl", { minor: 7, request: MIOCRAMSIZE, grant: size })).toBe(errorCode("EBUSY"));
  block("close", { minor: 7 });
  expect(block("read", { minor: 7, count: 10, grant: size })).toBe(errorCode("EIO"));
  expect(block("ioctl", { minor: 7, request: MIOCRAMSIZE, grant: size })).toBe(0);
  const content = grant(new Uint8Array(6000).map((_, n) => n & 0xff));
  expect(block("write", { minor: 7, count: 6000, grant: content, positionLow: 4096 })).toBe(4096);
  const parts = [grant(new Uint8Array(100)), grant(new Uint8Array(100))];
  const vector = grant(encodeBlockVector(parts.map((id) => ({ grant: id, bytes: 100 }))));
  expect(block("gather", { minor: 7, count: 2, grant: vector, positionLow: 4196 })).toBe(200);
  expect(bytes(parts[1] as GrantId)[0]).toBe(200);
  expect(block("read", { minor: 7, count: 10, grant: content, positionLow: 8192 })).toBe(0);
});

it.each([["crash", SEF_INIT_RESTART], ["update", SEF_INIT_LU]])("a RAM disk and who has it open survive a %s", (_how, initType) => {
  const first = memory();
  const size = first.grant(new Uint8Array(Uint32Array.of(8192).buffer));
  first.block("open", { minor: 7, access: DEV_R_BIT });
  expect(first.block("ioctl", { minor: 7, request: MIOCRAMSIZE, grant: size })).toBe(0);
  const content = first.grant(new Uint8Array(8192).map((_, n) => n * 7));
  expect(first.block("write", { minor: 7, count: 8192, grant: content })).toBe(8192);
  const next = memory(memory(first.harness, initType).harness, initType);
  expect(next.block("read", { minor: 7, count: 10, grant: size })).toBe(errorCode("ERESTART")); // its clients open it again
  next.block("open", { minor: 7, access: DEV_R_BIT });
  const back = next.grant(new Uint8Array(8192));
  expect(next.block("read", { minor: 7, count: 8192, grant: back })).toBe(8192);
  expect(next.bytes(back)).toEqual(first.bytes(content));
});
