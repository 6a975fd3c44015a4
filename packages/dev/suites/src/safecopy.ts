import { CPF_MAP, CPF_READ, CPF_WRITE, safecopyElement } from "@procyon-os/contract-kernel";
import { ANY, type Endpoint, errorCode, type GrantId, type Program, RS, SELF } from "@procyon-os/message";
import { allocate, kernel, readTsc, store } from "@procyon-os/syslib";
import { endChain, make, makeChain, revokeLink } from "./chain.ts";
import { copyFrom, copyTo, mapGrant, setTo } from "./copying.ts";
import { BYTES, codeOf, PAGE, pattern, peek, poke, sumAt } from "./memory.ts";
import { ask, askEnd, askValue, check, conclude, OP, out, step, type Suite } from "./suite.ts";

const EPERM = errorCode("EPERM");
const EINVAL = errorCode("EINVAL");
const NOWHERE = 0xb0000000;
const PHYS_SEG = 0x0400;

function* sizes(suite: Suite): Program<void> {
  const { partner, grant, buf } = suite;
  for (let bytes = 1; bytes <= 8 * PAGE; bytes *= 2) {
    yield* poke(buf, 1);
    const start = yield* readTsc();
    const result = yield* copyFrom(partner, grant, 0, buf, bytes);
    const cycles = (yield* readTsc()) - start;
    yield* out(suite, `size ${bytes} cycles ${cycles}`);
    yield* check(suite, "copy", result, 0);
    yield* check(suite, "first byte", yield* peek(buf), 100);
  }
}

const pieces = [
  [0, BYTES, 0], [1, 1, 77], [4095, 2, 4094], [100, 3 * PAGE, 100], [100, 3 * PAGE, 101], [PAGE, 9 * PAGE, 2 * PAGE],
] as const;

function* bothWays(suite: Suite): Program<void> {
  const { partner, grant, buf } = suite;
  yield* ask(suite, OP.FILL, 0, BYTES, 3);
  for (const [i, [offset, bytes, at]] of pieces.entries()) {
    yield* store(buf, new Uint8Array(BYTES).fill(0xee));
    yield* check(suite, "copy", yield* copyFrom(partner, grant, offset, buf + at, bytes), 0);
    yield* check(suite, "what came", yield* sumAt(buf + at, bytes), yield* askValue(suite, OP.SUM, offset, bytes));
    if (at > 0) yield* check(suite, "before", yield* peek(buf + at - 1), 0xee);
    if (at + bytes < BYTES) yield* check(suite, "after", yield* peek(buf + at + bytes), 0xee);
    yield* store(buf + at, pattern(bytes, 50 + i));
    yield* check(suite, "copy back", yield* copyTo(partner, grant, offset, buf + at, bytes), 0);
    yield* check(suite, "what went", yield* askValue(suite, OP.SUM, offset, bytes), yield* sumAt(buf + at, bytes));
  }
}

function* apart(suite: Suite): Program<void> {
  const { partner, grant, buf } = suite;
  yield* ask(suite, OP.FILL, 0, BYTES, 9);
  yield* check(suite, "copy", yield* copyFrom(partner, grant, 0, buf, BYTES), 0);
  const before = yield* sumAt(buf, BYTES);
  yield* ask(suite, OP.POKE, 5 * PAGE, 1);
  yield* check(suite, "the grantor's write is not seen", yield* sumAt(buf, BYTES), before);
  yield* poke(buf + 6 * PAGE, 2);
  yield* ask(suite, OP.POKE, 5 * PAGE, pattern(5 * PAGE + 1, 9)[5 * PAGE]);
  yield* check(suite, "the requestor's neither", yield* askValue(suite, OP.SUM, 0, BYTES), before);
}

function* filled(suite: Suite): Program<void> {
  const { partner, grant, buf, self } = suite;
  const set = (id: GrantId, offset: number, byte: number, bytes: number): Program<number> => setTo(partner, id, offset, byte, bytes);
  yield* ask(suite, OP.FILL, 0, BYTES, 5);
  yield* store(buf, pattern(BYTES, 5));
  yield* check(suite, "set", yield* set(grant, 8, 0x15a, 3 * PAGE), 0); // the lowest byte counts
  yield* store(buf + 8, new Uint8Array(3 * PAGE).fill(0x5a));
  yield* check(suite, "what is there", yield* askValue(suite, OP.SUM, 0, BYTES), yield* sumAt(buf, BYTES));
  yield* check(suite, "past the end", yield* set(grant, BYTES - 4, 1, 8), EPERM);
  yield* check(suite, "nothing", yield* set(grant, 0, 1, 0), errorCode("EDOM"));
  const readOnly = yield* make(suite, self, 0, BYTES, CPF_READ);
  yield* check(suite, "to be read", yield* set(readOnly, 0, 1, 8), EPERM);
  yield* check(suite, "revoke", yield* ask(suite, OP.REVOKE, readOnly), 0);
  yield* check(suite, "an id that is gone", yield* set(readOnly, 0, 1, 8), EPERM);
  yield* check(suite, "nobody", yield* setTo(99999 as Endpoint, grant, 0, 1, 8), EINVAL);
  yield* check(suite, "what is there still", yield* askValue(suite, OP.SUM, 0, BYTES), yield* sumAt(buf, BYTES));
}

function* bounds(suite: Suite): Program<void> {
  const { partner, buf, self } = suite;
  const id = yield* make(suite, self, 100, 1000, CPF_READ | CPF_WRITE);
  const from = function* (what: string, wanted: number, offset: number, bytes: number, grant: GrantId | number = id, address = buf): Program<void> {
    yield* check(suite, what, yield* copyFrom(partner, grant, offset, address, bytes), wanted);
  };
  yield* from("all", 0, 0, 1000);
  yield* from("the last byte", 0, 999, 1);
  yield* from("one more", EPERM, 0, 1001);
  yield* from("behind", EPERM, 1000, 1);
  yield* from("offset wraps", EPERM, 0xffffffff, 2);
  yield* from("length wraps", EPERM, 1, 0xffffffff);
  yield* from("nothing", errorCode("EDOM"), 0, 0);
  yield* from("no memory here", errorCode("EFAULT"), 0, 8, id, NOWHERE);
  yield* check(suite, "no such granter", yield* copyFrom(30000 as Endpoint, id, 0, buf, 1), EINVAL);
  yield* from("no id", EINVAL, 0, 1, -1);
  yield* from("no slot", EPERM, 0, 1, 5000);
  yield* from("a slot that is free", EPERM, 0, 1, 900);
  yield* check(suite, "physical memory on our side", yield* copyFrom(partner, id, 0, buf, 1, PHYS_SEG), EINVAL);
  yield* ask(suite, OP.REVOKE, id);
}

function* access(suite: Suite): Program<void> {
  const { partner, buf, self } = suite;
  const [r, w] = [yield* make(suite, self, 0, 100, CPF_READ), yield* make(suite, self, 0, 100, CPF_WRITE)];
  const [other, any] = [yield* make(suite, RS, 0, 100, CPF_READ), yield* make(suite, ANY, 0, 100, CPF_READ)];
  yield* check(suite, "read what is to be read", yield* copyFrom(partner, r, 0, buf, 100), 0);
  yield* check(suite, "write what is to be read", yield* copyTo(partner, r, 0, buf, 100), EPERM);
  yield* check(suite, "write what is to be written", yield* copyTo(partner, w, 0, buf, 100), 0);
  yield* check(suite, "read what is to be written", yield* copyFrom(partner, w, 0, buf, 100), EPERM);
  yield* check(suite, "another's", yield* copyFrom(partner, other, 0, buf, 100), EPERM);
  yield* check(suite, "everybody's", yield* copyFrom(partner, any, 0, buf, 100), 0);
  yield* check(suite, "not to be mapped", yield* mapGrant(partner, r, 0, buf, PAGE, false), EPERM);
  yield* check(suite, "rights that are none", yield* ask(suite, OP.GRANT, self, 0, 8, 0x20), EINVAL);
  yield* check(suite, "a page, not aligned", yield* ask(suite, OP.GRANT, self, 8, PAGE, CPF_READ | CPF_MAP), EINVAL);
  yield* check(suite, "half a page", yield* ask(suite, OP.GRANT, self, 0, PAGE / 2, CPF_READ | CPF_MAP), EINVAL);
  const magic = yield* askValue(suite, OP.MAGIC, self, partner);
  yield* check(suite, "magic can be made", magic > -1 ? 1 : 0, 1);
  yield* check(suite, "but counts of VFS only", yield* copyFrom(partner, magic, 0, buf, 8), EPERM);
}

function* vector(suite: Suite): Program<void> {
  const { partner, grant, buf } = suite;
  const area = yield* allocate(64 * 24 + 24);
  const all = function* (...elements: readonly (readonly [Endpoint, Endpoint, number, number, number, number])[]): Program<number> {
    const bytes = elements.map(([from, to, id, offset, at, length]) =>
      safecopyElement.encode({ from, to, grant: id as GrantId, offset, address: (buf + at) as never, bytes: length }));
    for (const [i, one] of bytes.entries()) yield* store(area + i * one.length, one);
    return codeOf(yield* kernel.vsafecopy({ vector: area, elements: elements.length }));
  };
  yield* ask(suite, OP.FILL, 0, BYTES, 30);
  yield* store(buf, new Uint8Array(100));
  const last = [SELF, partner, grant, 40, 0, 20] as const;
  yield* check(suite, "three", yield* all([partner, SELF, grant, 0, 0, 10], [partner, SELF, grant, 20, 10, 10], last), 0);
  yield* check(suite, "what went", yield* askValue(suite, OP.SUM, 40, 20), yield* sumAt(buf, 20));
  yield* store(buf, new Uint8Array(100));
  yield* check(suite, "an error", yield* all([partner, SELF, grant, 0, 0, 10], [partner, SELF, 5000, 20, 10, 10], last), EPERM);
  yield* check(suite, "what came before", (yield* peek(buf)) !== 0 && (yield* peek(buf + 10)) === 0 ? 1 : 0, 1);
  yield* check(suite, "both SELF", yield* all([SELF, SELF, grant, 0, 0, 10]), EINVAL);
  yield* check(suite, "none SELF", yield* all([partner, partner, grant, 0, 0, 10]), EINVAL);
  yield* check(suite, "none", yield* all(), EINVAL);
  yield* check(suite, "too many", codeOf(yield* kernel.vsafecopy({ vector: area, elements: 65 })), EINVAL);
}

function* indirect(suite: Suite): Program<void> {
  const { partner, buf } = suite;
  for (let hops = 1; hops <= 6; hops++) {
    const chain = yield* makeChain(suite, hops);
    const through = (link: number): Program<number> => copyFrom(chain.makers[link] as Endpoint, chain.links[link] as GrantId, 0, buf, 8);
    yield* ask(suite, OP.POKE, 0, 40 + hops);
    yield* poke(buf, 0);
    yield* check(suite, "copy", yield* through(hops), hops <= 5 ? 0 : errorCode("ELOOP"));
    yield* check(suite, "what came", yield* peek(buf), hops <= 5 ? 40 + hops : 0);
    if (hops > 1) yield* check(suite, "not the last link", yield* through(hops - 1), EPERM);
    yield* check(suite, "the direct one is for its holder", yield* copyFrom(partner, chain.links[0] as GrantId, 0, buf, 8), hops % 2 === 0 ? 0 : EPERM);
    yield* endChain(suite, chain);
  }
  for (let gone = 0; gone <= 3; gone++) {
    const chain = yield* makeChain(suite, 3);
    const [maker, link] = [chain.makers[3] as Endpoint, chain.links[3] as GrantId];
    yield* check(suite, "whole", yield* copyFrom(maker, link, 0, buf, 8), 0);
    yield* check(suite, "revoke a link", yield* revokeLink(suite, chain, gone), 0);
    yield* check(suite, "broken", yield* copyFrom(maker, link, 0, buf, 8), EPERM);
    yield* endChain(suite, chain);
  }
}

function* revoked(suite: Suite): Program<void> {
  const { partner, buf, self } = suite;
  const ids: GrantId[] = [];
  for (let i = 0; i < 20; i++) {
    const id = yield* make(suite, self, i, 1, CPF_READ);
    ids.push(id);
    yield* check(suite, "copy", yield* copyFrom(partner, id, 0, buf, 1), 0);
    for (const old of ids.slice(0, -1)) yield* check(suite, "an old id of a slot that is in use again", yield* copyFrom(partner, old, 0, buf, 1), EPERM);
    yield* check(suite, "revoke", yield* ask(suite, OP.REVOKE, id), 0);
    yield* check(suite, "the id", yield* copyFrom(partner, id, 0, buf, 1), EPERM);
    yield* check(suite, "twice", yield* ask(suite, OP.REVOKE, id), EINVAL);
  }
}

/** The requestor of the safecopy suite: reference/rs-sef-ds-syslib.md 7.1, and every way that a copy is refused. */
export function* safecopy(suite: Suite): Program<never> {
  const steps = { SIZES: sizes, BYTES: bothWays, COW: apart, MEMSET: filled, BOUNDS: bounds, ACCESS: access, VECTOR: vector, INDIRECT: indirect, REVOKE: revoked };
  for (const [name, body] of Object.entries(steps)) yield* step(suite, name, () => body(suite));
  yield* askEnd(suite);
  return yield* conclude(suite);
}
