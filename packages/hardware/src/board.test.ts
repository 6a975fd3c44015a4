import { expect, it } from "vitest";
import { Board, CRYSTAL_HZ, MemoryDisk } from "./index.ts";

/** A machine as MINIX programs it: interrupt controllers, and the timer at 60 Hz. */
function machine(): Board {
  const board = new Board({ memoryBytes: 1 << 20, cpus: 1, disks: [new MemoryDisk(16)], rtcStart: { year: 2012, month: 2, day: 29, hour: 1, minute: 2, second: 3 } });
  for (const [port, value] of [
    [0x20, 0x11], [0x21, 0x50], [0x21, 0x04], [0x21, 0x05], [0x21, 0x00], [0xa0, 0x11], [0xa1, 0x70], [0xa1, 0x02], [0xa1, 0x01], [0xa1, 0x00],
    [0x43, 0x36], [0x40, 0xae], [0x40, 0x4d],
  ] as const) board.ports.out(port, value, 1);
  return board;
}

it("devices interrupt through the controllers, in order of their lines", () => {
  const board = machine();
  board.ports.out(0x3fa, 0xc1, 1);
  board.ports.out(0x3f9, 0x01, 1);
  board.ports.out(0x3fc, 0x0b, 1);
  board.uart.receive(Uint8Array.of(65));
  board.ports.out(0x1f6, 0xe0, 1);
  board.ports.out(0x1f7, 0xec, 1);
  board.clock.advanceTo(Math.ceil(CRYSTAL_HZ / 60));
  const vectors: number[] = [];
  while (board.pic.pendingVector() >= 0) {
    const vector = board.pic.acknowledge();
    vectors.push(vector);
    if (vector >= 0x70) board.ports.out(0xa0, 0x20, 1);
    board.ports.out(0x20, 0x20, 1);
  }
  expect(vectors).toEqual([0x50, 0x76, 0x54]);
  expect(board.ports.in(0x3f8, 1)).toBe(65);
});

it("nobody is at the third and fourth serial line, and the clock shows the time that it was given", () => {
  const board = machine();
  expect([board.ports.in(0x3ed, 1), board.ports.in(0x2ed, 1)]).toEqual([0xff, 0xff]);
  board.ports.out(0x70, 0x04, 1);
  expect(board.ports.in(0x71, 1)).toBe(0x01);
});
