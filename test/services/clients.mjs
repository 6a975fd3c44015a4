// Services that tests start with `service up`: a counter in two versions, a client of it, and a client of DS. Each client checks
// every answer and says at its end what it has seen.
import { call, CLOCK, fail, isNotify, m1, messageSource, ok, protocol, SIGTERM, u32 } from "@procyon-os/message";
import { DSF_OVERWRITE } from "@procyon-os/contract-ds";
import { dumpKey, isContract } from "@procyon-os/contract-is";
import { queueReply, sefReceive, sefStartup, stateSpec } from "@procyon-os/sef";
import { client, dispatch, dsPublishText, dsPublishU32, dsRetrieveLabelEndpoint, dsRetrieveText, dsRetrieveU32, dsDeleteU32, dsCopyMap, dsPublishMap, dsSnapshotMap, exit, kernel, load, mapMemory, printf, store32 } from "@procyon-os/syslib";

export const counterContract = protocol({
  name: "counter", version: "1.0.0", base: 0x7000,
  calls: {
    add: call(0, {
      about: "Adds to the count and gives the sum.", request: { amount: m1.i1(u32) }, reply: { count: m1.i1(u32) }, repeatable: false,
      errors: { EDOM: "the amount is zero" },
    }),
  },
});

const sumOf = (state) => (state.added === undefined ? state.count : state.before + state.added.reduce((sum, amount) => sum + amount, 0));

/** The counter: version 1 keeps a number, version 2 a list (of the last 50) and the sum before. Migrations lead both ways. */
export function counter(version, options = {}) {
  const spec = stateSpec({
    name: "counter", version: options.stateVersion ?? version, saved: true, once: true,
    migrations: version === 2 ? { 1: ({ count }) => ({ before: count, added: [] }) } : { 2: (state) => ({ count: sumOf(state) }) },
    ...options.spec,
  });
  const handlers = {
    *add(state, _caller, { amount }) {
      if (amount === 0) return fail("EDOM");
      if (version === 1) state.count += amount;
      else {
        state.added.push(amount);
        if (state.added.length > 50) state.before += state.added.shift();
      }
      return ok({ count: sumOf(state) });
    },
  };
  function* main(args) {
    if (options.start !== undefined) yield* options.start(args);
    const fresh = version === 1 ? { count: 0 } : { before: 0, added: [] };
    const state = yield* sefStartup(spec, { *initFresh() { return ok(fresh); }, ...options.callbacks });
    yield* printf(`counter ${version} starts at ${sumOf(state)}\n`);
    for (;;) {
      const received = yield* sefReceive();
      if (received.result !== 0 || isNotify(received.status)) continue;
      const answer = yield* dispatch(counterContract, handlers, state, received);
      if (answer !== null) queueReply(received, answer);
    }
  }
  return { name: "counter", version: `${version}.${options.minor ?? 0}.0`, dataBytes: 64 * 1024, stackBytes: 16 * 1024, contract: counterContract, main };
}

/** What each client has seen so far, by its name: the test looks into it without asking. */
export const seenBy = new Map();

/** A client that works once a tick (or more often) until it is told to end, and then prints `NAME: done N wrong M lost K`. */
function worker(name, work, times = 1) {
  const spec = stateSpec({ name, version: 1, saved: false });
  function* main() {
    const seen = { done: 0, wrong: 0, lost: 0, first: "", sum: null, errors: [] };
    seenBy.set(name, seen);
    const say = (text) => printf(`${name}: ${text}\n`);
    yield* sefStartup(spec, {
      *initFresh() { return ok(null); },
      *signalHandler(_state, signal) {
        if (signal !== SIGTERM) return;
        yield* say(`done ${seen.done} wrong ${seen.wrong} lost ${seen.lost} ${seen.first}`);
        yield* exit();
      },
    });
    for (;;) {
      yield* kernel.setalarm({ expiresAt: 1, absolute: false });
      for (;;) {
        const received = yield* sefReceive();
        if (received.result === 0 && isNotify(received.status) && messageSource(received.message) === CLOCK) break;
      }
      for (let i = 0; i < times; i++) yield* work(seen);
    }
  }
  return { name, version: "1.0.0", dataBytes: 64 * 1024, stackBytes: 16 * 1024, main };
}

const note = (seen, kind, text) => {
  seen[kind]++;
  seen.errors.push(text);
  if (seen.first === "") seen.first = text;
};

/** Publishes, reads back, overwrites and deletes. */
const dsWork = (prefix) => function* (seen) {
  const number = seen.done;
  const expectSame = (what, found, value) => {
    if (!found.ok) note(seen, "lost", `${what} ${found.error}`);
    else if (found.value !== value) note(seen, "wrong", `${what} ${found.value} instead of ${value}`);
  };
  // What is not repeatable in the contract says that DS died over it: DS did it or did not, and once more settles it.
  const twice = function* (what, act, unless) {
    const result = yield* act();
    if (result.ok) return;
    note(seen, "lost", `${what} ${result.error}`);
    const again = yield* act();
    if (!again.ok && again.error !== unless) note(seen, "wrong", `${what} again ${again.error}`);
  };
  if (number > 0) expectSame("number", yield* dsRetrieveU32(`${prefix}.number`), number - 1);
  yield* twice("publish", () => dsPublishU32(`${prefix}.number`, number, DSF_OVERWRITE));
  const text = `text ${number} ${"x".repeat(number % 300)}`;
  yield* twice("publish text", () => dsPublishText(`${prefix}.text`, text, DSF_OVERWRITE));
  expectSame("text", yield* dsRetrieveText(`${prefix}.text`), text);
  yield* twice("publish other", () => dsPublishU32(`${prefix}.other`, number), "EEXIST");
  yield* twice("delete", () => dsDeleteU32(`${prefix}.other`), "ESRCH");
  seen.done++;
};
export const dsClient = worker("dsclient", dsWork("load"));
/** The same, as often as it can. */
export const dsBusy = worker("dsbusy", dsWork("busy"), 20);

/** Publishes memory, takes snapshots of it, and maps it: what it writes must be what it reads. */
export const dsMapper = worker("dsmapper", function* (seen) {
  const number = seen.done + 1;
  seen.mine ??= yield* mapMemory(4096);
  const right = (what, result, value = result.value) => {
    if (!result.ok) note(seen, "lost", `${what} ${result.error}`);
    else if (value !== number) note(seen, "wrong", `${what} ${value} instead of ${number}`);
  };
  yield* store32(seen.mine, number);
  if (seen.done === 0) yield* dsPublishMap("load.map", seen.mine, 4096);
  const taken = yield* dsSnapshotMap("load.map");
  if (!taken.ok) note(seen, "lost", `snapshot ${taken.error}`);
  else {
    const copy = yield* dsCopyMap("load.map", 4, taken.value);
    right("snapshot", copy, copy.ok ? new DataView(copy.value.buffer, copy.value.byteOffset).getInt32(0, true) : 0);
  }
  const now = yield* dsCopyMap("load.map", 4);
  right("map", now, now.ok ? new DataView(now.value.buffer, now.value.byteOffset).getInt32(0, true) : 0);
  seen.done++;
});

/** Adds one several times and compares every sum with its own. */
export const counterClient = worker("adder", function* (seen) {
  const found = yield* dsRetrieveLabelEndpoint("counter");
  if (!found.ok) return;
  const counters = client(counterContract, found.value);
  for (let i = 0; i < 5; i++) {
    const sum = yield* counters.add({ amount: 1 });
    if (!sum.ok) {
      note(seen, "lost", `add ${sum.error}`);
      seen.doubt = (seen.doubt ?? 0) + 1; // done or not done
      continue;
    }
    seen.sum ??= sum.value.count - 1;
    const most = seen.sum + 1 + (seen.doubt ?? 0);
    if (sum.value.count <= seen.sum || sum.value.count > most) note(seen, "wrong", `sum ${sum.value.count} instead of ${most}`);
    seen.sum = sum.value.count;
    seen.doubt = 0;
    seen.done++;
  }
});

const tableKeys = [[3], [1, true], [3, true], [4, true], [6, true], [8, true]];

/** Asks IS for one dump after another; each must be whole: a title, a heading, lines, and no table that a server did not give. */
export const dumper = worker("dumper", function* (seen) {
  const found = yield* dsRetrieveLabelEndpoint("is");
  if (!found.ok) return;
  seen.buffer ??= yield* mapMemory(32 * 1024);
  const [key, shift] = tableKeys[seen.done % tableKeys.length];
  const got = yield* client(isContract, found.value).dump({ key: dumpKey(key, shift), from: 0, size: 32 * 1024, where: seen.buffer });
  if (!got.ok) return void note(seen, "lost", `dump ${got.error}`);
  const text = String.fromCharCode(...(yield* load(seen.buffer, got.value.bytes)));
  if (!/^(Shift\+)?F\d+: .*\n.*\n.*\n/.test(text) || got.value.next !== 0) note(seen, "wrong", `dump ${key}: ${text.slice(0, 80)}`);
  seen.done++;
});

/** The files that start these services: `service up /test/NAME -config /test/test.conf`. */
export const clientFiles = {
  ...Object.fromEntries(["dsclient", "dsbusy", "dsmapper", "adder", "dumper"].map((name) => [`/test/${name}`, `#!hosted ${name}\n`])),
  "/test/counter": "#!hosted counter@1.0.0\n",
  "/test/test.conf": "service dsclient { uid 0; };\nservice dsbusy { uid 0; };\nservice dsmapper { uid 0; };\nservice adder { uid 0; };\nservice dumper { uid 0; };\nservice counter { uid 0; };\n",
};
