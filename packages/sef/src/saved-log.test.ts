import { newMessage, TTY } from "@procyon-os/message";
import fc from "fast-check";
import { expect, it } from "vitest";
import { ByteReader, readValue } from "./decode-state.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import { LogWriter } from "./log-writer.ts";
import { bytesNeeded, readLog } from "./read-log.ts";
import { BEGIN_BYTES } from "./saved-log.ts";
import { Shapes } from "./shapes.ts";
import { writeValue } from "./state-codec.ts";

interface Numbers {
  readonly count: number;
  readonly list: readonly number[];
}

/** A log with a transaction for each value of `count`; gives where each ends. */
function logOf(counts: readonly number[]): { bytes: Uint8Array; ends: number[] } {
  const log = new LogWriter();
  const shapes = new Shapes();
  const ends = counts.map((count, index) => {
    const begun = log.begin();
    if (index === 0) {
      log.rest({}, null);
      log.field(0, "list", true, 3);
    }
    log.named("count", count, shapes);
    log.part(0, index % 3, { count, name: "x".repeat(count) }, shapes);
    if (index === 0) log.shape(0, shapes.list[0] as readonly string[]);
    log.send({ how: "sendnb", to: TTY, message: newMessage(count) });
    log.end(begun, { received: count, sent: 0, tries: 0 });
    return log.length;
  });
  const bytes = new Uint8Array(2000);
  bytes.set(log.bytes.subarray(0, log.length));
  return { bytes, ends };
}

it("[S07] finds a transaction whole or not at all, wherever its store was cut off", () => {
  const { bytes, ends } = logOf([1, 77, 200]);
  for (let cut = 0; cut <= (ends[2] as number); cut++) {
    const left = bytes.slice().fill(0, cut);
    const whole = ends.filter((end) => end <= cut).length;
    const content = readLog(left);
    if (content === null || whole === 0) {
      expect({ cut, whole, content }).toEqual({ cut, whole: 0, content: null });
      continue;
    }
    const { count, list } = content.state as Numbers;
    const expected = [1, 77, 200][whole - 1] as number;
    expect({ cut, count, received: content.received, sent: content.queued.map(({ message }) => message[1]) })
      .toEqual({ cut, count: expected, received: expected, sent: [expected] });
    expect(list.filter((one) => one !== undefined)).toHaveLength(whole);
  }
});

it("is read as far as it goes, however small the pieces are", () => {
  const { bytes, ends } = logOf([1, 77, 200]);
  const end = ends[2] as number;
  for (const piece of [1, 7, 100, 5000]) {
    let have = Math.max(piece, BEGIN_BYTES);
    for (let need = bytesNeeded(bytes, have); need > have; need = bytesNeeded(bytes, have)) {
      expect(need).toBeLessThanOrEqual(end + BEGIN_BYTES);
      have = Math.max(need, have + piece);
    }
    expect(readLog(bytes.slice().fill(0, have))).toEqual(readLog(bytes));
  }
});

it("gives objects back that are written without their names", () => {
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 }, fc.integer(), fc.string(), fc.constant(undefined), fc.array(tie("value")),
      fc.dictionary(fc.constantFrom("a", "b", "c", "long name", "7"), tie("value"), { noNullPrototype: true }),
    ),
  })).value;
  const shapes = new Shapes();
  fc.assert(fc.property(value, (one) => {
    const out = new GrowingBytes(1);
    writeValue(out, one, shapes);
    const from = new ByteReader(out.bytes.slice(0, out.length));
    expect(readValue(from, shapes.list)).toEqual(one);
    expect(from.at).toBe(out.length);
  }));
});

it("writes the names where a service makes up too many", () => {
  const shapes = new Shapes();
  for (let i = 0; i < 1100; i++) {
    const out = new GrowingBytes(1);
    writeValue(out, { [`name ${i}`]: { i } }, shapes);
    expect(readValue(new ByteReader(out.bytes), shapes.list)).toEqual({ [`name ${i}`]: { i } });
  }
  expect(shapes.list).toHaveLength(1000);
});

it("refuses an object of a shape that is nowhere", () => {
  const out = new GrowingBytes(8);
  writeValue(out, { a: 1 }, new Shapes());
  expect(() => readValue(new ByteReader(out.bytes), [])).toThrow("there is no shape 0");
});
