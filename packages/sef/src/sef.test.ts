import { RS_LU_PREPARE, rsContract, SEF_INIT_LU, SEF_INIT_RESTART } from "@procyon-os/contract-rs";
import {
  decodeRequest, encodeRequest, errorCode, messageType, newMessage, NONE, NOTIFY, ok, PM, RS, SENDREC, SIGHUP, SIGKSIG, SIGKSIGSM, SIGTERM, SYSTEM, TTY,
  type Endpoint, type Message, type Program, type Result, type ServiceImage, type Ticks,
} from "@procyon-os/message";
import { defaultKernelCalls, ServiceHarness, type HarnessOptions, type Partner } from "@procyon-os/service-harness";
import { sendNb } from "@procyon-os/syslib";
import { expect, it } from "vitest";
import type { SefCallbacks } from "./context.ts";
import { sefReceive } from "./receive.ts";
import { LogWriter } from "./log-writer.ts";
import { readLog } from "./read-log.ts";
import { decodeHeader, encodeHeader, HEADER_BYTES, nameNumber } from "./saved-log.ts";
import { sefStartup } from "./startup.ts";
import { stateSpec, type StateSpec } from "./state-spec.ts";

interface Counter {
  count: number;
}
const OLD = 555 as Endpoint;
const spec = stateSpec<Counter>({ name: "counter", version: 2, saved: true, migrations: { 1: (old: number) => ({ count: old }) } });

/** A service that counts the messages it gets, and answers each with the count. */
function counter(callbacks: Partial<SefCallbacks<Counter>> = {}, state: StateSpec<Counter> = spec): ServiceImage {
  return {
    name: "counter", version: "0.1.0", dataBytes: 1024 * 1024, stackBytes: 4096,
    main: function* (): Program<never> {
      const own = yield* sefStartup(state, {
        initFresh: function* (): Program<Result<Counter>> {
          return ok({ count: 0 });
        },
        ...callbacks,
      });
      for (;;) {
        const { message } = yield* sefReceive();
        own.count++;
        yield* sendNb(message[0] as Endpoint, newMessage(own.count));
      }
    },
  };
}

/** What a dead instance left behind grant 0, as SEF frames it. */
function left(version: number, state: unknown, name = 0): Uint8Array {
  const log = new LogWriter();
  const begun = log.begin();
  log.rest(state, null);
  log.end(begun, { received: 0, sent: 0, tries: 0 });
  const framed = new Uint8Array(4096);
  framed.set(encodeHeader({ version, start: HEADER_BYTES, room: 1000, begun: 0, name }));
  framed.set(log.bytes.subarray(0, log.length), HEADER_BYTES);
  return framed;
}

const calls: string[] = [];
function start(image: ServiceImage, options: HarnessOptions & { left?: Uint8Array } = {}): ServiceHarness {
  calls.length = 0;
  const dead = options.left;
  return new ServiceHarness(image, {
    ...options,
    kernel: {
      ...options.kernel,
      statectl: () => {
        calls.push("statectl");
        return ok({});
      },
      safecopyfrom: (harness, request) => {
        if (request.process !== OLD || dead === undefined) return defaultKernelCalls.safecopyfrom?.(harness, request) ?? "never";
        calls.push("state");
        harness.memory.set(dead.subarray(request.offset, request.offset + request.bytes), request.address);
        return ok({});
      },
    },
  });
}
const count = (harness: ServiceHarness): number => harness.send(TTY, newMessage(1)).find(({ to }) => to === TTY)?.message[1] as number;
const initResults = (harness: ServiceHarness): number[] =>
  harness.sent.filter(({ to, message }) => to === RS && messageType(message) === 0x714).map(({ message }) => decodeRequest(rsContract.calls.init, message).result);
function prepare(state: number): Message {
  return encodeRequest(rsContract.base, rsContract.calls.luPrepare, { result: 0, state, maxTime: 0 as Ticks });
}

it("starts fresh, reports it, and gives the service its own messages only", () => {
  const harness = start(counter());
  expect(initResults(harness)).toEqual([0]);
  expect(count(harness)).toBe(1);
  expect(harness.notify(RS)).toMatchObject([{ how: NOTIFY, to: RS }]);
  expect(count(harness)).toBe(2);
  expect(calls).toEqual([]);
});

it.each([
  ["a restart", SEF_INIT_RESTART, left(2, { count: 40 }), ["state", "statectl"]],
  ["a restart, from the version before", SEF_INIT_RESTART, left(1, 40), ["state", "statectl"]],
  ["a live update", SEF_INIT_LU, left(2, { count: 40 }), ["state"]],
  ["a live update, where the state has its name", SEF_INIT_LU, left(2, { count: 40 }, nameNumber("counter")), ["state"]],
])("goes on from the old instance's state after %s", (_why, initType, old, expected) => {
  const harness = start(counter(), { initType, oldEndpoint: OLD, left: old });
  expect(initResults(harness)).toEqual([0]);
  expect(count(harness)).toBe(41);
  expect(calls).toEqual(expected);
});

it.each([
  ["there is no state", new Uint8Array(4096), spec],
  ["no migration leads from its version", left(7, 1), spec],
  ["it is the state of another service", left(2, { count: 1 }, nameNumber("abacus")), spec],
  ["the service keeps none", left(2, { count: 1 }), stateSpec<Counter>({ name: "counter", version: 2, saved: false })],
])("asks to be started anew where %s", (_why, old, state) => {
  const harness = start(counter({}, state), { initType: SEF_INIT_RESTART, oldEndpoint: OLD, left: old });
  expect(initResults(harness)).toEqual([errorCode("ERESTART")]);
  expect(harness.ended).toBe("kernel call exit");
});

it("gives up an update where no migration leads from the old version's state, or it is another service's, whatever the service would do without one", () => {
  const careless = counter({
    initLu: function* (_info, saved) {
      return ok(saved ?? { count: 0 });
    },
  });
  expect(initResults(start(careless, { initType: SEF_INIT_LU, oldEndpoint: OLD, left: left(2, { count: 1 }, nameNumber("abacus")) }))).toEqual([errorCode("ERESTART")]);
  expect(initResults(start(careless, { initType: SEF_INIT_LU, oldEndpoint: OLD, left: left(7, 1) }))).toEqual([errorCode("ERESTART")]);
  expect(initResults(start(careless, { initType: SEF_INIT_LU, oldEndpoint: OLD, left: new Uint8Array(4096) }))).toEqual([0]);
});

it("drops what RS sent to the instance that died, before its own request", () => {
  const harness = start(counter(), { initType: SEF_INIT_RESTART, oldEndpoint: OLD, left: left(2, { count: 1 }), beforeInit: [prepare(1)] });
  expect(initResults(harness)).toEqual([0]);
  expect(count(harness)).toBe(2);
});

it("reports a type of initialization that does not exist", () => {
  expect(initResults(start(counter(), { initType: 99 }))).toEqual([errorCode("EINVAL")]);
});

it("keeps the copy of the state that was consistent last, where the next instance finds it, however large it grows", () => {
  const harness = start({
    ...counter(),
    main: function* (): Program<never> {
      const state = yield* sefStartup(stateSpec<{ text: string }>({ name: "text", version: 3, saved: true }), {
        initFresh: function* () {
          return ok({ text: "" });
        },
      });
      for (;;) {
        yield* sefReceive();
        state.text += "0123456789".repeat(500);
      }
    },
  });
  const saved = (): { version: number; text: string } => {
    const at = new DataView(harness.memory.buffer, harness.grantTable.address).getUint32(8, true);
    const header = decodeHeader(harness.memory.subarray(at, at + HEADER_BYTES));
    if (header === null) throw new Error("there is no header");
    const state = readLog(harness.memory.subarray(at + header.start, at + header.start + header.room))?.state;
    return { version: header.version, text: (state as { text: string }).text };
  };
  expect(saved()).toEqual({ version: 3, text: "" });
  for (let times = 1; times <= 5; times++) {
    harness.send(TTY, newMessage(1));
    expect(saved().text).toHaveLength(times * 5000);
  }
  expect(harness.grantTable.entries).toBe(16);
});

it("gives signals of the kernel and of managers to the handler, and of no one else", () => {
  const signals: number[] = [];
  const harness = start(counter({
    signalHandler: function* (_state, signal) {
      signals.push(signal);
    },
  }));
  harness.notify(SYSTEM, (1 << SIGKSIGSM) | (1 << SIGTERM));
  const message = newMessage(0xe00);
  message[2] = SIGHUP;
  harness.send(PM, message);
  expect(signals).toEqual([SIGKSIGSM, SIGTERM, SIGHUP]);
  expect(harness.send(77777 as Endpoint, message).map(({ to }) => to)).toEqual([77777]); // to the service: a message like any other
  expect(signals).toHaveLength(3);
});

it("as a manager takes each process's signals, stops at the one that ends it, and frees those that go on", () => {
  const waiting = [[20, (1 << SIGHUP) | (1 << SIGTERM)], [21, (1 << 11) | (1 << SIGTERM)]] as [Endpoint, number][];
  const managed: [number, number][] = [];
  const ended: number[] = [];
  const harness = start(counter({
    signalManager: function* (_state, target, signal) {
      managed.push([target, signal]);
      return signal === 11 ? errorCode("EDEADEPT") : 0;
    },
  }), {
    kernel: {
      getksig: () => {
        const [process, signals] = waiting.shift() ?? [NONE, 0];
        return ok({ process, signals });
      },
      endksig: (_harness, { process }) => {
        ended.push(process);
        return ok({});
      },
    },
  });
  harness.notify(SYSTEM, 1 << SIGKSIG);
  expect(managed).toEqual([[20, SIGHUP], [20, SIGTERM], [21, 11]]);
  expect(ended).toEqual([20]);
});

/** RS for a service that is to be updated: takes the answer to RS_INIT at once, and gives others when the test says so. */
function rs(answers: (Message | null)[]): HarnessOptions {
  const partner: Partner = (message) => (messageType(message) === RS_LU_PREPARE ? (answers.shift() ?? null) : newMessage(0));
  return { partners: new Map([[RS, partner]]) };
}
const prepared = (harness: ServiceHarness): [number, number][] =>
  harness.sent.filter(({ how, message }) => how === SENDREC && messageType(message) === RS_LU_PREPARE).map(({ message }) => {
    const { state, result } = decodeRequest(rsContract.calls.luPrepare, message);
    return [state, result];
  });

it("says that it is ready for an update, and goes on where the update does not happen", () => {
  const harness = start(counter(), rs([newMessage(errorCode("ERESTART"))]));
  harness.send(RS, prepare(1));
  expect(prepared(harness)).toEqual([[1, 0]]);
  expect(count(harness)).toBe(1);
});

it("stays put until it is replaced, or the update is canceled", () => {
  const harness = start(counter(), rs([null]));
  harness.send(RS, prepare(1));
  harness.post(TTY, newMessage(1));
  harness.run();
  expect(harness.sent.filter(({ to }) => to === TTY)).toEqual([]);
  expect(harness.reply(RS, prepare(0)).map(({ to }) => to)).toEqual([TTY]); // the cancel message completes the wait
});

it("serves on until it is ready, asked again before each receive, and forgets about it when told to", () => {
  const changes: [number, number][] = [];
  let ready = errorCode("ENOTREADY");
  const harness = start(counter({
    luPrepare: function* () {
      return ready;
    },
    luStateChanged: function* (from, to) {
      changes.push([from, to]);
    },
  }), rs([newMessage(errorCode("EINTR"))]));
  harness.send(RS, prepare(2));
  expect(count(harness)).toBe(1);
  expect(prepared(harness)).toEqual([]);
  harness.send(RS, prepare(0));
  harness.send(RS, prepare(3));
  ready = 0;
  expect(count(harness)).toBe(2);
  expect(prepared(harness)).toEqual([[3, 0]]);
  expect(changes).toEqual([[0, 2], [2, 0], [0, 3], [3, 0]]);
});

it("refuses a state for update that it does not know", () => {
  const harness = start(counter(), rs([newMessage(0)]));
  harness.send(RS, prepare(17));
  expect(prepared(harness)).toMatchObject([[expect.any(Number), errorCode("EINVAL")]]);
});
