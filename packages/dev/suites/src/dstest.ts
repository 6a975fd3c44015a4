import { DSF_OVERWRITE } from "@procyon-os/contract-ds";
import { errorCode, type Program, type Result } from "@procyon-os/message";
import {
  dsCopyMap, dsDeleteLabel, dsDeleteMap, dsDeleteMemory, dsDeleteText, dsDeleteU32, dsPublishLabel, dsPublishMap, dsPublishMemory, dsPublishText,
  dsPublishU32, dsRetrieveLabelEndpoint, dsRetrieveLabelName, dsRetrieveMap, dsRetrieveMemory, dsRetrieveText, dsRetrieveU32, dsSnapshotMap, load32,
  store32, textBytes,
} from "@procyon-os/syslib";
import { BYTES, codeOf, PAGE, pages, pattern, sumOf } from "./memory.ts";
import { ask, askEnd, askValue, check, conclude, OP, step, type Suite } from "./suite.ts";

const EEXIST = errorCode("EEXIST");
const EINVAL = errorCode("EINVAL");
const ENOENT = errorCode("ENOENT");
const ESRCH = errorCode("ESRCH");
const EPERM = errorCode("EPERM");

/** The number in a result, or its error. */
const numberOf = (result: Result<number>): number => (result.ok ? result.value : codeOf(result));
const heard = (suite: Suite, later = 0): Program<number> => askValue(suite, OP.CHECK, later);

function* u32(suite: Suite): Program<void> {
  yield* check(suite, "publish", codeOf(yield* dsPublishU32("test_u32", 1234)), 0);
  yield* check(suite, "value", numberOf(yield* dsRetrieveU32("test_u32")), 1234);
  yield* check(suite, "the subscriber hears", yield* heard(suite), 1234);
  yield* check(suite, "publish again", codeOf(yield* dsPublishU32("test_u32", 4321)), EEXIST);
  yield* check(suite, "overwrite", codeOf(yield* dsPublishU32("test_u32", 4321, DSF_OVERWRITE)), 0);
  yield* check(suite, "value", numberOf(yield* dsRetrieveU32("test_u32")), 4321);
  yield* check(suite, "the subscriber hears", yield* heard(suite), 4321);
  yield* check(suite, "another key", codeOf(yield* dsPublishU32("a_test_u32", 1)), 0);
  yield* check(suite, "of which it does not", yield* heard(suite, 1), ENOENT);
  yield* check(suite, "delete", codeOf(yield* dsDeleteU32("a_test_u32")), 0);
  yield* check(suite, "delete", codeOf(yield* dsDeleteU32("test_u32")), 0);
  yield* check(suite, "the subscriber is told", yield* heard(suite), ENOENT);
  yield* check(suite, "gone", codeOf(yield* dsRetrieveU32("test_u32")), ESRCH);
}

function* str(suite: Suite): Program<void> {
  const text = function* (what: string, wanted: string): Program<void> {
    const got = yield* dsRetrieveText("test_str", 16);
    yield* check(suite, what, got.ok && got.value === wanted ? 0 : -1, 0);
  };
  yield* check(suite, "publish", codeOf(yield* dsPublishText("test_str", "little")), 0);
  yield* text("text", "little");
  yield* check(suite, "the subscriber hears", yield* heard(suite), sumOf(textBytes("little")));
  yield* check(suite, "delete", codeOf(yield* dsDeleteText("test_str")), 0);
  yield* check(suite, "publish long", codeOf(yield* dsPublishText("test_str", "01234567890123456789")), 0);
  yield* text("truncated", "0123456789012345");
  yield* check(suite, "delete", codeOf(yield* dsDeleteText("test_str")), 0);
  yield* heard(suite);
}

function* mem(suite: Suite): Program<void> {
  const bytes = pattern(35, 65);
  const memory = function* (room: number, length: number): Program<void> {
    const got = yield* dsRetrieveMemory("test_mem", room);
    yield* check(suite, "length", got.ok ? got.value.length : codeOf(got), length);
    yield* check(suite, "bytes", got.ok ? sumOf(got.value) : -1, sumOf(bytes.subarray(0, length)));
  };
  yield* check(suite, "publish", codeOf(yield* dsPublishMemory("test_mem", bytes.subarray(0, 21))), 0);
  yield* memory(64, 21);
  yield* memory(8, 8);
  yield* check(suite, "overwrite", codeOf(yield* dsPublishMemory("test_mem", bytes, DSF_OVERWRITE)), 0);
  yield* memory(64, 35);
  yield* check(suite, "the subscriber hears", yield* heard(suite), sumOf(bytes));
  yield* check(suite, "delete", codeOf(yield* dsDeleteMemory("test_mem")), 0);
}

/** The first word of the entry, as it is now or as a snapshot has it. */
function* first(snapshot: number | null): Program<number> {
  const copy = yield* dsCopyMap("test_map", PAGE, snapshot);
  return copy.ok ? new DataView(copy.value.buffer, copy.value.byteOffset).getInt32(0, true) : codeOf(copy);
}

/** What the library refuses to grant, it throws. */
function* publishAt(address: number): Program<number> {
  try {
    return codeOf(yield* dsPublishMap("test_map", address, PAGE));
  } catch {
    return EINVAL;
  }
}

function* map(suite: Suite): Program<void> {
  const mine = suite.buf;
  const seen = suite.buf + PAGE;
  yield* store32(mine, 1);
  yield* check(suite, "not aligned", yield* publishAt(mine + 8), EINVAL);
  yield* check(suite, "publish", yield* publishAt(mine), 0);
  yield* check(suite, "snapshot", numberOf(yield* dsSnapshotMap("test_map")), 0);
  yield* store32(mine, 2);
  yield* check(suite, "copy", yield* first(null), 2);
  yield* check(suite, "copy of the snapshot", yield* first(0), 1);
  yield* check(suite, "map", numberOf(yield* dsRetrieveMap("test_map", seen, PAGE)), PAGE);
  yield* store32(mine, 3);
  yield* check(suite, "through the map", yield* load32(seen), 3);
  yield* check(suite, "the subscriber maps", yield* askValue(suite, OP.RETRIEVE), 3);
  yield* store32(mine, 4);
  yield* check(suite, "and sees", yield* askValue(suite, OP.PEEK), 4);
  for (let number = 1; number <= 6; number++) {
    yield* store32(mine, 10 + number);
    yield* check(suite, "snapshot", numberOf(yield* dsSnapshotMap("test_map")), number);
  }
  yield* check(suite, "the oldest that is kept", yield* first(2), 12);
  yield* check(suite, "the newest", yield* first(6), 16);
  yield* check(suite, "one that is gone", yield* first(1), EINVAL);
  yield* check(suite, "one that is not yet", yield* first(7), EINVAL);
  yield* check(suite, "a second", yield* publishAt(mine), EEXIST);
  yield* check(suite, "delete", codeOf(yield* dsDeleteMap("test_map")), 0);
  yield* store32(mine, 99);
  yield* check(suite, "what is kept", yield* load32(seen), 16);
  yield* check(suite, "what the subscriber keeps", yield* askValue(suite, OP.PEEK), 16);
  yield* check(suite, "gone", yield* first(null), ESRCH);
  yield* heard(suite);
}

function* label(suite: Suite): Program<void> {
  const name = yield* dsRetrieveLabelName(suite.self);
  yield* check(suite, "name", codeOf(name), 0);
  if (!name.ok) return;
  yield* check(suite, "endpoint", numberOf(yield* dsRetrieveLabelEndpoint(name.value)), suite.self);
  yield* check(suite, "publish", codeOf(yield* dsPublishLabel(name.value, suite.self)), EPERM);
  yield* check(suite, "delete", codeOf(yield* dsDeleteLabel(name.value)), EPERM);
}

function* patterns(suite: Suite): Program<void> {
  yield* check(suite, "a bad pattern", yield* ask(suite, OP.SUBSCRIBE, 1), EINVAL);
  yield* check(suite, "a second subscription", yield* ask(suite, OP.SUBSCRIBE, 2), EEXIST);
  yield* check(suite, "publish", codeOf(yield* dsPublishU32("test_initial", 5)), 0);
  yield* check(suite, "what matches already", yield* ask(suite, OP.SUBSCRIBE, 3), 0);
  yield* check(suite, "the subscriber hears", yield* heard(suite), 5);
  yield* check(suite, "nothing more", yield* heard(suite, 1), ENOENT);
  yield* check(suite, "delete", codeOf(yield* dsDeleteU32("test_initial")), 0);
  for (const [name, value] of [["test_one", 1], ["test_two", 2]] as const) yield* check(suite, name, codeOf(yield* dsPublishU32(name, value)), 0);
  yield* check(suite, "the first", yield* heard(suite), 1);
  yield* check(suite, "the second", yield* heard(suite, 1), 2);
  for (const name of ["test_one", "test_two"]) yield* check(suite, "delete", codeOf(yield* dsDeleteU32(name)), 0);
}

/** The publisher of the ds suite: reference/rs-sef-ds-syslib.md 7.4. */
export function* dstest(suite: Suite): Program<never> {
  suite.buf = yield* pages(BYTES);
  yield* check(suite, "subscribe", yield* ask(suite, OP.SUBSCRIBE, 0), 0);
  for (const [name, body] of Object.entries({ U32: u32, STR: str, MEM: mem, MAP: map, LABEL: label, SUBSCRIBE: patterns })) {
    yield* step(suite, name, () => body(suite));
  }
  yield* askEnd(suite);
  return yield* conclude(suite);
}
