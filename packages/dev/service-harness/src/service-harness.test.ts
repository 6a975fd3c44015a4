import { call, fail, m1, newMessage, ok, protocol, u32, type Endpoint, type ServiceImage } from "@procyon-os/message";
import { expect, it } from "vitest";
import { sefReceive, sefStartup, stateSpec } from "../../../sef/src/index.ts";
import { asynsend, dispatch, printf, sendNb, store32, load32, allocate, type Handlers } from "../../../syslib/src/index.ts";
import { ServiceHarness } from "./service-harness.ts";

const CLIENT = 42 as Endpoint;
const contract = protocol({
  name: "adder",
  version: "0.1.0",
  base: 0x5000,
  calls: {
    add: call(1, { about: "Adds to the sum.", request: { amount: m1.i1(u32) }, reply: { sum: m1.i1(u32) }, repeatable: false, errors: { EDOM: "too much" } }),
  },
});
const handlers: Handlers<{ sum: number }, typeof contract> = {
  add: function* (state, _caller, { amount }) {
    if (amount > 100) return fail("EDOM");
    const cell = yield* allocate(4);
    yield* store32(cell, state.sum + amount);
    state.sum = yield* load32(cell);
    yield* asynsend(7 as Endpoint, newMessage(state.sum));
    return ok({ sum: state.sum });
  },
};
const adder: ServiceImage = {
  name: "adder", version: "0.1.0", dataBytes: 64 * 1024, stackBytes: 4096,
  main: function* () {
    const state = yield* sefStartup(stateSpec<{ sum: number }>({ name: "adder", version: 1, saved: true }), {
      initFresh: function* () {
        yield* printf("adder: up\n");
        return ok({ sum: 1 });
      },
    });
    for (;;) {
      const received = yield* sefReceive();
      const reply = yield* dispatch(contract, handlers, state, received);
      if (reply !== null) yield* sendNb(received.message[0] as Endpoint, reply);
    }
  },
};

it("runs a service's main: its memory, its answers, its errors, what it prints and what it sends", () => {
  const harness = new ServiceHarness(adder);
  expect(harness.output).toBe("adder: up\n");
  expect(harness.call(contract, CLIENT, "add", { amount: 5 })).toEqual({ ok: true, value: { sum: 6 } });
  expect(harness.call(contract, CLIENT, "add", { amount: 101 })).toEqual({ ok: false, error: "EDOM" });
  expect(harness.call(contract, CLIENT, "add", { amount: 1 })).toEqual({ ok: true, value: { sum: 7 } });
  expect(harness.sent.filter(({ to }) => to === 7).map(({ message }) => message[1])).toEqual([6, 7]);
});

it("answers a ping of RS without any code of the service", () => {
  const harness = new ServiceHarness(adder);
  expect(harness.notify(2 as Endpoint)).toMatchObject([{ how: 4, to: 2 }]);
});
