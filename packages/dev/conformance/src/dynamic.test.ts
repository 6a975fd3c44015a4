import { call, fail, isNotify, m1, ok, protocol, u32, type Program, type ServiceImage } from "@procyon-os/message";
import { queueReply, sefReceive, sefStartup, stateSpec } from "@procyon-os/sef";
import { client, dispatch, sendReply } from "@procyon-os/syslib";
import { expect, it } from "vitest";
import { describeDynamic, dynamicConformanceOf, type DynamicOptions } from "./index.ts";

const contract = protocol({
  name: "counter", version: "1.0.0", base: 0x7000,
  calls: {
    add: call(0, {
      about: "Adds to the count and gives the sum.", request: { amount: m1.i1(u32) }, reply: { count: m1.i1(u32) }, repeatable: false,
      errors: { EDOM: "the amount is zero" },
    }),
  },
});
interface Count { count?: number; added?: number[] }
interface Flaws { saved?: boolean; early?: boolean; error?: "EDOM" | "ENOTDIR"; unknown?: "ENOSYS" | "EDOM" }

const sum = ({ count = 0, added = [] }: Count): number => added.reduce((total, one) => total + one, count);

/** A counter; version 2 keeps what was added one by one. */
function counter(version: 1 | 2, { saved = true, early = false, error = "EDOM", unknown = "ENOSYS" }: Flaws = {}): ServiceImage {
  const spec = stateSpec<Count>({
    name: "counter", version, saved, once: true,
    migrations: version === 2 ? { 1: ({ count }: Count) => ({ added: [count ?? 0] }) } : { 2: (state: Count) => ({ count: sum(state) }) },
  });
  function* main(): Program<never> {
    const state = yield* sefStartup(spec, { *initFresh() { return ok(version === 1 ? { count: 0 } : { added: [] }); } });
    for (;;) {
      const received = yield* sefReceive();
      if (received.result !== 0 || isNotify(received.status)) continue;
      const handlers = {
        *add(_state: Count, _caller: unknown, { amount }: { amount: number }) {
          if (amount === 0) return fail(error as "EDOM");
          if (state.added === undefined) state.count = (state.count ?? 0) + amount;
          else state.added.push(amount);
          return ok({ count: sum(state) >>> 0 });
        },
      };
      const answer = yield* dispatch(contract, handlers, state, received, unknown);
      if (answer === null) continue;
      if (early) yield* sendReply(received, answer);
      else queueReply(received, answer);
    }
  }
  return { name: "counter", version: `${version}.0.0`, dataBytes: 64 * 1024, stackBytes: 16 * 1024, contract, main };
}

const options: DynamicOptions = {
  *step(service, n) {
    const sum = yield* client(contract, service).add({ amount: n % 4 });
    return sum.ok ? String(sum.value.count) : sum.error;
  },
  next: counter(2),
};

describeDynamic("counter", counter(1), options);

const flaws: readonly (readonly [what: string, flaw: Flaws, title: string, says: string])[] = [
  ["forgets its state", { saved: false }, "is updated", "ERESTART"],
  ["answers before its state is saved", { early: true }, "comes back whenever it crashes", "what the client heard where the service crashes at its trap"],
  ["answers what its contract does not name", { error: "ENOTDIR" }, "contract says", "add with zeros answers ENOTDIR (-20), which its contract does not name (EDOM)"],
  ["answers a strange error to unknown numbers", { unknown: "EDOM" }, "numbers that no call has", "number 0x7001, which no call has, is refused with ENOSYS or EINVAL: \"EDOM (-33)\""],
];
it.each(flaws)("finds that a service %s, and says so", (_, flaw, title, says) => {
  const [outcome] = dynamicConformanceOf("counter", counter(1, flaw), { ...options, only: title, crashes: 24 });
  expect(outcome?.problem).toContain(says);
});
