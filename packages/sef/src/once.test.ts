import { SEF_INIT_LU, SEF_INIT_RESTART } from "@procyon-os/contract-rs";
import {
  call, errorCode, i32, m1, messageSource, newMessage, ok, PM, protocol, RS, SENDA, SENDREC, VFS, type Endpoint, type Message, type Program, type ServiceImage,
} from "@procyon-os/message";
import { ServiceHarness } from "@procyon-os/service-harness";
import { dispatch } from "@procyon-os/syslib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkSavedState } from "./check-saved.ts";
import { changed, queueReply, sefReceive, sefStartup, stateSpec } from "./index.ts";

/** Accounts, and a queue of those who wait until an account has enough: state in parts, answers that come late. */
interface Bank {
  readonly accounts: Map<number, { balance: number; note: string }>;
  readonly log: (number | null)[];
  waiting: { account: number; from: Endpoint; status: number }[];
  next: number;
}

const numbers = { errors: {}, repeatable: false } as const;
const bankContract = protocol({
  name: "bank", version: "1.0.0", base: 0x7000,
  calls: {
    add: call(0, { about: "Adds.", request: { account: m1.i1(i32), amount: m1.i2(i32) }, reply: { balance: m1.i1(i32) }, ...numbers }),
    read: call(1, { about: "Reads.", request: { account: m1.i1(i32) }, reply: { balance: m1.i1(i32) }, ...numbers }),
    close: call(2, { about: "Ends an account.", request: { account: m1.i1(i32) }, reply: { balance: m1.i1(i32) }, ...numbers }),
    waitFor: call(3, { about: "Waits for a change.", request: { account: m1.i1(i32) }, reply: { balance: m1.i1(i32) }, ...numbers }),
  },
});

const spec = stateSpec<Bank>({
  name: "bank", version: 1, saved: true, parts: ["accounts", "log"], once: true, owes: ({ waiting }) => waiting.map(({ from }) => from),
});

/** @param tellChanges whether it marks what it changes, as it must */
function bank(tellChanges = true): ServiceImage {
  const mark: typeof changed = (field, key) => (tellChanges ? changed(field, key) : undefined);
  const answerBalance = (balance: number): Message => {
    const message = newMessage(0);
    bankContract.calls.add.reply.balance.write(message, balance);
    return message;
  };
  function* main(): Program<never> {
    const state = yield* sefStartup(spec, {
      *initFresh() {
        return ok({ accounts: new Map(), log: Array.from({ length: 8 }, () => null), waiting: [], next: 0 });
      },
    });
    for (;;) {
      const received = yield* sefReceive();
      const answer = yield* dispatch(bankContract, {
        *add(_state, _caller, { account, amount }) {
          const one = state.accounts.get(account) ?? { balance: 0, note: "x".repeat(300) };
          one.balance += amount;
          state.accounts.set(account, one);
          mark("accounts", account);
          const slot = state.next++ % 8;
          state.log[slot] = amount;
          mark("log", slot);
          for (const { from, status } of state.waiting.filter((waiter) => waiter.account === account)) {
            queueReply({ result: 0, message: Object.assign(newMessage(0), { 0: from }), status }, answerBalance(one.balance));
          }
          state.waiting = state.waiting.filter((waiter) => waiter.account !== account);
          return ok({ balance: one.balance });
        },
        *read(_state, _caller, { account }) {
          return ok({ balance: state.accounts.get(account)?.balance ?? 0 });
        },
        *close(_state, _caller, { account }) {
          const balance = state.accounts.get(account)?.balance ?? 0;
          state.accounts.delete(account);
          mark("accounts", account);
          return ok({ balance });
        },
        *waitFor(_state, caller, { account }, { status }) {
          state.waiting.push({ account, from: caller, status });
          return "no reply" as const;
        },
      }, state, received);
      if (answer !== null) queueReply(received, answer);
    }
  }
  return { name: "bank", version: "1.0.0", dataBytes: 512 * 1024, stackBytes: 4096, contract: bankContract, main };
}

beforeAll(() => checkSavedState(true));
afterAll(() => checkSavedState(false));

const A = 40 as Endpoint;
const B = 41 as Endpoint;
type Step = readonly [from: Endpoint, name: keyof typeof bankContract.calls, account: number, amount?: number];
/** Enough to write the log anew several times, with answers that come late. */
const steps: readonly Step[] = [
  [A, "add", 1, 10], [B, "waitFor", 1], [A, "add", 1, 5], [A, "read", 1], [B, "add", 2, 7], [A, "close", 1], [B, "add", 1, 1],
  ...Array.from({ length: 24 }, (_, i): Step => [i % 2 === 0 ? A : B, "add", 3 + (i % 5), i]), [A, "read", 3],
];

function request([, name, account, amount = 0]: Step): Message {
  const message = newMessage(bankContract.base + Object.keys(bankContract.calls).indexOf(name));
  bankContract.calls.add.request.account.write(message, account);
  if (name === "add") bankContract.calls.add.request.amount.write(message, amount);
  return message;
}

const OLD = 555 as Endpoint;
/** Which answers each client got, as they come from whichever instance: type and balance. */
type Answers = Map<Endpoint, number[]>;
function note(answers: Answers, harness: ServiceHarness, from: number): void {
  for (const { to, message } of harness.sent.slice(from)) {
    if (to === A || to === B) answers.set(to, [...(answers.get(to) ?? []), message[1] === 0 ? bankContract.calls.add.reply.balance.read(message) : (message[1] as number)]);
  }
}

/** The instance that takes over from a dead one. Where it dies before RS has its result, the next takes over from the same one. */
function takeOver(dead: ServiceHarness, answers: Answers, deaths: readonly number[]): ServiceHarness {
  const [mostTraps, ...more] = deaths;
  const next = new ServiceHarness(bank(), {
    initType: SEF_INIT_RESTART, oldEndpoint: OLD, predecessor: dead, ...(mostTraps === undefined ? {} : { mostTraps }),
  });
  note(answers, next, 0);
  if (next.ended === null) return next;
  expect(next.ended).toBe("killed");
  return takeOver(next.sent.some(({ to, how }) => to === RS && how === SENDREC) ? next : dead, answers, more);
}

/**
 * Runs the steps; the instance is killed at a trap, and the next one takes over, or is killed at one of its own. Gives all
 * answers and the traps of the first.
 */
function runSteps(killAt: number, status: number, deaths: readonly number[] = []): { answers: Answers; traps: number; released: number } {
  const answers: Answers = new Map();
  let harness = new ServiceHarness(bank(), killAt < 0 ? {} : { mostTraps: killAt });
  const first = harness;
  for (const step of steps) {
    const seen = harness.sent.length;
    harness.post(step[0], request(step), status);
    harness.run();
    note(answers, harness, seen);
    if (harness.ended === null) continue;
    expect(harness.ended).toBe("killed");
    harness = takeOver(harness, answers, deaths);
  }
  return { answers, traps: first.traps, released: harness.released.length };
}

it.each([["SENDREC", SENDREC], ["SENDA", SENDA]])("[S07] handles each request once, sent with %s, wherever the instance dies, and no client notices", (_how, status) => {
  const undisturbed = runSteps(-1, status);
  const boot = new ServiceHarness(bank()).traps;
  expect(undisturbed.answers.get(A)?.slice(0, 3)).toEqual([10, 15, 15]);
  expect(undisturbed.traps).toBeGreaterThan(boot + 80);
  for (let killAt = boot; killAt < undisturbed.traps; killAt++) {
    const { answers, released } = runSteps(killAt, status);
    expect({ killAt, released, answers }).toEqual({ killAt, released: 0, answers: undisturbed.answers });
  }
});

it.each([["SENDREC", SENDREC], ["SENDA", SENDA]])("[S07] loses nothing and does nothing twice where the one that takes over dies too (%s)", (_how, status) => {
  const undisturbed = runSteps(-1, status);
  const boot = new ServiceHarness(bank()).traps;
  for (let killAt = boot; killAt < boot + 40; killAt += 7) {
    for (let second = 20; second < 60; second += 2) {
      const { answers } = runSteps(killAt, status, [second]);
      expect({ killAt, second, answers }).toEqual({ killAt, second, answers: undisturbed.answers });
    }
  }
});

it("forgets what RS asks before it asks for the initialization, since RS asks again, and keeps the signals that RS passes on", () => {
  const dead = new ServiceHarness(bank());
  const next = new ServiceHarness(bank(), {
    initType: SEF_INIT_RESTART, oldEndpoint: OLD, predecessor: dead, beforeInit: [request(steps[0] as Step), newMessage(0xe00)],
  });
  expect(next.ended).toBeNull();
  expect(next.sent.filter(({ to, how }) => to === RS && how === SENDA)).toEqual([]);
});

it("gives a request that ends two instances no third, and tells its client", () => {
  const step: Step = [A, "add", 1, 10];
  const fragile: ServiceImage = {
    ...bank(),
    main: function* (args): Program<unknown> {
      const program = bank().main(args);
      let next = program.next();
      while (next.done !== true) {
        const frame = yield next.value;
        if (frame.message !== null && messageSource(frame.message) === A && frame.message[1] === 0x7000) throw new Error("cannot bear this");
        next = program.next(frame);
      }
      return next.value;
    },
  };
  // It dies at the request itself, which for a successor comes from no trap: so the successors are stopped at their next trap.
  let harness = new ServiceHarness(fragile);
  harness.post(A, request(step));
  harness.run();
  expect(harness.ended).toContain("cannot bear this");
  const boot = new ServiceHarness(bank(), { initType: SEF_INIT_RESTART, oldEndpoint: OLD, predecessor: harness, mostTraps: 1000 });
  const untilReady = boot.traps;
  for (const tries of [1, 2]) {
    harness = new ServiceHarness(bank(), { initType: SEF_INIT_RESTART, oldEndpoint: OLD, predecessor: harness, mostTraps: untilReady - 5 });
    expect([tries, harness.ended]).toEqual([tries, "killed"]);
    harness.waiters.add(A);
  }
  harness = new ServiceHarness(bank(), { initType: SEF_INIT_RESTART, oldEndpoint: OLD, predecessor: harness });
  expect(harness.sent.filter(({ to }) => to === A).map(({ message }) => message[1])).toEqual([errorCode("EDEADSRCDST")]);
});

it("lets go of whoever waits for nothing that it knows of", () => {
  const before = new ServiceHarness(bank());
  before.send(A, request([A, "waitFor", 1]));
  before.waiters.add(PM).add(VFS);
  const next = new ServiceHarness(bank(), { initType: SEF_INIT_RESTART, oldEndpoint: OLD, predecessor: before });
  expect(next.released).toEqual([PM, VFS]);
  expect([...next.waiters]).toEqual([A]);
  next.send(B, request([B, "add", 1, 3]));
  expect(next.sent.filter(({ to }) => to === A)).toHaveLength(1);
});

it("[S07] gives a state in parts to the next version as one value, and takes it back", () => {
  const before = new ServiceHarness(bank());
  for (const step of steps.filter(([, name]) => name !== "waitFor")) before.send(step[0], request(step));
  let got: unknown = null;
  const next: ServiceImage = {
    ...bank(),
    main: function* (): Program<never> {
      const wider = stateSpec<{ total: number; bank: unknown }>({
        name: "bank", version: 2, saved: true,
        migrations: { 1: (old: Bank) => ({ total: [...old.accounts.values()].reduce((sum, { balance }) => sum + balance, 0), bank: old }) },
      });
      got = yield* sefStartup(wider, {
        *initFresh() {
          throw new Error("this is an update");
        },
      });
      for (;;) yield* sefReceive();
    },
  };
  new ServiceHarness(next, { initType: SEF_INIT_LU, oldEndpoint: OLD, predecessor: before });
  expect(got).toMatchObject({ total: 1 + 7 + (23 * 24) / 2, bank: { next: 28, log: [20, 21, 22, 23, 16, 17, 18, 19] } });
  expect((got as { bank: Bank }).bank.accounts).toBeInstanceOf(Map);
});

it("saves what a request has changed, and its answer, with one store", () => {
  const harness = new ServiceHarness(bank());
  const traps = (step: Step): number => {
    const before = harness.traps;
    harness.send(step[0], request(step));
    return harness.traps - before;
  };
  harness.send(A, request([A, "add", 1, 10]));
  expect(traps([A, "add", 1, 5])).toBe(3); // the store, the answer, the next receive
  expect(traps([A, "read", 1])).toBe(2); // nothing has changed
  expect(traps([B, "close", 2])).toBe(2);
});

it("finds out that a change was not told, and says which", () => {
  const forgetful = new ServiceHarness(bank(false));
  expect(() => forgetful.send(A, request([A, "add", 1, 10]))).toThrow("bank: accounts[1] has changed, and changed() was not told");
});
