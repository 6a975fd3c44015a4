import { CPF_MAP, CPF_READ, CPF_WRITE, GRANT_INVALID } from "@procyon-os/contract-kernel";
import { type Endpoint, type GrantId, type Program } from "@procyon-os/message";
import { grantIndirect, revoke } from "@procyon-os/syslib";
import { BYTES, codeOf } from "./memory.ts";
import { ask, askValue, OP, type Suite } from "./suite.ts";

/** Grants in a row, made in turn by both: the first is direct and the grantor's, the last is for us. */
export interface Chain {
  readonly makers: Endpoint[];
  readonly links: GrantId[];
}

/** A grant of the grantor over part of its buffer, or its error. */
export function* make(suite: Suite, to: Endpoint, offset: number, bytes: number, access: number): Program<GrantId> {
  return (yield* askValue(suite, OP.GRANT, to, offset, bytes, access)) as GrantId;
}

/** Where an odd number of links follows, the grantor makes the first two of them itself. */
export function* makeChain(suite: Suite, hops: number): Program<Chain> {
  const { self, partner } = suite;
  let holder = hops % 2 === 0 ? self : partner;
  const makers: Endpoint[] = [partner];
  const links: GrantId[] = [yield* make(suite, holder, 0, BYTES, CPF_READ | CPF_WRITE | CPF_MAP)];
  for (let i = 1; i <= hops; i++) {
    const [next, from, link] = [holder === partner ? self : partner, makers[i - 1] as Endpoint, links[i - 1] as GrantId];
    makers.push(holder);
    links.push(holder === partner ? ((yield* askValue(suite, OP.INDIRECT, next, from, link)) as GrantId) : yield* grantIndirect(next, from, link));
    holder = next;
  }
  return { makers, links };
}

export function* revokeLink(suite: Suite, { makers, links }: Chain, i: number): Program<number> {
  const link = links[i] as GrantId;
  if (link === GRANT_INVALID) return 0;
  links[i] = GRANT_INVALID;
  return makers[i] === suite.partner ? yield* ask(suite, OP.REVOKE, link) : codeOf(yield* revoke(link));
}

export function* endChain(suite: Suite, chain: Chain): Program<void> {
  for (let i = chain.links.length - 1; i >= 0; i--) yield* revokeLink(suite, chain, i);
}
