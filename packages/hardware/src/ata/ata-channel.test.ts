import { expect, it } from "vitest";
import { Clock } from "../clock.ts";
import { AtaChannel } from "./ata-channel.ts";
import { DiskError, MemoryDisk, type DiskBackend } from "./disk-backend.ts";

const BASE = 0x1f0;
const CONTROL = 0x3f6;

function channel(...disks: DiskBackend[]) {
  const clock = new Clock();
  let edges = 0;
  let high = false;
  const raise = (): void => {
    if (!high) edges++;
    high = true;
  };
  const ata = new AtaChannel(clock, { raise, lower: () => void (high = false), pulse: () => {} }, BASE, CONTROL, disks);
  const out = (...registers: [offset: number, value: number][]): void => registers.forEach(([offset, value]) => ata.out8(BASE + offset, value));
  /** Lets the drive work until it wants the host, and gives the status. */
  const settle = (): number => {
    while (clock.next() !== Infinity && (ata.in8(CONTROL) & 0x80) !== 0) clock.advanceTo(clock.next());
    return ata.in8(BASE + 7);
  };
  const read = (bytes: number): Uint8Array => {
    const into = new Uint8Array(bytes);
    ata.inString16(BASE, into);
    return into;
  };
  return { ata, clock, out, settle, read, edges: () => edges, high: () => high };
}

function pattern(sectors: number): Uint8Array {
  return Uint8Array.from({ length: sectors * 512 }, (_, at) => (at >> 9) ^ (at & 0xff));
}
const lba28 = (sector: number, count: number, drive = 0): [number, number][] => [
  [6, 0xe0 | (drive << 4) | (sector >>> 24)], [2, count], [3, sector & 0xff], [4, (sector >> 8) & 0xff], [5, (sector >> 16) & 0xff],
];

it("identifies a drive: size, LBA, LBA48, multiple", () => {
  const { out, settle, read } = channel(new MemoryDisk(4096));
  out([6, 0xa0], [7, 0xec]);
  expect(settle() & 0x89).toBe(0x08);
  const words = new Uint16Array(read(512).buffer);
  expect([words[1], words[3], words[6], words[60], words[61], words[100]]).toEqual([4, 16, 63, 4096, 0, 4096]);
  expect([(words[49] as number) & 0x300, (words[83] as number) & 0x400, (words[47] as number) & 0xff]).toEqual([0x200, 0x400, 16]);
});

it("reads sectors with an interrupt for each, in LBA28, LBA48 and CHS", () => {
  const { out, settle, read, edges } = channel(new MemoryDisk(pattern(4096)));
  const expected = pattern(4096).subarray(1009 * 512, 1012 * 512);
  const ways: [[number, number][], number][] = [
    [lba28(1009, 3), 0x20],
    [[[6, 0x40], [2, 0], [2, 3], [3, 0], [3, 1009 & 0xff], [4, 0], [4, 1009 >> 8], [5, 0], [5, 0]], 0x24],
    [[[6, 0xa0], [2, 3], [3, 2], [4, 1], [5, 0]], 0x20], // cylinder 1, head 0, sector 2 = 16 * 63 + 1
  ];
  for (const [registers, command] of ways) {
    const before = edges();
    out(...registers, [7, command]);
    const got: number[] = [];
    for (let n = 0; n < 3; n++) {
      expect(settle() & 0x89).toBe(0x08);
      got.push(...read(512));
    }
    expect(Uint8Array.from(got)).toEqual(expected);
    expect([settle(), edges() - before]).toEqual([0x50, 3]);
  }
});

it("READ MULTIPLE interrupts once a block, and needs SET MULTIPLE", () => {
  const { out, settle, read, edges } = channel(new MemoryDisk(pattern(64)));
  out(...lba28(0, 10), [7, 0xc4]);
  expect(settle() & 0x01).toBe(0x01);
  out([2, 8], [7, 0xc6]);
  expect(settle()).toBe(0x50);
  const before = edges();
  out(...lba28(20, 10), [7, 0xc4]);
  settle();
  const first = read(8 * 512);
  settle();
  const second = read(2 * 512);
  expect(new Uint8Array([...first, ...second])).toEqual(pattern(64).subarray(20 * 512, 30 * 512));
  expect(edges() - before).toBe(2);
});

it("writes sectors, the first without an interrupt, to the second drive too", () => {
  const second = new MemoryDisk(16);
  const { ata, out, settle, edges, high } = channel(new MemoryDisk(16), second);
  out(...lba28(3, 2, 1), [7, 0x30]);
  expect([settle() & 0x89, edges()]).toEqual([0x08, 0]);
  ata.outString16(BASE, pattern(1));
  expect(settle() & 0x89).toBe(0x08);
  for (let n = 0; n < 256; n++) ata.out16(BASE, 0x5aa5);
  expect(high()).toBe(false);
  expect([settle(), edges()]).toEqual([0x50, 2]);
  expect(second.read(3, 1)).toEqual(pattern(1));
  expect(second.read(4, 1)).toEqual(new Uint8Array(512).map((_, n) => (n % 2 === 0 ? 0xa5 : 0x5a)));
});

it("reports addresses beyond the end, unknown commands and a failing medium", () => {
  const bad: DiskBackend = { sectors: 8, read: () => { throw new DiskError("scratched"); }, write: () => {}, flush: () => {} };
  const { ata, out, settle } = channel(new MemoryDisk(8), bad);
  const outcome = (): number[] => [settle(), ata.in8(BASE + 1)];
  out(...lba28(7, 2), [7, 0x20]);
  expect(outcome()).toEqual([0x51, 0x10]);
  out([7, 0xc8]);
  expect(outcome()).toEqual([0x51, 0x04]);
  out(...lba28(1, 1, 1), [7, 0x20]);
  expect(outcome()).toEqual([0x51, 0x40]);
});

it("an absent drive reads as zero and does nothing; an absent channel too", () => {
  const { ata, out, clock } = channel(new MemoryDisk(8));
  out([6, 0xb0], [7, 0xec]);
  expect([ata.in8(BASE + 7), clock.next()]).toEqual([0, Infinity]);
  expect(channel().ata.in8(BASE + 7)).toBe(0);
});

it("a software reset ends what runs and shows the signature", () => {
  const { ata, out, settle, clock } = channel(new MemoryDisk(8));
  out(...lba28(0, 1), [7, 0x20]);
  ata.out8(CONTROL, 0x04);
  expect(ata.in8(CONTROL)).toBe(0x80);
  ata.out8(CONTROL, 0x00);
  expect(settle()).toBe(0x50);
  expect([ata.in8(BASE + 2), ata.in8(BASE + 3), ata.in8(BASE + 4), ata.in8(BASE + 5), clock.next()]).toEqual([1, 1, 0, 0, Infinity]);
});

it("nIEN keeps the line down, and a snapshot in the middle of a command goes on", () => {
  const one = channel(new MemoryDisk(pattern(8)));
  one.ata.out8(CONTROL, 0x02);
  one.out(...lba28(5, 1), [7, 0x20]);
  const two = channel(new MemoryDisk(pattern(8)));
  two.ata.restore(one.ata.snapshot());
  expect(two.settle() & 0x08).toBe(0x08);
  expect(two.read(512)).toEqual(pattern(8).subarray(5 * 512, 6 * 512));
  expect(two.edges()).toBe(0);
});
