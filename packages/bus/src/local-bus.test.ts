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

it.each<[string, () => unknown, string]>([
  ["what is no generator", () => undefined, "its main gives undefined where a generator of traps is wanted"],
  ["what yields nothing", function* () { yield; }, "it yields undefined where a trap is wanted"],
  ["what yields promises", function* () { yield Promise.resolve(); }, "it yields a promise where a trap is wanted"],
  ["registers that are no numbers", function* () { yield { ...frame(33), eax: 1n }; }, "its registers are not numbers"],
  ["a message that is too short", function* () { yield { ...frame(33), message: new Int32Array(8) }; }, "its message is not an Int32Array of 9 words"],
  ["bytes of another kind", function* () { yield { ...frame(-2), bytes: "abc" }; }, "its bytes are not a Uint8Array"],
  ["an error without a text", function* () { throw Object.assign(new Error("x"), { stack: 5 }); }, "it throws an error that has no text"],
  ["what cannot be looked at", function* () { throw new Proxy(new Error("x"), { getPrototypeOf: () => { throw new Error("no"); } }); }, "it throws something that cannot be looked at"],
])("reports %s as a crash", (_what, main, text) => {
  const port = localBus.spawn(service(main as never), []);
  expect(port.resume(null)).toMatchObject({ kind: "crash", report: expect.stringContaining(text) });
});

it("answers in a frame of its own, whatever the program lets be written in its", () => {
  const port = localBus.spawn(service(function* () {
    const answer = yield Object.freeze(frame(33));
    yield frame(answer.eax);
  }), []);
  const first = port.resume(null);
  if (first.kind !== "trap") throw new Error(first.kind);
  first.frame.eax = 5;
  expect(port.resume(first.frame)).toMatchObject({ kind: "trap", frame: { vector: 5 } });
});

it("gives the kernel what it has looked at, whatever a field is the next time", () => {
  let looks = 0;
  const port = localBus.spawn(service(function* () {
    yield { ...frame(33), get message() { return looks++ === 0 ? null : "hello"; } } as never;
  }), []);
  expect(port.resume(null)).toMatchObject({ kind: "trap", frame: { vector: 33, message: null } });
  expect(looks).toBe(1);
});
