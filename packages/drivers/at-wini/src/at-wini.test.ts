import { BDEV_R_BIT, blockReply, DIOCFLUSH, DIOCGETP, blockContract, encodeBlockVector, decodePartition, readBlockReply } from "@procyon-os/contract-block";
import { DIO_INPUT, DIO_SAFE } from "@procyon-os/contract-kernel";
import { SEF_INIT_LU, SEF_INIT_RESTART } from "@procyon-os/contract-rs";
import { AtaChannel, Clock, MemoryDisk, PortSpace, type DiskBackend } from "@procyon-os/hardware";
import { DS, encodeRequest, errorCode, HARDWARE, messageType, newMessage, ok, SELF, type Endpoint, type GrantId } from "@procyon-os/message";
import { ServiceHarness } from "@procyon-os/service-harness";
import { expect, it } from "vitest";
import { image, readTable } from "./index.ts";

const MFS = 7 as Endpoint;
const OLD = 600 as Endpoint;
const ENXIO = errorCode("ENXIO");
const { calls, base } = blockContract;

/** The driver on a real controller: its port calls go to the chip, the chip's interrupts come as notifications. */
class Machine {
  readonly clock = new Clock();
  readonly ports = new PortSpace();
  readonly harness: ServiceHarness;
  interrupts = 0;
  private pending = false;

  constructor(disks: DiskBackend[], initType = 0, before?: Machine) {
    const raise = (): void => void (this.pending = true);
    this.ports.attach(new AtaChannel(this.clock, { raise, lower: () => {}, pulse: () => {} }, 0x1f0, 0x3f6, disks));
    this.harness = new ServiceHarness(image, {
      initType,
      ...(before === undefined ? {} : { oldEndpoint: OLD, predecessor: before.harness }),
      partners: new Map([[DS, (message) => newMessage(messageType(message) === 0x806 ? 0 : 0)]]),
      kernel: {
        irqctl: (_harness, { line, request }) => (line === 14 && request === 1 ? ok({ hook: 1 }) : { ok: false, error: "EPERM" }),
        devio: (_harness, { request, port, value }) => {
          this.clock.advanceTo(this.clock.now + 50);
          if ((request & DIO_INPUT) !== 0) return ok({ value: this.ports.in(port, 1) });
          this.ports.out(port, value, 1);
          return ok({ value: 0 });
        },
        vdevio: (harness, { vector, count }) => {
          for (let at = vector as number; at < vector + count * 4; at += 4) {
            this.ports.out((harness.memory[at] as number) | ((harness.memory[at + 1] as number) << 8), harness.memory[at + 2] as number, 1);
          }
          return ok({});
        },
        sdevio: (harness, { request, port, address, bytes, process, offset }) => {
          const space = (request & DIO_SAFE) !== 0 ? harness.clients.bytes(process, address) : process === SELF ? harness.memory.subarray(address) : undefined;
          if (space === undefined || offset + bytes > space.length) return { ok: false, error: "EPERM" };
          const window = space.subarray(offset, offset + bytes);
          if ((request & DIO_INPUT) !== 0) this.ports.inString(port, 2, window);
          else this.ports.outString(port, 2, window);
          return ok({});
        },
      },
    });
  }

  /** A request and its status; lets time pass and delivers interrupts until the driver has answered. */
  request(name: keyof typeof calls, fields: { [name: string]: number }): number {
    const message = encodeRequest(base, calls[name] as never, { id: 7, flags: 0, positionLow: 0, positionHigh: 0, grant: -1, ...fields } as never);
    const sent = this.harness.send(MFS, message);
    for (let turns = 0; turns < 10_000; turns++) {
      const answer = sent.find(({ to }) => to === MFS);
      if (answer !== undefined) {
        const reply = readBlockReply(answer.message);
        if (reply?.id !== 7) throw new Error("the reply has another id");
        return reply.status;
      }
      if (!this.pending) this.clock.advanceTo(this.clock.next());
      if (this.pending) {
        this.pending = false;
        this.interrupts++;
        sent.push(...this.harness.notify(HARDWARE, 1 << 14));
      }
    }
    throw new Error("no answer");
  }

  grant(bytes: Uint8Array | number): GrantId {
    return this.harness.grant(MFS, typeof bytes === "number" ? new Uint8Array(bytes) : bytes);
  }
  bytes(grant: GrantId): Uint8Array {
    return this.harness.clients.bytes(MFS, grant) as Uint8Array;
  }
}

function pattern(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, at) => (at * 7 + (at >> 9)) & 0xff);
}

/** A disk with a partition table: a MINIX partition at sector 8 with a subpartition at 16, another one at sector 2. */
function partitioned(): MemoryDisk {
  const disk = new MemoryDisk(64);
  const table = (sector: number, entries: [type: number, start: number, count: number][]): void => {
    const view = new DataView(disk.bytes.buffer, sector * 512, 512);
    entries.forEach(([type, start, count], n) => {
      view.setUint8(0x1be + n * 16 + 4, type);
      view.setUint32(0x1be + n * 16 + 8, start, true);
      view.setUint32(0x1be + n * 16 + 12, count, true);
    });
    view.setUint16(0x1fe, 0xaa55, true);
  };
  table(0, [[0x81, 8, 40], [0x83, 2, 4]]);
  table(8, [[0x81, 16, 8]]);
  return disk;
}

it("reads and writes many sectors, across blocks, commands and buffers", () => {
  const disk = new MemoryDisk(pattern(600 * 512));
  const machine = new Machine([disk]);
  expect(machine.request("open", { minor: 0, access: BDEV_R_BIT })).toBe(0);
  const all = machine.grant(600 * 512);
  machine.interrupts = 0;
  expect(machine.request("read", { minor: 0, count: 600 * 512, grant: all })).toBe(600 * 512);
  expect(machine.bytes(all)).toEqual(disk.bytes);
  expect(machine.interrupts).toBe(38); // 16 sectors a block
  const content = pattern(5 * 512).map((byte) => byte ^ 0xff);
  const parts = [machine.grant(content.slice(0, 700)), machine.grant(content.slice(700))];
  const vector = machine.grant(encodeBlockVector([{ grant: parts[0] as GrantId, bytes: 700 }, { grant: parts[1] as GrantId, bytes: 5 * 512 - 700 }]));
  expect(machine.request("scatter", { minor: 0, count: 2, grant: vector, positionLow: 17 * 512 })).toBe(5 * 512);
  expect(disk.read(17, 5)).toEqual(content);
});

it("announces itself, and wants devices opened again after a restart", () => {
  const machine = new Machine([new MemoryDisk(8)], SEF_INIT_RESTART);
  const published = machine.harness.sent.filter(({ to, message }) => to === DS && messageType(message) === 0x800);
  expect(published.length).toBe(1);
  expect(machine.request("read", { minor: 0, count: 512, grant: machine.grant(512) })).toBe(errorCode("ERESTART"));
  expect(machine.request("open", { minor: 0, access: BDEV_R_BIT })).toBe(0);
  expect(machine.request("read", { minor: 0, count: 512, grant: machine.grant(512) })).toBe(512);
});

it("goes on with what is open as a new version, and says nothing to anyone", () => {
  const before = new Machine([new MemoryDisk(8)]);
  before.request("open", { minor: 0, access: BDEV_R_BIT });
  const machine = new Machine([new MemoryDisk(8)], SEF_INIT_LU, before);
  expect(machine.harness.sent.filter(({ to }) => to === DS)).toEqual([]);
  expect(machine.request("read", { minor: 0, count: 512, grant: machine.grant(512) })).toBe(512);
  expect(machine.request("read", { minor: 5, count: 512, grant: machine.grant(512) })).toBe(errorCode("ERESTART")); // was not open
});

it("knows partitions in order of their start, and subpartitions", () => {
  const disk = partitioned();
  const machine = new Machine([disk]);
  expect(machine.request("open", { minor: 1, access: BDEV_R_BIT })).toBe(0);
  expect(machine.request("open", { minor: 132, access: BDEV_R_BIT })).toBe(0);
  expect(machine.request("open", { minor: 3, access: BDEV_R_BIT })).toBe(ENXIO);
  const where = machine.grant(28);
  machine.request("ioctl", { minor: 1, request: DIOCGETP, grant: where });
  expect(decodePartition(machine.bytes(where))).toMatchObject({ base: 1024, size: 2048, heads: 16, sectors: 63 });
  machine.request("ioctl", { minor: 132, request: DIOCGETP, grant: where });
  expect(decodePartition(machine.bytes(where))).toMatchObject({ base: 8192, size: 4096 });
  disk.bytes.fill(0x5a, 16 * 512, 17 * 512);
  const sector = machine.grant(512);
  machine.request("read", { minor: 132, count: 512, grant: sector });
  expect(machine.bytes(sector)).toEqual(new Uint8Array(512).fill(0x5a));
});

it("stops at the end of a device and refuses what is no whole sector, or no device", () => {
  const machine = new Machine([partitioned(), new MemoryDisk(2)]);
  machine.request("open", { minor: 1, access: BDEV_R_BIT });
  const buffer = machine.grant(4096);
  expect(machine.request("read", { minor: 1, count: 4096, grant: buffer, positionLow: 1024 })).toBe(1024);
  expect(machine.request("read", { minor: 1, count: 4096, grant: buffer, positionLow: 2048 })).toBe(0);
  expect(machine.request("read", { minor: 1, count: 100, grant: buffer })).toBe(errorCode("EINVAL"));
  expect(machine.request("open", { minor: 5, access: BDEV_R_BIT })).toBe(0);
  expect(machine.request("open", { minor: 10, access: BDEV_R_BIT })).toBe(ENXIO);
  expect(new Machine([]).request("open", { minor: 0, access: BDEV_R_BIT })).toBe(ENXIO);
});

it("a buffer that is not there and a broken medium are errors, and the drive works again afterwards", () => {
  const disk = new MemoryDisk(pattern(64 * 512));
  const machine = new Machine([disk]);
  machine.request("open", { minor: 0, access: BDEV_R_BIT });
  expect(machine.request("read", { minor: 0, count: 8192, grant: 99 })).toBe(errorCode("EPERM"));
  const good = machine.grant(8192);
  expect(machine.request("read", { minor: 0, count: 8192, grant: good })).toBe(8192);
  expect(machine.bytes(good)).toEqual(disk.read(0, 16));
  expect(machine.request("ioctl", { minor: 0, request: DIOCFLUSH })).toBe(0);
});

it("a sector without the signature is no partition table", () => {
  expect(readTable(new Uint8Array(512))).toBeNull();
  expect(blockReply(0, 0)[1]).toBe(0x1580);
});
