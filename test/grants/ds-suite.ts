import { ok, type Program, type ServiceImage } from "@procyon-os/message";
import { sefReceive, sefStartup, stateSpec } from "@procyon-os/sef";
import {
  dsCopyMap, dsDeleteMap, dsDeleteMemory, dsDeleteText, dsDeleteU32, dsPublishLabel, dsPublishMap, dsPublishMemory, dsPublishText, dsPublishU32,
  dsRetrieveLabelEndpoint, dsRetrieveLabelName, dsRetrieveMap, dsRetrieveMemory, dsRetrieveText, dsRetrieveU32, dsSnapshotMap, load32, mapMemory,
  printf, store32, askWhoami,
} from "@procyon-os/syslib";

type Outcome = { readonly ok: boolean; readonly value?: unknown; readonly error?: string };
const PAGE = 4096;

function* expect(what: string, got: Outcome | number | string | undefined, wanted: unknown): Program<void> {
  const seen = typeof got !== "object" ? got : got.ok ? (typeof got.value === "object" && !(got.value instanceof Uint8Array) ? "ok" : got.value) : got.error;
  const text = (value: unknown): string => (value instanceof Uint8Array ? String.fromCharCode(...value) : String(value));
  if (text(seen) !== text(wanted)) yield* printf(`DSTEST: FAIL ${what}: ${text(seen)} instead of ${text(wanted)}\n`);
}

function* u32(): Program<void> {
  yield* expect("publish", yield* dsPublishU32("test_u32", 1234), "ok");
  yield* expect("retrieve", yield* dsRetrieveU32("test_u32"), 1234);
  yield* expect("publish again", yield* dsPublishU32("test_u32", 4321), "EEXIST");
  yield* expect("overwrite", yield* dsPublishU32("test_u32", 4321, 0x1000), "ok");
  yield* expect("retrieve", yield* dsRetrieveU32("test_u32"), 4321);
  yield* expect("delete", yield* dsDeleteU32("test_u32"), "ok");
  yield* expect("gone", yield* dsRetrieveU32("test_u32"), "ESRCH");
}

function* text(): Program<void> {
  yield* expect("publish", yield* dsPublishText("test_str", "little"), "ok");
  yield* expect("retrieve", yield* dsRetrieveText("test_str", 16), "little");
  yield* dsDeleteText("test_str");
  yield* dsPublishText("test_str", "01234567890123456789");
  yield* expect("truncated", yield* dsRetrieveText("test_str", 16), "0123456789012345");
  yield* expect("delete", yield* dsDeleteText("test_str"), "ok");
}

function* memory(): Program<void> {
  const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(65);
  yield* expect("publish", yield* dsPublishMemory("test_mem", bytes(21)), "ok");
  yield* expect("retrieve", yield* dsRetrieveMemory("test_mem", 64), bytes(21));
  yield* expect("retrieve less", yield* dsRetrieveMemory("test_mem", 8), bytes(8));
  yield* expect("overwrite", yield* dsPublishMemory("test_mem", bytes(35), 0x1000), "ok");
  yield* expect("retrieve", yield* dsRetrieveMemory("test_mem", 64), bytes(35));
  yield* expect("delete", yield* dsDeleteMemory("test_mem"), "ok");
}

function* map(): Program<void> {
  const [mine, seen] = [yield* mapMemory(PAGE), yield* mapMemory(PAGE)] as [number, number];
  const first = function* (number: number | null): Program<Outcome> {
    const copy = yield* dsCopyMap("test_map", PAGE, number);
    return copy.ok ? { ok: true, value: copy.value[0] } : copy;
  };
  yield* store32(mine, 1);
  yield* expect("publish", yield* dsPublishMap("test_map", mine, PAGE), "ok");
  yield* expect("snapshot", yield* dsSnapshotMap("test_map"), 0);
  yield* store32(mine, 2);
  yield* expect("copy", yield* first(null), 2);
  yield* expect("copy of the snapshot", yield* first(0), 1);
  yield* expect("map", yield* dsRetrieveMap("test_map", seen, PAGE), PAGE);
  yield* store32(mine, 3);
  yield* expect("through the map", yield* load32(seen), 3);
  for (let number = 1; number <= 6; number++) {
    yield* store32(mine, 10 + number);
    yield* expect("snapshot", yield* dsSnapshotMap("test_map"), number);
  }
  yield* expect("the oldest that is kept", yield* first(2), 12);
  yield* expect("the newest", yield* first(6), 16);
  yield* expect("one that is gone", yield* first(1), "EINVAL");
  yield* expect("one that is not yet", yield* first(7), "EINVAL");
  yield* expect("a second", yield* dsPublishMap("test_map", mine, PAGE), "EEXIST");
  yield* expect("delete", yield* dsDeleteMap("test_map"), "ok");
  yield* store32(mine, 99);
  yield* expect("what the other keeps", yield* load32(seen), 16);
  yield* expect("gone", yield* first(null), "ESRCH");
}

function* label(): Program<void> {
  const self = yield* askWhoami();
  const name = yield* dsRetrieveLabelName(self.endpoint);
  yield* expect("name", name, "dstest");
  yield* expect("endpoint", yield* dsRetrieveLabelEndpoint("dstest"), self.endpoint);
  yield* expect("publish", yield* dsPublishLabel("dstest", self.endpoint), "EPERM");
}

/** The ds suite (reference/rs-sef-ds-syslib.md 7.4) as a hosted service. */
export const dstest: ServiceImage = {
  name: "@procyon-os/dstest", version: "1.0.0", dataBytes: 64 * 1024, stackBytes: 8192,
  *main() {
    yield* sefStartup(stateSpec<object>({ name: "dstest", version: 1, saved: false }), { initFresh: function* () { return ok({}); } });
    for (const [name, suite] of Object.entries({ U32: u32, STR: text, MEM: memory, MAP: map, LABEL: label })) {
      yield* suite();
      yield* printf(`DSTEST: ${name} test done\n`);
    }
    for (;;) yield* sefReceive();
  },
};
