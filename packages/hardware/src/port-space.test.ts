import { expect, it } from "vitest";
import { PortSpace, UnimplementedHardware, type PortDevice } from "./port-space.ts";

class Scratch implements PortDevice<null> {
  readonly ports = [0x100, 0x101];
  readonly bytes = new Uint8Array(2);
  in8(port: number): number {
    return this.bytes[port - 0x100] as number;
  }
  out8(port: number, value: number): void {
    if (value === 0xee) throw new UnimplementedHardware("scratch: 0xee");
    this.bytes[port - 0x100] = value;
  }
  snapshot(): null {
    return null;
  }
  restore(): void {}
}

it("ports without a device read all ones and lose what is written", () => {
  const ports = new PortSpace();
  ports.out(0x3e8, 1, 1);
  expect([ports.in(0x3e8, 1), ports.in(0x3e8, 2), ports.in(0x3e8, 4)]).toEqual([0xff, 0xffff, 0xffffffff]);
  expect(ports.takeReport()).toBeNull();
});

it("a wide access to a byte device falls apart into bytes", () => {
  const ports = new PortSpace();
  ports.attach(new Scratch());
  ports.out(0x100, 0x1234, 2);
  expect([ports.in(0x100, 1), ports.in(0x101, 1), ports.in(0x100, 2)]).toEqual([0x34, 0x12, 0x1234]);
  expect(ports.in(0x100, 4)).toBe(0xffff1234);
});

it("what a device does not implement becomes a report, not an exception", () => {
  const ports = new PortSpace();
  ports.attach(new Scratch());
  ports.out(0x101, 0xee, 1);
  expect(ports.takeReport()).toEqual({ port: 0x101, width: 1, direction: "out", value: 0xee, text: "scratch: 0xee" });
  expect(ports.takeReport()).toBeNull();
});

it("two devices cannot have the same port", () => {
  const ports = new PortSpace();
  ports.attach(new Scratch());
  expect(() => ports.attach(new Scratch())).toThrow("taken");
});
