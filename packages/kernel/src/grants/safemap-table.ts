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
  private asked: Safemap[] = []; // VM was asked for them: one a grantee at most, since it waits

  /** What is mapped, and what will be when VM has answered: who revokes a grant means both. */
  get all(): readonly Safemap[] {
    return this.asked.length === 0 ? this.records : [...this.records, ...this.asked];
  }
  /** VM is asked for a map. */
  ask(map: Safemap): void {
    this.asked.push(map);
  }
  /** VM has answered a grantee: the map is there, unless it was revoked meanwhile, or is not to be. */
  answer(grantee: Endpoint, isMapped: boolean): void {
    const map = this.asked.find((one) => one.grantee === grantee);
    if (map === undefined) return;
    this.remove(map);
    if (!isMapped) return;
    this.records = this.records.flatMap((one) => cut(one, map));
    this.records.push(map);
  }
  remove(map: Safemap): void {
    this.keep((other) => other !== map);
  }
  /** A process is gone, and its memory with it. */
  purge(endpoint: Endpoint): void {
    this.keep(({ granter, grantee }) => granter !== endpoint && grantee !== endpoint);
  }
  /** Two processes change places with all their memory, so what is mapped of it goes along; who may revoke it stays. */
  exchange(one: Endpoint, other: Endpoint): void {
    const now = (endpoint: Endpoint): Endpoint => (endpoint === one ? other : endpoint === other ? one : endpoint);
    const moved = (map: Safemap): Safemap => ({ ...map, granter: now(map.granter), grantee: now(map.grantee) });
    this.records = this.records.map(moved);
    this.asked = this.asked.map(moved);
  }
  private keep(which: (map: Safemap) => boolean): void {
    this.records = this.records.filter(which);
    this.asked = this.asked.filter(which);
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
