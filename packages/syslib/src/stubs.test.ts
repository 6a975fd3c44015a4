import { call, errorCode, m1, newMessage, protocol, u32, type Endpoint, type Message } from "@procyon-os/message";
import { expect, it } from "vitest";
import { run } from "../test/run-program.ts";
import { client } from "./stubs.ts";

const SERVER = 9 as Endpoint;
const contract = protocol({
  name: "test", version: "0.1.0", base: 0x4000,
  calls: {
    read: call(1, { about: "Reads.", request: { at: m1.i1(u32) }, reply: { value: m1.i2(u32) }, repeatable: true, errors: {} }),
    append: call(2, { about: "Appends.", request: {}, reply: {}, repeatable: false, errors: {} }),
  },
});
const server = client(contract, SERVER);

/** A server that dies over its first calls. */
function dying(times: number): { partner: (message: Message) => Message; asked: number[] } {
  const asked: number[] = [];
  return {
    asked,
    partner: (message) => {
      asked.push(message[2] as number);
      if (asked.length <= times) return newMessage(errorCode("EDEADSRCDST"));
      const reply = newMessage(0);
      reply[3] = 77;
      return reply;
    },
  };
}

it.each([[2, { ok: true, value: { value: 77 } }, 3], [100, { ok: false, error: "EDEADSRCDST" }, 9]])(
  "makes a repeatable call again when the server died under it: %i deaths", (deaths, expected, calls) => {
    const { partner, asked } = dying(deaths);
    const { value } = run(() => server.read({ at: 5 }), { partners: new Map([[SERVER, partner]]) });
    expect(value).toEqual(expected);
    expect(asked).toEqual(Array.from({ length: calls }, () => 5));
  });

it("makes no other call twice", () => {
  const { partner, asked } = dying(1);
  const { value } = run(() => server.append({}), { partners: new Map([[SERVER, partner]]) });
  expect(value).toEqual({ ok: false, error: "EDEADSRCDST" });
  expect(asked).toHaveLength(1);
});
