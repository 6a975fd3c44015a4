import { CPF_MAP, CPF_READ, CPF_WRITE, GRANT_INVALID } from "@procyon-os/contract-kernel";
import { type Endpoint, errorCode, type GrantId, NONE, type Program } from "@procyon-os/message";
import { make } from "./chain.ts";
import { copyFrom, mapGrant } from "./copying.ts";
import { BYTES, peek, poke } from "./memory.ts";
import { ask, askBoth, askEnd, askLast, askValue, check, conclude, OP, otherPartner, step, type Suite } from "./suite.ts";

const EPERM = errorCode("EPERM");
const ALL_ACCESS = CPF_READ | CPF_WRITE | CPF_MAP;

function* askMiddle(suite: Suite, op: number, a: number, b = 0, c = 0, d = 0): Program<readonly [number, number]> {
  otherPartner(suite);
  const answer = yield* askBoth(suite, op, a, b, c, d);
  otherPartner(suite);
  return answer;
}
const tellMiddle = function* (suite: Suite, op: number, a: number, b = 0, c = 0): Program<number> {
  return (yield* askMiddle(suite, op, a, b, c))[0];
};
function* middleMakes(suite: Suite, op: number, a: number, b: number, c: number, d: number): Program<GrantId> {
  const [result, id] = yield* askMiddle(suite, op, a, b, c, d);
  return result === 0 ? (id as GrantId) : GRANT_INVALID;
}
function* middleSees(suite: Suite, at: number): Program<number> {
  const [result, value] = yield* askMiddle(suite, OP.PEEK, at);
  return result === 0 ? value : -1;
}

/** Two links: the grantor's for the middle, the middle's for us. `access` is the first one's. */
function* makeLinks(suite: Suite, middle: Endpoint, access: number): Program<readonly [GrantId, GrantId]> {
  const first = yield* make(suite, middle, 0, BYTES, access);
  return [first, yield* middleMakes(suite, OP.INDIRECT, suite.self, suite.partner, first, 0)];
}

/** Nothing of what the grantor writes from now on is seen at `at`, where `value` was. */
function* checkParted(suite: Suite, at: number, value: number): Program<void> {
  yield* ask(suite, OP.POKE, at, value + 1);
  yield* check(suite, "what is kept", yield* peek(suite.buf + at), value);
  yield* poke(suite.buf + at, value + 2);
  yield* check(suite, "what the grantor has", yield* askValue(suite, OP.PEEK, at), value + 1);
}

/** A copy and a map through the middle, which has nothing of it itself. */
function* passedOn(suite: Suite, middle: Endpoint): Program<void> {
  const { partner, buf, spare } = suite;
  const [first, second] = yield* makeLinks(suite, middle, ALL_ACCESS);
  yield* ask(suite, OP.POKE, 0, 10);
  yield* check(suite, "copy", yield* copyFrom(middle, second, 0, spare, 8), 0);
  yield* check(suite, "what came", yield* peek(spare), 10);
  yield* check(suite, "map", yield* mapGrant(middle, second, 0, buf, BYTES, true), 0);
  yield* ask(suite, OP.POKE, 1, 11);
  yield* check(suite, "what is seen", yield* peek(buf + 1), 11);
  yield* poke(buf + 2, 12);
  yield* check(suite, "what the grantor sees", yield* askValue(suite, OP.PEEK, 2), 12);
  yield* check(suite, "what the middle has", (yield* middleSees(suite, 2)) === 12 ? 1 : 0, 0);
  yield* check(suite, "the first is not for us", yield* copyFrom(partner, first, 0, spare, 8), EPERM);
  yield* check(suite, "revoke the first", yield* ask(suite, OP.REVOKE, first), 0);
  yield* checkParted(suite, 1, 11);
  yield* check(suite, "a copy then", yield* copyFrom(middle, second, 0, spare, 8), EPERM);
  yield* check(suite, "a map then", yield* mapGrant(middle, second, 0, buf, BYTES, true), EPERM);
  yield* check(suite, "revoke the second", yield* tellMiddle(suite, OP.REVOKE, second), 0);
}

/** The middle ends it with its own link. */
function* middleRevokes(suite: Suite, middle: Endpoint): Program<void> {
  const [first, second] = yield* makeLinks(suite, middle, ALL_ACCESS);
  yield* ask(suite, OP.POKE, 0, 30);
  yield* check(suite, "map", yield* mapGrant(middle, second, 0, suite.buf, BYTES, true), 0);
  yield* check(suite, "what is seen", yield* peek(suite.buf), 30);
  yield* check(suite, "revoke the second", yield* tellMiddle(suite, OP.REVOKE, second), 0);
  yield* checkParted(suite, 0, 30);
  yield* check(suite, "revoke the first", yield* ask(suite, OP.REVOKE, first), 0);
}

/** The middle sees the memory by a map, and grants what it sees. Whoever ends that ends ours, whatever the middle sees there later. */
function* viewOfView(suite: Suite, middle: Endpoint): Program<void> {
  const { partner, self, buf } = suite;
  for (const again of [false, true]) {
    const first = yield* make(suite, middle, 0, BYTES, ALL_ACCESS);
    const other = yield* make(suite, middle, 0, BYTES, CPF_READ | CPF_MAP);
    yield* ask(suite, OP.POKE, 0, 50);
    yield* check(suite, "the middle's map", yield* tellMiddle(suite, OP.MAP, partner, first, 1), 0);
    const second = yield* middleMakes(suite, OP.GRANT, self, 0, BYTES, ALL_ACCESS);
    yield* check(suite, "map", yield* mapGrant(middle, second, 0, buf, BYTES, true), 0);
    yield* poke(buf + 1, 51);
    yield* check(suite, "what the grantor sees", yield* askValue(suite, OP.PEEK, 1), 51);
    yield* check(suite, "what the middle sees", yield* middleSees(suite, 1), 51);
    if (again) yield* check(suite, "the middle's other map", yield* tellMiddle(suite, OP.MAP, partner, other, 0), 0);
    yield* check(suite, "revoke the first", yield* ask(suite, OP.REVOKE, first), 0);
    yield* checkParted(suite, 1, 51);
    yield* check(suite, "what the middle has", yield* middleSees(suite, 1), again ? 52 : 51);
    yield* check(suite, "revoke the other", yield* ask(suite, OP.REVOKE, other), 0);
    yield* check(suite, "revoke the second", yield* tellMiddle(suite, OP.REVOKE, second), 0);
  }
}

/** The middle writes what it has mapped to be read, and dies of it: nothing is written, and what was seen through it is over. */
function* middleDies(suite: Suite, middle: Endpoint): Program<void> {
  const { partner, buf, spare } = suite;
  const EINVAL = errorCode("EINVAL");
  const [first, second] = yield* makeLinks(suite, middle, CPF_READ | CPF_MAP);
  yield* ask(suite, OP.POKE, 0, 70);
  yield* check(suite, "the middle's map", yield* tellMiddle(suite, OP.MAP, partner, first, 0), 0);
  yield* check(suite, "what the middle sees", yield* middleSees(suite, 0), 70);
  yield* check(suite, "to be written", yield* mapGrant(middle, second, 0, buf, BYTES, true), EPERM);
  yield* check(suite, "map", yield* mapGrant(middle, second, 0, buf, BYTES, false), 0);
  yield* check(suite, "what is seen", yield* peek(buf), 70);
  otherPartner(suite);
  const gone = yield* askLast(suite, OP.POKE, 0, 99);
  otherPartner(suite);
  yield* check(suite, "the middle has died", gone, 1);
  for (let i = 0; i < 1000 && (yield* copyFrom(middle, second, 0, spare, 8)) !== EINVAL; i++) yield* ask(suite, OP.PEEK, 0); // until it is buried
  yield* check(suite, "what the grantor has", yield* askValue(suite, OP.PEEK, 0), 70);
  yield* checkParted(suite, 0, 70);
  yield* check(suite, "a copy through it", yield* copyFrom(middle, second, 0, spare, 8), EINVAL);
  yield* check(suite, "revoke the first", yield* ask(suite, OP.REVOKE, first), 0);
}

/** The requestor of the chain suite: three processes, of which the one in the middle passes on what the grantor lets it have. */
export function* chain(suite: Suite): Program<never> {
  otherPartner(suite);
  const middle = (yield* askBoth(suite, OP.END, suite.self))[0] as Endpoint;
  otherPartner(suite);
  if (middle === NONE) throw new Error("the middle says nothing of itself");
  const steps = { PASSED_ON: passedOn, MIDDLE_REVOKES: middleRevokes, VIEW_OF_VIEW: viewOfView, MIDDLE_DIES: middleDies };
  for (const [name, body] of Object.entries(steps)) yield* step(suite, name, () => body(suite, middle));
  yield* askEnd(suite);
  return yield* conclude(suite);
}
