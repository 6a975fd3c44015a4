import { CPF_MAP, CPF_READ } from "@procyon-os/contract-kernel";
import { type Endpoint, errorCode, type GrantId, type Program } from "@procyon-os/message";
import { store, vm } from "@procyon-os/syslib";
import { endChain, make, makeChain, revokeLink } from "./chain.ts";
import { copyFrom, copyTo, mapGrant, unmap } from "./copying.ts";
import { BYTES, codeOf, PAGE, PAGES, pages, pattern, peek, poke, sumAt } from "./memory.ts";
import { ask, askEnd, askValue, check, conclude, OP, step, type Suite } from "./suite.ts";

const R_VALUE = 10;
const G_VALUE = 20;
const G_NEXT = 21;

const mapAll = ({ partner, grant, buf }: Suite): Program<number> => mapGrant(partner, grant, 0, buf, BYTES, true);
const takeBack = (suite: Suite): Program<number> => ask(suite, OP.REVMAP, suite.grant);
const pokeThere = (suite: Suite, value: number): Program<number> => ask(suite, OP.POKE, 0, value);
const peekThere = (suite: Suite): Program<number> => askValue(suite, OP.PEEK, 0);

function* map(suite: Suite): Program<void> {
  yield* pokeThere(suite, G_VALUE);
  yield* check(suite, "map", yield* mapAll(suite), 0);
  yield* check(suite, "what is seen", yield* peek(suite.buf), G_VALUE);
  yield* poke(suite.buf, R_VALUE);
  yield* check(suite, "unmap", yield* unmap(suite.buf), 0);
  yield* check(suite, "what the grantor sees", yield* peekThere(suite), R_VALUE);
}

function* unmapped(suite: Suite): Program<void> {
  yield* pokeThere(suite, G_VALUE);
  yield* check(suite, "what is kept", yield* peek(suite.buf), R_VALUE);
  yield* check(suite, "map", yield* mapAll(suite), 0);
  yield* check(suite, "what the grantor has", yield* peekThere(suite), G_VALUE);
}

function* revoked(suite: Suite): Program<void> {
  yield* check(suite, "revoke", yield* takeBack(suite), 0);
  yield* pokeThere(suite, G_NEXT);
  yield* check(suite, "what is kept", yield* peek(suite.buf), G_VALUE);
  yield* poke(suite.buf, R_VALUE);
  yield* check(suite, "what the grantor has", yield* peekThere(suite), G_NEXT);
}

// A hosted requestor cannot fork: a copy of all pages makes them copy-on-write instead.
function* smapCow(suite: Suite): Program<void> {
  const { partner, self, buf, spare } = suite;
  yield* check(suite, "map", yield* mapAll(suite), 0);
  yield* poke(buf, R_VALUE);
  const id = yield* make(suite, self, 0, BYTES, CPF_READ);
  yield* check(suite, "copy of what is mapped", yield* copyFrom(partner, id, 0, spare, BYTES), 0);
  yield* ask(suite, OP.REVOKE, id);
  yield* pokeThere(suite, G_VALUE);
  yield* check(suite, "what is seen", yield* peek(buf), G_VALUE);
  yield* check(suite, "what was copied", yield* peek(spare), R_VALUE);
  yield* check(suite, "what the grantor has", yield* peekThere(suite), G_VALUE);
}

function* cowSmap(suite: Suite): Program<void> {
  const { partner, grant, buf, spare } = suite;
  yield* check(suite, "revoke", yield* takeBack(suite), 0);
  yield* pokeThere(suite, G_NEXT);
  const forked = yield* ask(suite, OP.FORK);
  if (forked !== errorCode("ENOSYS")) yield* check(suite, "fork", forked, 0); // a grantor in C can
  yield* check(suite, "copy of the pages", yield* copyFrom(partner, grant, 0, spare, BYTES), 0);
  yield* poke(buf, R_VALUE);
  yield* check(suite, "map", yield* mapAll(suite), 0);
  if (forked === 0) yield* check(suite, "the child", yield* ask(suite, OP.RELEASE), 0);
  yield* poke(spare, 22);
  yield* check(suite, "what is seen", yield* peek(buf), G_NEXT);
  yield* check(suite, "what the grantor has", yield* peekThere(suite), G_NEXT);
  yield* pokeThere(suite, G_VALUE);
  yield* check(suite, "what is seen then", yield* peek(buf), G_VALUE);
  yield* check(suite, "what was copied", yield* peek(spare), 22);
}

function* cowSmap2(suite: Suite): Program<void> {
  const { partner, grant, buf } = suite;
  yield* check(suite, "revoke", yield* takeBack(suite), 0);
  yield* poke(buf, R_VALUE);
  yield* check(suite, "copy", yield* copyTo(partner, grant, 0, buf, BYTES), 0);
  yield* check(suite, "map", yield* mapAll(suite), 0);
  yield* check(suite, "what is seen", yield* peek(buf), R_VALUE);
  yield* check(suite, "what the grantor has", yield* peekThere(suite), R_VALUE);
  yield* poke(buf + 1, 77);
  yield* check(suite, "what is written", yield* askValue(suite, OP.PEEK, 1), 77);
}

function* alignment(suite: Suite): Program<void> {
  const { partner, grant, self, buf, spare } = suite;
  const [EINVAL, EPERM] = [errorCode("EINVAL"), errorCode("EPERM")];
  yield* check(suite, "address", yield* mapGrant(partner, grant, 0, buf + 8, PAGE, true), EINVAL);
  yield* check(suite, "offset", yield* mapGrant(partner, grant, 8, buf, PAGE, true), EINVAL);
  yield* check(suite, "length", yield* mapGrant(partner, grant, 0, buf, 100, true), EINVAL);
  yield* check(suite, "past the end", yield* mapGrant(partner, grant, PAGE, buf, BYTES, true), EPERM);
  const readOnly = yield* make(suite, self, 0, PAGE, CPF_READ | CPF_MAP);
  yield* check(suite, "to be written", yield* mapGrant(partner, readOnly, 0, buf, PAGE, true), EPERM);
  yield* check(suite, "to be read", yield* mapGrant(partner, readOnly, 0, buf, PAGE, false), 0);
  yield* check(suite, "and no more", yield* ask(suite, OP.REVOKE, readOnly), 0);
  yield* check(suite, "nothing mapped", yield* unmap(spare), 0);
}

/** What is mapped to be read is not written for us by anybody else either. */
function* readOnly(suite: Suite): Program<void> {
  const { partner, grant, self, buf, spare } = suite;
  const EFAULT = errorCode("EFAULT");
  yield* ask(suite, OP.FILL, 0, BYTES, 60);
  const before = yield* askValue(suite, OP.SUM, 0, BYTES);
  yield* store(spare, pattern(BYTES, 61));
  const other = yield* make(suite, self, 0, BYTES, CPF_READ | CPF_MAP);
  yield* check(suite, "map", yield* mapGrant(partner, other, 0, buf, BYTES, false), 0);
  yield* check(suite, "what is seen", yield* sumAt(buf, BYTES), before);
  yield* check(suite, "a short copy", yield* copyFrom(partner, grant, 8, buf, 8), EFAULT);
  yield* check(suite, "a long one", yield* copyFrom(partner, grant, 0, buf, BYTES), EFAULT);
  yield* check(suite, "what is seen then", yield* sumAt(buf, BYTES), before);
  yield* check(suite, "what the grantor has", yield* askValue(suite, OP.SUM, 0, BYTES), before);
  yield* check(suite, "revoke", yield* ask(suite, OP.REVOKE, other), 0);
  yield* check(suite, "then it is ours", yield* copyFrom(partner, grant, 8, buf, 8), 0);
}

/** A fork leaves the map as it was: both go on to see each other. Only a grantor in C can. */
function* forked(suite: Suite): Program<void> {
  const { buf } = suite;
  yield* check(suite, "map", yield* mapAll(suite), 0);
  yield* poke(buf, R_VALUE);
  const there = yield* ask(suite, OP.FORK);
  yield* pokeThere(suite, G_NEXT);
  yield* check(suite, "what is seen", yield* peek(buf), G_NEXT);
  yield* poke(buf + 1, 78);
  yield* check(suite, "what the grantor sees", yield* askValue(suite, OP.PEEK, 1), 78);
  if (there === 0) yield* check(suite, "its child", yield* ask(suite, OP.RELEASE), 0);
  yield* check(suite, "what is seen", yield* peek(buf), G_NEXT);
  yield* poke(buf, R_VALUE);
  yield* check(suite, "what the grantor has", yield* peekThere(suite), R_VALUE);
  yield* check(suite, "revoke", yield* takeBack(suite), 0);
}

/** Either side may give up the pages: the other keeps what it has, and taking back what is gone is no error. */
function* givenUp(suite: Suite): Program<void> {
  const { partner, grant, buf, spare } = suite;
  const area = yield* pages(4 * PAGE);
  yield* ask(suite, OP.FILL, 0, BYTES, 90);
  const before = yield* askValue(suite, OP.SUM, 0, 4 * PAGE);
  yield* check(suite, "map", yield* mapGrant(partner, grant, 0, area, 4 * PAGE, true), 0);
  yield* check(suite, "give up half", codeOf(yield* vm.munmap({ address: area as never, length: 2 * PAGE })), 0);
  yield* check(suite, "revoke", yield* takeBack(suite), 0);
  yield* check(suite, "what the grantor has", yield* askValue(suite, OP.SUM, 0, 4 * PAGE), before);
  yield* check(suite, "map", yield* mapGrant(partner, grant, 12 * PAGE, buf, 4 * PAGE, true), 0);
  const seen = yield* sumAt(buf, 4 * PAGE);
  yield* check(suite, "the grantor gives up", yield* ask(suite, OP.MUNMAP, 14 * PAGE, 2 * PAGE), 0);
  yield* check(suite, "what is kept", yield* sumAt(buf, 4 * PAGE), seen);
  yield* poke(buf + 3 * PAGE, 1);
  yield* check(suite, "what is gone there", yield* copyFrom(partner, grant, 15 * PAGE, spare, 8), errorCode("EFAULT"));
  yield* check(suite, "unmap", yield* unmap(buf), 0);
  yield* check(suite, "revoke", yield* takeBack(suite), 0);
}

/** Every page by itself, each to another place; one revocation ends all. */
function* singlePages(suite: Suite): Program<void> {
  const { partner, grant, buf } = suite;
  yield* check(suite, "revoke", yield* takeBack(suite), 0);
  yield* ask(suite, OP.FILL, 0, BYTES, 1);
  for (let i = 0; i < PAGES; i++) yield* check(suite, "map", yield* mapGrant(partner, grant, (PAGES - 1 - i) * PAGE, buf + i * PAGE, PAGE, true), 0);
  for (let i = 0; i < PAGES; i++) {
    yield* ask(suite, OP.POKE, i * PAGE, 100 + i);
    yield* check(suite, "a page", yield* peek(buf + (PAGES - 1 - i) * PAGE), 100 + i);
  }
  yield* check(suite, "revoke by address", yield* ask(suite, OP.REVMAP_AT, 3 * PAGE), 0);
  yield* ask(suite, OP.POKE, 3 * PAGE, 1);
  yield* ask(suite, OP.POKE, 4 * PAGE, 2);
  yield* check(suite, "revoked", yield* peek(buf + (PAGES - 1 - 3) * PAGE), 103);
  yield* check(suite, "not revoked", yield* peek(buf + (PAGES - 1 - 4) * PAGE), 2);
  yield* check(suite, "unmap one", yield* unmap(buf + PAGE), 0);
  yield* ask(suite, OP.POKE, (PAGES - 2) * PAGE, 3);
  yield* check(suite, "unmapped", yield* peek(buf + PAGE), 100 + PAGES - 2);
  yield* check(suite, "revoke all", yield* takeBack(suite), 0);
  for (let i = 0; i < PAGES; i++) yield* ask(suite, OP.POKE, i * PAGE, 7);
  for (let i = 0; i < PAGES; i++) yield* check(suite, "kept", (yield* peek(buf + i * PAGE)) !== 7 ? 1 : 0, 1);
}

/** Who made any link of a chain may end what is mapped through it. */
function* indirect(suite: Suite): Program<void> {
  for (let hops = 1; hops <= 4; hops++) {
    for (let gone = 0; gone <= hops; gone++) {
      const chain = yield* makeChain(suite, hops);
      yield* pokeThere(suite, G_VALUE);
      yield* check(suite, "map", yield* mapGrant(chain.makers[hops] as Endpoint, chain.links[hops] as GrantId, 0, suite.buf, BYTES, true), 0);
      yield* poke(suite.buf, R_VALUE);
      yield* check(suite, "what the grantor sees", yield* peekThere(suite), R_VALUE);
      yield* check(suite, "revoke a link", yield* revokeLink(suite, chain, gone), 0);
      yield* pokeThere(suite, G_NEXT);
      yield* check(suite, "what is kept", yield* peek(suite.buf), R_VALUE);
      yield* endChain(suite, chain);
    }
  }
}

/** The requestor of the safemap suite: reference/rs-sef-ds-syslib.md 7.3. */
export function* safemap(suite: Suite): Program<never> {
  const steps = {
    MAP: map, UNMAP: unmapped, REVOKE: revoked, SMAP_COW: smapCow, COW_SMAP: cowSmap, COW_SMAP2: cowSmap2, ALIGNMENT: alignment, PAGES: singlePages,
    INDIRECT: indirect, READONLY: readOnly, FORK: forked, MUNMAP: givenUp,
  };
  for (const [name, body] of Object.entries(steps)) yield* step(suite, name, () => body(suite));
  yield* askEnd(suite);
  return yield* conclude(suite);
}
