import {
  AMF_DONE, AMF_NOREPLY, AMF_NOTIFY, AMF_NOTIFY_ERR, AMF_VALID, ASYN_ENTRY_BYTES, enterInstance, IPC_VECTOR, newFrame, newMessage, SENDA, type Endpoint, type Program,
} from "@procyon-os/message";
import { expect, it } from "vitest";
import { asynGetError, asynsend, type UndeliveredMessage } from "./asynsend.ts";

/** A machine that holds memory and takes no message before it is told to. */
class Machine {
  readonly memory = new DataView(new ArrayBuffer(64 * 1024));
  readonly registered: [number, number][] = []; // count and first type of each SENDA

  run(body: () => Program<unknown>): void {
    enterInstance({ image: { name: "test", version: "0", dataBytes: 60 * 1024, stackBytes: 0, main: body }, args: [], values: new Map() });
    const program = body();
    for (let step = program.next(newFrame(0)); step.done !== true; step = program.next(step.value)) {
      const frame = step.value;
      const bytes = new Uint8Array(this.memory.buffer);
      if (frame.vector === IPC_VECTOR && frame.ecx === SENDA) {
        this.registered.push([frame.eax, frame.eax === 0 ? 0 : this.memory.getInt32(frame.ebx + 16, true)]);
        frame.eax = 0;
      } else if (frame.bytes === null) frame.bytes = bytes.slice(frame.eax, frame.eax + frame.ecx);
      else bytes.set(frame.bytes, frame.eax);
    }
  }

  /** Marks the entry at an index of the table as taken, or as one that could not be delivered. */
  take(index: number, result = 0): void {
    const at = 0x1000 + index * ASYN_ENTRY_BYTES;
    this.memory.setUint32(at, this.memory.getUint32(at, true) | AMF_DONE, true);
    this.memory.setInt32(at + 8, result, true);
  }
}

const TO = 7 as Endpoint;

it("registers what waits, in order, and starts again at the beginning when all is taken", () => {
  const machine = new Machine();
  machine.run(function* () {
    yield* asynsend(TO, newMessage(1));
    yield* asynsend(TO, newMessage(2), AMF_NOREPLY);
    machine.take(0); // not looked for while so few wait
    yield* asynsend(TO, newMessage(3));
    yield* asynsend(TO, newMessage(4));
    yield* asynsend(TO, newMessage(5));
    for (const index of [1, 2, 3, 4]) machine.take(index);
    yield* asynsend(TO, newMessage(6));
  });
  expect(machine.registered).toEqual([[1, 1], [2, 1], [3, 1], [4, 1], [4, 2], [1, 6]]);
  expect(machine.memory.getUint32(0x1000 + ASYN_ENTRY_BYTES, true)).toBe(AMF_VALID | AMF_NOREPLY | AMF_DONE);
});

it("moves what waits to the beginning when the table is full, and keeps its order", () => {
  const machine = new Machine();
  machine.run(function* () {
    for (let i = 0; i < 512; i++) yield* asynsend(TO, newMessage(i));
    for (let i = 1; i < 511; i++) machine.take(i); // the first and the last are still there
    yield* asynsend(TO, newMessage(999));
  });
  expect(machine.registered.slice(-2)).toEqual([[0, 0], [3, 0]]);
  const types = [0, 1, 2].map((index) => machine.memory.getInt32(0x1000 + index * ASYN_ENTRY_BYTES + 16, true));
  expect(types).toEqual([0, 511, 999]);
});

it("stops a program whose 512 messages nobody takes", () => {
  expect(() => new Machine().run(function* () {
    for (let i = 0; i < 513; i++) yield* asynsend(TO, newMessage(i));
  })).toThrow("512 messages wait");
});

const DEAD = -105;

it("8.46: reports errors of messages that were sent with NOTIFY or NOTIFY_ERR, oldest first and once; of others nothing", () => {
  const machine = new Machine();
  const errors: (UndeliveredMessage | null)[] = [];
  machine.run(function* () {
    errors.push(yield* asynGetError());
    for (const flags of [0, AMF_NOTIFY, AMF_NOTIFY_ERR, AMF_NOTIFY, AMF_NOTIFY_ERR, AMF_NOTIFY]) yield* asynsend(TO, newMessage(flags + 100), flags);
    machine.take(0, DEAD);
    machine.take(1);
    machine.take(2, DEAD);
    machine.take(3, -104);
    machine.take(4);
    for (let i = 0; i < 3; i++) errors.push(yield* asynGetError());
    yield* asynsend(TO, newMessage(1)); // the sixth still waits
  });
  expect(errors.map((one) => one && [one.to, one.message[1], one.error])).toEqual([null, [TO, 116, DEAD], [TO, 104, -104], null]);
  expect(machine.registered.at(-1)).toEqual([2, 104]);
});

it("8.46: keeps an error that nobody has asked for through the table's growth, and frees its place when it was", () => {
  const machine = new Machine();
  machine.run(function* () {
    yield* asynsend(TO, newMessage(7), AMF_NOTIFY_ERR);
    machine.take(0, DEAD);
    for (let i = 1; i < 512; i++) {
      yield* asynsend(TO, newMessage(i));
      machine.take(i);
    }
    yield* asynsend(TO, newMessage(999));
    expect((yield* asynGetError())?.message[1]).toBe(7);
    expect(yield* asynGetError()).toBeNull();
    for (const type of [1000, 1001, 1002]) yield* asynsend(TO, newMessage(type));
  });
  expect(machine.registered.slice(-2)).toEqual([[4, 7], [4, 999]]);
});
