import { CPF_MAP, CPF_READ, CPF_WRITE, SEG_D, VMPTYPE_SMAP, kernelContract } from "@procyon-os/contract-kernel";
import { OK, errorCode } from "@procyon-os/message";
import { mapAnswer, requestMap, unmapAll } from "../grants/map-request.ts";
import { verifyGrant, type GrantLink } from "../grants/verify-grant.ts";
import type { KernelCall } from "../kernel-call.ts";
import { linearAddress } from "../memory/linear.ts";

const { request: map } = kernelContract.calls.safemap;
const { request: revoke } = kernelContract.calls.saferevmap;
const { request: unmap } = kernelContract.calls.safeunmap;
const PAGE = 4096;

/** SYS_SAFEMAP (reference/kernel.md 3.8). */
export const safemap: KernelCall = (kernel, caller, message) => {
  const answer = mapAnswer(caller);
  if (answer !== null) {
    kernel.safemaps.answer(caller.endpoint, answer === OK);
    return answer;
  }
  const grant = map.grant.read(message);
  const bytes = map.bytes.read(message);
  const writable = map.writable.read(message);
  const access = CPF_MAP | CPF_READ | (writable ? CPF_WRITE : 0);
  const offset = map.offset.read(message);
  const chain: GrantLink[] = [];
  const target = verifyGrant(kernel, map.granter.read(message), caller.endpoint, grant, bytes, access, offset, chain);
  if (typeof target === "number") return target;
  const segment = map.segment.read(message);
  const address = map.address.read(message);
  if (segment > 2) return errorCode("EINVAL");
  const theirs = linearAddress(target.granter, SEG_D, target.address, bytes);
  const own = linearAddress(caller, segment, address, bytes);
  if (theirs === null || own === null || (theirs | own | bytes) % PAGE !== 0) return errorCode("EINVAL");

  const place = {
    granter: target.granter.endpoint, grantee: caller.endpoint, granterAddress: target.address, granterLinear: theirs, segment,
    granteeAddress: address, granteeLinear: own, bytes,
  };
  kernel.safemaps.ask(place, chain); // from here on it can be revoked; VM does one after the other
  return requestMap(kernel, caller, place, VMPTYPE_SMAP, writable);
};

/** SYS_SAFEREVMAP. */
export const saferevmap: KernelCall = (kernel, caller, message) => {
  const byGrant = revoke.byGrant.read(message);
  const what = revoke.what.read(message);
  const own = caller.endpoint;
  return unmapAll(kernel, caller, (one) =>
    byGrant ? one.chain.some(({ granter, grant }) => granter === own && grant === (what | 0)) : one.sources.some(({ granter, address }) => granter === own && address === what));
};

/** SYS_SAFEUNMAP. */
export const safeunmap: KernelCall = (kernel, caller, message) => {
  const segment = unmap.segment.read(message);
  const address = unmap.address.read(message);
  return unmapAll(kernel, caller, (one) => one.grantee === caller.endpoint && one.segment === segment && one.granteeAddress === address);
};
