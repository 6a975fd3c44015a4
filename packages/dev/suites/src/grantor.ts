import { CPF_MAP, CPF_READ, CPF_WRITE, SEG_D } from "@procyon-os/contract-kernel";
import { type Endpoint, errorCode, type GrantId, type Program } from "@procyon-os/message";
import { grantDirect, grantIndirect, grantMagic, kernel, lookUpGrant, revoke, store, vm } from "@procyon-os/syslib";
import { mapGrant } from "./copying.ts";
import { BYTES, codeOf, PAGE, pages, pattern, peek, poke, sumAt } from "./memory.ts";
import { check, conclude, firstRequest, nextRequest, OP, reply, step, type Suite, type SuiteRequest } from "./suite.ts";

const ALL_ACCESS = CPF_READ | CPF_WRITE | CPF_MAP;

/** Makes a grant; what the library refuses to make, it throws. */
function* granted(making: Program<GrantId>): Program<readonly [number, number]> {
  try {
    return [0, yield* making];
  } catch {
    return [errorCode("EINVAL"), 0];
  }
}

function* lookUp(grant: GrantId): Program<readonly [number, number]> {
  const entry = yield* lookUpGrant(grant);
  return entry?.kind === "direct" || entry?.kind === "magic" ? [0, entry.to] : [-1, 0];
}

/** What a request comes to: result and value. */
function* obey({ buf, spare }: Suite, [op, a, b, c, d]: SuiteRequest): Program<readonly [number, number]> {
  switch (op) {
    case OP.PEEK: return [0, yield* peek(buf + a)];
    case OP.POKE: yield* poke(buf + a, b); return [0, 0];
    case OP.FILL: yield* store(buf + a, pattern(b, c)); return [0, 0];
    case OP.SUM: return [0, yield* sumAt(buf + a, b)];
    case OP.TOUCH: for (let at = 0; at < a; at += PAGE) yield* poke(buf + at, 1); return [0, 0];
    case OP.GRANT: return yield* granted(grantDirect(a as Endpoint, buf + b, c, d));
    case OP.INDIRECT: return yield* granted(grantIndirect(a as Endpoint, b as Endpoint, c as GrantId));
    case OP.MAGIC: return yield* granted(grantMagic(a as Endpoint, b as Endpoint, buf, BYTES, CPF_READ | CPF_WRITE));
    case OP.REVOKE: return [codeOf(yield* revoke(a as GrantId)), 0];
    case OP.REVMAP: return [codeOf(yield* kernel.saferevmap({ byGrant: true, what: a })), 0];
    case OP.REVMAP_AT: return [codeOf(yield* kernel.saferevmap({ byGrant: false, what: buf + a })), 0];
    case OP.MUNMAP: return [codeOf(yield* vm.munmap({ address: (buf + a) as never, length: b })), 0];
    case OP.MAP: return [yield* mapGrant(a as Endpoint, b as GrantId, 0, buf, BYTES, c !== 0), 0];
    case OP.LOOKUP: return yield* lookUp(a as GrantId);
    case OP.COPY: return [codeOf(yield* kernel.safecopyfrom({ process: a as Endpoint, segment: SEG_D, grant: b as GrantId, offset: 0, address: spare as never, bytes: c })), 0];
    default: return [errorCode("ENOSYS"), 0]; // a hosted process cannot fork
  }
}

/** The grantor of the safecopy, safemap, safeperf and chain suites, and the middle of the last. */
export function* grantor(suite: Suite, bytes: number): Program<never> {
  suite.buf = yield* pages(bytes);
  suite.spare = yield* pages(BYTES);
  yield* poke(suite.buf, 100);
  // The requestor's endpoint comes, ours and a grant go.
  const to = yield* firstRequest(suite);
  const grant = yield* grantDirect(to, suite.buf, bytes, ALL_ACCESS);
  yield* reply(suite, suite.self, grant);
  for (let request = yield* nextRequest(suite); request !== null; request = yield* nextRequest(suite)) {
    const [result, value] = yield* obey(suite, request);
    yield* reply(suite, result, value);
  }
  yield* step(suite, "the grantor's last grant", function* () {
    yield* check(suite, "revoke", codeOf(yield* revoke(grant)), 0);
  });
  return yield* conclude(suite);
}
