import { CPF_MAP, CPF_READ, grantSlot, memRange, SYS_PRIV_ADD_MEM, SYS_PRIV_QUERY_MEM } from "@procyon-os/contract-kernel";
import { ANY, DS, type Endpoint, errorCode, type GrantId, ok, type Program, type Result, SELF, TTY } from "@procyon-os/message";
import {
  allocate, disableGrant, grantDirect, grantIndirect, grantMagic, kernel, lookUpGrant, reserveGrant, revoke, setGrantDirect, setGrantIndirect,
  setGrantMagic, store, vm,
} from "@procyon-os/syslib";
import { copyFrom } from "./copying.ts";
import { BYTES, codeOf, PAGE, pages, pattern, peek, poke } from "./memory.ts";
import { check, conclude, step, type Suite } from "./suite.ts";

const MANY = 300;
const SCREEN = 0xb8000; // physical memory that nobody uses here
const EPERM = errorCode("EPERM");

/** The byte behind a grant of ours, as the kernel gives it to us, or its error. */
function* readThrough({ self, spare }: Suite, grant: GrantId): Program<number> {
  const result = yield* copyFrom(self, grant, 0, spare, 1);
  return result !== 0 ? result : yield* peek(spare);
}

/** 0, or EINVAL where the library refuses, which it does by throwing. */
function* refused(making: Program<unknown>): Program<number> {
  try {
    yield* making;
    return 0;
  } catch {
    return errorCode("EINVAL");
  }
}

const byteAt = (i: number): number => pattern(i + 1, 0)[i] as number;

function* createAndGrow(suite: Suite, ids: GrantId[]): Program<void> {
  yield* store(suite.buf, pattern(BYTES, 0));
  for (let i = 0; i < MANY; i++) {
    ids.push(yield* grantDirect(suite.self, suite.buf + i, 1, CPF_READ));
    for (let old = 0; old < i; old += 17) yield* check(suite, "one that was there", yield* readThrough(suite, ids[old] as GrantId), byteAt(old));
  }
  for (const [i, id] of ids.entries()) yield* check(suite, "what it stands for", yield* readThrough(suite, id), byteAt(i));
}

function* lookUp(suite: Suite, ids: GrantId[]): Program<void> {
  const { self, buf } = suite;
  const one = ids[7] as GrantId;
  const direct = yield* lookUpGrant(one);
  yield* check(suite, "to us", direct?.kind === "direct" ? direct.to : 0, self);
  yield* check(suite, "what of ours", direct?.kind === "direct" ? direct.start : 0, buf + 7);
  const magic = yield* grantMagic(DS, TTY, buf, 10, CPF_READ);
  const found = yield* lookUpGrant(magic);
  yield* check(suite, "of whom", found?.kind === "magic" ? found.from : 0, TTY);
  yield* check(suite, "to whom", found?.kind === "magic" ? found.to : 0, DS);
  const indirect = yield* grantIndirect(self, self, one);
  yield* check(suite, "indirect", (yield* lookUpGrant(indirect))?.kind === "indirect" ? 1 : 0, 1);
  yield* check(suite, "and good", yield* readThrough(suite, indirect), byteAt(7));
  for (const none of [99999, -5]) yield* check(suite, "none", (yield* lookUpGrant(none as GrantId)) === null ? 1 : 0, 1);
  for (const each of [magic, indirect]) yield* check(suite, "revoke", codeOf(yield* revoke(each)), 0);
  yield* check(suite, "gone", (yield* lookUpGrant(magic)) === null ? 1 : 0, 1);
}

function* set(suite: Suite): Program<void> {
  const { self, buf } = suite;
  const [one, two] = [yield* reserveGrant(), yield* reserveGrant()];
  const means = function* (what: string, id: GrantId, wanted: number): Program<void> {
    yield* check(suite, what, yield* readThrough(suite, id), wanted);
  };
  yield* means("means nothing yet", one, EPERM);
  yield* setGrantDirect(one, self, buf + 50, 1, CPF_READ);
  yield* means("means that", one, byteAt(50));
  yield* setGrantDirect(one, self, buf + 60, 1, CPF_READ);
  yield* means("means this", one, byteAt(60));
  yield* setGrantIndirect(two, self, self, one);
  yield* means("means the same", two, byteAt(60));
  yield* disableGrant(one);
  yield* means("means nothing", one, EPERM);
  yield* means("nor does that", two, EPERM);
  yield* setGrantMagic(one, self, self, buf, 1, CPF_READ);
  yield* means("is VFS's", one, EPERM);
  for (const each of [one, two]) yield* check(suite, "revoke", codeOf(yield* revoke(each)), 0);
  yield* check(suite, "set what is gone", yield* refused(setGrantDirect(one, self, buf, 1, CPF_READ)), errorCode("EINVAL"));
}

function* align(suite: Suite, ids: GrantId[]): Program<void> {
  const { self, buf } = suite;
  const wrong = {
    address: grantDirect(ANY, buf + 4, PAGE, CPF_READ | CPF_MAP), length: grantDirect(ANY, buf, PAGE - 1, CPF_READ | CPF_MAP),
    magic: grantMagic(ANY, self, buf + 1, PAGE, CPF_MAP), set: setGrantDirect(ids[3] as GrantId, ANY, buf, 5, CPF_READ | CPF_MAP),
    "no rights": grantDirect(ANY, buf, 1, 0), "other rights": grantDirect(ANY, buf, 1, CPF_READ | 8),
  };
  for (const [what, making] of Object.entries(wrong)) yield* check(suite, what, yield* refused(making as Program<unknown>), errorCode("EINVAL"));
  yield* check(suite, "what was there stays", yield* readThrough(suite, ids[3] as GrantId), byteAt(3));
  const whole = yield* grantDirect(self, buf, PAGE, CPF_READ | CPF_MAP);
  yield* check(suite, "a whole page", yield* readThrough(suite, whole), byteAt(0));
  yield* check(suite, "revoke", codeOf(yield* revoke(whole)), 0);
}

function* revoked(suite: Suite, ids: GrantId[]): Program<void> {
  const EINVAL = errorCode("EINVAL");
  for (const [i, old] of ids.entries()) {
    yield* check(suite, "revoke", codeOf(yield* revoke(old)), 0);
    yield* check(suite, "revoke again", codeOf(yield* revoke(old)), EINVAL);
    const id = yield* grantDirect(suite.self, suite.buf + i + 1, 1, CPF_READ);
    ids[i] = id;
    yield* check(suite, "another id", id !== old ? 1 : 0, 1);
    yield* check(suite, "in the same place", grantSlot(id), grantSlot(old));
    yield* check(suite, "the old one is refused", yield* readThrough(suite, old), EPERM);
    yield* check(suite, "the new one is good", yield* readThrough(suite, id), byteAt(i + 1));
  }
  for (const id of ids) yield* check(suite, "revoke", codeOf(yield* revoke(id)), 0);
  for (const id of ids) yield* check(suite, "refused", yield* readThrough(suite, id), EPERM);
}

/** Physical memory is no grant, but the kernel's to allow as well: what RS, or we as we may, have put on our list. */
function* physical(suite: Suite): Program<void> {
  const { self, spare } = suite;
  const mayMap = function* (what: string, wanted: number, start: number, length: number): Program<void> {
    const asked = yield* kernel.privctl({ process: self, request: SYS_PRIV_QUERY_MEM, argument: 0 as never, physStart: start as never, physLength: length });
    yield* check(suite, what, codeOf(asked), wanted);
  };
  const mapped = function* (process: Endpoint, start: number, length: number): Program<Result<number>> {
    const got = yield* vm.mapPhys({ process, physical: start as never, length });
    return got.ok ? ok(got.value.address) : got;
  };
  yield* mayMap("not ours", EPERM, SCREEN, PAGE);
  yield* check(suite, "not to be mapped", codeOf(yield* mapped(SELF, SCREEN, PAGE)), EPERM);
  yield* store(spare, memRange.encode({ base: SCREEN, limit: SCREEN + PAGE - 1 }));
  const added = yield* kernel.privctl({ process: self, request: SYS_PRIV_ADD_MEM, argument: spare as never, physStart: 0 as never, physLength: 0 });
  yield* check(suite, "ours", codeOf(added), 0);
  yield* mayMap("all of it", 0, SCREEN, PAGE);
  yield* mayMap("one byte before", EPERM, SCREEN - 1, PAGE);
  yield* mayMap("one byte more", EPERM, SCREEN, PAGE + 1);
  const [one, two] = [yield* mapped(SELF, SCREEN, PAGE), yield* mapped(SELF, SCREEN + 16, 32)];
  yield* check(suite, "mapped twice", one.ok && two.ok ? 1 : 0, 1);
  if (!one.ok || !two.ok) return;
  yield* poke(one.value + 20, 120);
  yield* check(suite, "the same", yield* peek(two.value + 4), 120);
  yield* check(suite, "for another process", codeOf(yield* mapped(DS, SCREEN, PAGE)), EPERM);
  yield* check(suite, "the next page", codeOf(yield* mapped(SELF, SCREEN + PAGE, PAGE)), EPERM);
  for (const { value } of [one, two]) yield* check(suite, "unmap", codeOf(yield* vm.unmapPhys({ process: SELF, address: value as never })), 0);
  yield* check(suite, "twice", codeOf(yield* vm.unmapPhys({ process: SELF, address: one.value as never })), errorCode("EINVAL"));
}

/**
 * The library of grants by itself (checklist L02): create, set, revoke, look up, grow, and the alignment of grants to map. The
 * kernel judges: this service reads its own memory through its own grants.
 */
export function* grants(suite: Suite): Program<never> {
  suite.buf = yield* pages(BYTES);
  suite.spare = yield* allocate(16);
  const ids: GrantId[] = [];
  for (const [name, body] of Object.entries({ GROW: createAndGrow, LOOKUP: lookUp, SET: set, ALIGN: align, REVOKE: revoked, PHYS: physical })) {
    yield* step(suite, name, () => body(suite, ids));
  }
  return yield* conclude(suite);
}
