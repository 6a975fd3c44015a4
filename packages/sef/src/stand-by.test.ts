import { SEF_INIT_LU, SEF_INIT_RESTART } from "@procyon-os/contract-rs";
import { newMessage, NOTIFY, ok, RS, type Endpoint, type Message, type Program, type ServiceImage } from "@procyon-os/message";
import { ServiceHarness, standingBy } from "@procyon-os/service-harness";
import { notify } from "@procyon-os/syslib";
import fc from "fast-check";
import { expect, it } from "vitest";
import { changed, queueReply, sefReceive, sefStartup, stateSpec, withStateSpec, type SefCallbacks } from "./index.ts";

/** All that a state may have: entries that come and go, a list that may get another length, and the rest. */
interface Kept {
  readonly map: Map<number, { value: number; text: string }>;
  list: (number | undefined)[];
  count: number;
  note: string | null;
}

const spec = stateSpec<Kept>({ name: "keeper", version: 1, saved: true, parts: ["map", "list"], once: true });
const CLIENT = 40 as Endpoint;
const OLD = 555 as Endpoint;

type Step = readonly [what: "set" | "remove" | "list" | "length" | "note", key: number, value: number];
const names = ["set", "remove", "list", "length", "note"] as const;
const request = ([what, key, value]: Step): Message => Object.assign(newMessage(0x7000 + names.indexOf(what)), { 2: key, 3: value });

function change(state: Kept, type: number, key: number, value: number): void {
  state.count++;
  switch (names[type - 0x7000]) {
    case "set":
      state.map.set(key, { value, text: "x".repeat(value) });
      return changed("map", key);
    case "remove":
      state.map.delete(key);
      return changed("map", key);
    case "list":
      state.list[key % state.list.length] = value === 0 ? undefined : value;
      return changed("list", key % state.list.length);
    case "length":
      state.list = Array.from({ length: 1 + key }, (_, i) => value + i);
      return state.list.forEach((_, index) => changed("list", index));
    default:
      state.note = value === 0 ? null : String(value);
  }
}

/**
 * @param seen gets what the service begins with
 * @param getReady does what it can before
 */
function keeper(seen: unknown[] = [], getReady?: SefCallbacks<Kept>["getReady"]): ServiceImage {
  function* main(): Program<never> {
    const state = yield* sefStartup(spec, {
      ...(getReady === undefined ? {} : { getReady }),
      *initFresh() {
        return ok({ map: new Map(), list: [1, 2, 3], count: 0, note: null });
      },
    });
    seen.push(plain(state));
    for (;;) {
      const received = yield* sefReceive();
      const [, type, key, value] = received.message as unknown as [number, number, number, number];
      change(state, type, key, value);
      queueReply(received, newMessage(state.count));
    }
  }
  return { name: "keeper", version: "1.0.0", dataBytes: 512 * 1024, stackBytes: 4096, main };
}

/** What the next version makes of a state: it changes the entries that it gets, by what stands elsewhere in the state, and their order. */
function migrated(old: Kept): Kept {
  for (const entry of old.map.values()) entry.text = `${old.count % 2}${entry.text}`;
  const map = old.count % 3 === 0 ? new Map([...old.map].reverse()) : old.map;
  return { ...old, map, list: old.list.length % 2 === 0 ? [...old.list, old.count] : old.list };
}
const withMigration = (migrate: (old: Kept) => unknown) => (image: ServiceImage): ServiceImage =>
  withStateSpec(image, (one) => ({ ...one, version: 2, migrations: { 1: (old: never) => migrate(old) } }));
const nextShape = withMigration(migrated);

const plain = ({ map, list, count, note }: Kept): unknown => structuredClone({ map: [...map], list, count, note });

function run(harness: ServiceHarness, steps: readonly Step[], model: Kept): void {
  for (const step of steps) {
    harness.send(CLIENT, request(step));
    const [type, key, value] = request(step).slice(1, 4) as unknown as [number, number, number];
    change(model, type, key, value);
  }
}

/**
 * Runs a service, its new version beside it, that one alone, and one that takes over from it; gives the new version's harness.
 * @param shape makes a version with another shape of the state of one with this
 */
function update(
  before: readonly Step[], meanwhile: readonly Step[], after: readonly Step[], running: Endpoint | null = OLD, shape: ((image: ServiceImage) => ServiceImage) | null = null,
): { version: ServiceHarness; readyTraps: number } {
  let model: Kept = { map: new Map(), list: [1, 2, 3], count: 0, note: null };
  const next = (image: ServiceImage): ServiceImage => shape?.(image) ?? image;
  const old = new ServiceHarness(keeper());
  run(old, before, model);
  let readyTraps = -1;
  const seen: unknown[] = [];
  const version = new ServiceHarness(next(keeper(seen)), {
    kernel: standingBy(running), initType: SEF_INIT_LU, oldEndpoint: OLD, predecessor: old,
    onSend: ({ how, to }, { traps }) => {
      if (how !== NOTIFY || to !== RS || readyTraps >= 0) return;
      readyTraps = traps;
      run(old, meanwhile, model);
    },
  });
  expect(version.ended).toBeNull();
  if (shape !== null) model = migrated(model);
  expect(seen).toEqual([plain(model)]);
  const untilStarted = version.traps;
  run(version, after, model);
  const successor = new ServiceHarness(next(keeper(seen)), { initType: SEF_INIT_RESTART, oldEndpoint: OLD, predecessor: version });
  expect(successor.ended).toBeNull();
  expect(seen[1]).toEqual(plain(model));
  return { version, readyTraps: untilStarted - readyTraps };
}

const step = fc.tuple(fc.constantFrom(...names), fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 120 }));
const stepList = fc.array(step, { maxLength: 30 });

it("[S07] begins with the state as the old version left it, whatever was read of it before, and leaves it to the next", () => {
  fc.assert(fc.property(stepList, stepList, stepList, fc.boolean(), (before, meanwhile, after, mayRead) => void update(before, meanwhile, after, mayRead ? OLD : null)), { numRuns: 60 });
});

it("[S07] begins with the state in its own shape, and saves all that its migration makes of it, though most was read and saved before", () => {
  fc.assert(fc.property(stepList, stepList, stepList, (before, meanwhile, after) => void update(before, meanwhile, after, OLD, nextShape)), { numRuns: 60 });
}, 30_000);

it("has little left to do where its migration leaves most entries as they are", () => {
  const old = new ServiceHarness(keeper());
  const model: Kept = { map: new Map(), list: [1, 2, 3], count: 0, note: null };
  run(old, Array.from({ length: 400 }, (_, i): Step => ["set", i, 100]), model);
  const traps = [OLD, null].map((running) => {
    let ready = 0;
    const version = new ServiceHarness(withMigration((state) => ({ ...state, more: 1 }))(keeper()), {
      kernel: standingBy(running), initType: SEF_INIT_LU, oldEndpoint: OLD, predecessor: old, onSend: ({ how }, { traps: made }) => void (how === NOTIFY && (ready = made)),
    });
    return version.traps - ready;
  });
  expect(traps[0]).toBeLessThan((traps[1] as number) - 2);
});

it("[S07] keeps the order of a map where an entry goes and comes again while the new version stands by", () => {
  update([["set", 1, 1], ["set", 2, 2]], [["remove", 1, 0], ["set", 1, 1]], []);
});

it("reads all of the state where another log was begun meanwhile, even one in the same place", () => {
  const many = Array.from({ length: 300 }, (_, i): Step => ["set", i % 3, 50 + (i % 60)]);
  for (const length of [20, 40, 80, 120, 160, 300]) update(many.slice(0, 30), many.slice(30, length), [["set", 9, 9]]);
});

it("has little left to do when its place is free, however large the state is", () => {
  const entries = (count: number): Step[] => Array.from({ length: count }, (_, i) => ["set", i, 100]);
  const small = update(entries(2), [["set", 1, 7]], []);
  const large = update(entries(400), [["set", 1, 7]], []);
  expect(large.readyTraps).toBe(small.readyTraps);
  expect(small.readyTraps).toBe(8); // header and log come with one call
  expect(update(entries(400), [], [], null).readyTraps).toBeGreaterThan(large.readyTraps);
});

it("does without where nobody says whose new version it is, or that one's state cannot be read", () => {
  update([["set", 1, 1]], [["set", 2, 2]], [["set", 3, 3]], null);
  update([["set", 1, 1]], [["set", 2, 2]], [["set", 3, 3]], 77 as Endpoint);
});

it("gets ready with the state as it was, and with what it is told of the old one, while the old version serves", () => {
  const old = new ServiceHarness(keeper());
  const model: Kept = { map: new Map(), list: [1, 2, 3], count: 0, note: null };
  run(old, [["set", 1, 1]], model);
  const ready: unknown[] = [];
  const events: string[] = [];
  const getReady: SefCallbacks<Kept>["getReady"] = function* (ahead, { from, received }) {
    ready.push(plain(ahead), from, received);
    events.push("got ready");
    yield* notify(CLIENT);
  };
  const version = new ServiceHarness(keeper([], getReady), {
    kernel: standingBy(OLD), initType: SEF_INIT_LU, oldEndpoint: OLD, predecessor: old, onSend: ({ to }) => void events.push(to === RS ? "to RS" : "to a client"),
  });
  expect(version.ended).toBeNull();
  expect(ready).toEqual([plain(model), OLD, 1]);
  expect(events.slice(0, 3)).toEqual(["got ready", "to a client", "to RS"]);
  expect(new ServiceHarness(keeper([], getReady)).ended).toBeNull(); // a fresh start has nothing to get ready for
  expect(ready).toHaveLength(3);
});
