import { expect, it } from "vitest";
import { Clock } from "../clock.ts";
import { Uart16550 } from "./uart-16550.ts";

const CHARACTER = 36; // crystals at 4 Mbit/s

function line() {
  const clock = new Clock();
  let high = false;
  let edges = 0;
  const irq = {
    raise: () => {
      if (!high) edges++;
      high = true;
    },
    lower: () => void (high = false),
    pulse: () => {},
  };
  const uart = new Uart16550(clock, irq, 0x3f8, 4_000_000);
  const sent: number[] = [];
  uart.onTransmit = (byte) => void sent.push(byte);
  const wait = (characters: number): void => clock.advanceTo(clock.now + characters * CHARACTER);
  return { clock, uart, sent, wait, high: () => high, edges: () => edges };
}

/** FIFOs with trigger 14, all interrupts, DTR + RTS + OUT2. */
function open(uart: Uart16550): void {
  uart.out8(0x3fa, 0xc7);
  uart.out8(0x3f9, 0x0f);
  uart.out8(0x3fc, 0x0b);
}

it("nothing is lost: the chip takes what its FIFO has room for, the rest waits", () => {
  const { uart, wait } = line();
  open(uart);
  const text = Uint8Array.from({ length: 1000 }, (_, n) => n & 0xff);
  uart.receive(text.subarray(0, 500));
  uart.receive(text.subarray(500));
  wait(1000);
  expect(uart.waitingBytes).toBe(984);
  const got: number[] = [];
  while (!uart.receiverEmpty) {
    while ((uart.in8(0x3fd) & 1) !== 0) got.push(uart.in8(0x3f8));
    wait(3);
  }
  expect(got).toEqual([...text]);
  expect(uart.in8(0x3fd) & 0x02).toBe(0); // no overrun
});

it("the receiver interrupts at its trigger level, and after silence below it", () => {
  const { uart, wait, high } = line();
  open(uart);
  uart.in8(0x3fa);
  uart.receive(new Uint8Array(14));
  wait(13);
  expect(high()).toBe(false);
  wait(1);
  expect([high(), uart.in8(0x3fa)]).toEqual([true, 0xc4]);
  for (let n = 0; n < 14; n++) uart.in8(0x3f8);
  expect(high()).toBe(false);
  uart.receive(Uint8Array.of(65));
  wait(4);
  expect(high()).toBe(false);
  wait(1);
  expect([high(), uart.in8(0x3fa)]).toEqual([true, 0xcc]);
  expect([uart.in8(0x3f8), high()]).toEqual([65, false]);
});

it("without RTS the other end sends nothing", () => {
  const { uart, wait } = line();
  open(uart);
  uart.out8(0x3fc, 0x09);
  uart.receive(new Uint8Array(4));
  wait(10);
  expect([uart.in8(0x3fd) & 1, uart.waitingBytes]).toEqual([0, 4]);
  uart.out8(0x3fc, 0x0b);
  wait(10);
  expect([uart.in8(0x3fd) & 1, uart.waitingBytes]).toEqual([1, 0]);
});

it("a burst fills the transmitter FIFO and interrupts once, when it is empty", () => {
  const { uart, wait, sent, edges, high } = line();
  open(uart);
  uart.in8(0x3fa); // takes the interrupt that enabling gave
  const before = edges();
  for (let n = 0; n < 16; n++) uart.out8(0x3f8, n);
  expect(uart.in8(0x3fd) & 0x60).toBe(0);
  wait(17);
  expect(sent).toEqual([...Array(16).keys()]);
  expect([edges() - before, high(), uart.in8(0x3fa)]).toEqual([1, true, 0xc2]);
  expect([high(), uart.in8(0x3fd) & 0x60]).toEqual([false, 0x60]);
});

it("the carrier drops after the last byte and interrupts", () => {
  const { uart, wait, high } = line();
  open(uart);
  uart.in8(0x3fa);
  uart.receive(Uint8Array.of(1, 2));
  uart.setCarrier(false);
  expect(uart.in8(0x3fe) & 0x80).toBe(0x80);
  wait(2);
  expect(uart.in8(0x3fe) & 0x88).toBe(0x08);
  wait(5);
  expect([uart.in8(0x3f8), uart.in8(0x3f8), high()]).toEqual([1, 2, false]);
  uart.setCarrier(true);
  expect([high(), uart.in8(0x3fa), uart.in8(0x3fe) & 0x88, high()]).toEqual([true, 0xc0, 0x88, false]);
});

it("in loop mode it hears itself", () => {
  const { uart, wait, sent } = line();
  uart.out8(0x3fc, 0x10 | 0x0a);
  expect(uart.in8(0x3fe) & 0xf0).toBe(0x90);
  uart.out8(0x3f8, 0x5a);
  wait(3);
  expect([uart.in8(0x3f8), sent]).toEqual([0x5a, []]);
});

it("a restored line goes on where the snapshot was taken", () => {
  const one = line();
  open(one.uart);
  one.uart.receive(Uint8Array.of(1, 2, 3));
  one.uart.out8(0x3f8, 9);
  one.wait(1);
  const two = line();
  two.clock.restore(one.clock.snapshot());
  two.uart.restore(one.uart.snapshot());
  for (const side of [one, two]) side.wait(5);
  expect(two.uart.snapshot()).toEqual(one.uart.snapshot());
  expect(two.sent).toEqual([9]);
});
