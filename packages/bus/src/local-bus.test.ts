import { instanceLocal, newFrame, type Frame, type Program, type ServiceImage } from "@procyon-os/message";
import { expect, it } from "vitest";
import { localBus } from "./local-bus.ts";

const service = (main: (args: readonly string[]) => Program<unknown>): ServiceImage => ({ name: "demo", version: "0.1.0", dataBytes: 0, stackBytes: 0, main });
const frame = (vector: number): Frame => newFrame(vector);

it("gives the traps of a program, hands their answers back, and tells its end", () => {
  const port = localBus.spawn(service(function* ([name]) {
    const answer = yield frame(33);
    yield frame(answer.eax + (name === "demo" ? 1 : 0));
  }), ["demo"]);
  const first = port.resume(null);
  expect(first).toMatchObject({ kind: "trap", frame: { vector: 33 } });
  expect(port.resume({ ...frame(33), eax: 7 })).toMatchObject({ kind: "trap", frame: { vector: 8 } });
  expect(port.resume(frame(8))).toEqual({ kind: "exit" });
});

it("reports what a program throws, from its start on, and runs nothing of it after it is closed", () => {
  let cleaned = false;
  const throwing = localBus.spawn(service(() => {
    throw new Error("no start");
  }), []);
  expect(throwing.resume(null)).toMatchObject({ kind: "crash", report: expect.stringContaining("no start") });
  const port = localBus.spawn(service(function* () {
    try {
      yield frame(1);
    } finally {
      cleaned = true;
    }
  }), []);
  port.resume(null);
  port.close();
  expect(cleaned).toBe(false);
  expect(() => port.resume(frame(1))).toThrow("closed port (demo)");
});

it("gives each instance values of its own, however their traps interleave", () => {
  const counter = instanceLocal("counter", () => ({ count: 0 }));
  const image = service(function* () {
    for (;;) {
      counter().count++;
      yield frame(counter().count);
    }
  });
  const [a, b] = [localBus.spawn(image, []), localBus.spawn(image, [])];
  const step = (port: typeof a): unknown => port.resume(frame(0));
  step(a);
  step(a);
  expect(step(b)).toMatchObject({ frame: { vector: 1 } });
  expect(step(a)).toMatchObject({ frame: { vector: 3 } });
});
