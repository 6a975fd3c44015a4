import type { Endpoint } from "@procyon-os/message";
import type { GrantLink } from "./verify-grant.ts";

/** A part of a grant that is mapped over memory of its grantee. */
export interface Safemap {
  /** Every grant from the one that the grantee used to the one that stands for memory: each of their makers may revoke it. */
  readonly chain: readonly GrantLink[];
  readonly granter: Endpoint; // whose memory it is
  readonly grantee: Endpoint;
  readonly granterAddress: number; // of the map as it was made, as is granteeAddress
  readonly granterLinear: number;
  readonly segment: number;
  readonly granteeAddress: number;
  readonly granteeLinear: number;
  readonly bytes: number;
}

/** All maps by grant. As many as there are pages at most: a new one takes the place of what it covers. */
export class SafemapTable {
  private records: Safemap[] = [];

  get all(): readonly Safemap[] {
    return this.records;
  }
  add(map: Safemap): void {
    this.records = this.records.flatMap((one) => cut(one, map));
    this.records.push(map);
  }
  remove(map: Safemap): void {
    this.records = this.records.filter((other) => other !== map);
  }
  /** A process is gone, and its memory with it. */
  purge(endpoint: Endpoint): void {
    this.records = this.records.filter(({ granter, grantee }) => granter !== endpoint && grantee !== endpoint);
  }
  /** Two processes change places with all their memory, so what is mapped of it goes along; who may revoke it stays. */
  exchange(one: Endpoint, other: Endpoint): void {
    const now = (endpoint: Endpoint): Endpoint => (endpoint === one ? other : endpoint === other ? one : endpoint);
    this.records = this.records.map((map) => ({ ...map, granter: now(map.granter), grantee: now(map.grantee) }));
  }
}

/** What is left of a map when another one is put over memory of the same grantee. */
function cut(old: Safemap, over: Safemap): readonly Safemap[] {
  const end = old.granteeLinear + old.bytes;
  const overEnd = over.granteeLinear + over.bytes;
  if (old.grantee !== over.grantee || end <= over.granteeLinear || overEnd <= old.granteeLinear) return [old];
  const left = Math.max(0, over.granteeLinear - old.granteeLinear);
  const right = Math.max(0, end - overEnd);
  const from = old.bytes - right;
  return [
    ...(left > 0 ? [{ ...old, bytes: left }] : []),
    ...(right > 0 ? [{ ...old, granteeLinear: old.granteeLinear + from, granterLinear: old.granterLinear + from, bytes: right }] : []),
  ];
}
