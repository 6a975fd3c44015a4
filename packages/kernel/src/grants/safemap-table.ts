import type { Endpoint } from "@procyon-os/message";
import type { GrantLink } from "./verify-grant.ts";

/** What a grantee asks for: a part of a grant over memory of its own. */
export interface MapPlace {
  readonly granter: Endpoint; // whose memory it is, or who sees it by a map itself
  readonly grantee: Endpoint;
  readonly granterAddress: number; // of the map as it was made, as is granteeAddress
  readonly granterLinear: number;
  readonly segment: number;
  readonly granteeAddress: number;
  readonly granteeLinear: number;
  readonly bytes: number;
}

/** A range of a process's memory, where maps lie. */
export type GranteeRange = Pick<MapPlace, "grantee" | "granteeLinear" | "bytes">;

/** The start of a map in the memory of who granted it. */
export interface MapSource {
  readonly granter: Endpoint;
  readonly address: number;
}

/** A part of a grant that is mapped over memory of its grantee. */
export interface Safemap extends MapPlace {
  readonly id: number;
  /**
   * Every grant from the one that the grantee used to the one that stands for memory, and those of the maps by which the granter sees
   * that itself: each of their makers may revoke it.
   */
  readonly chain: readonly GrantLink[];
  /** Where that memory lay for each of those who granted it: for who revokes by address. */
  readonly sources: readonly MapSource[];
  /** Ids of the maps by which the granter saw the memory when it was mapped on. */
  readonly through: ReadonlySet<number>;
  /** Who passed on a grant of another, or memory that it saw by a map: their death ends it. */
  readonly makers: ReadonlySet<Endpoint>;
  readonly middles: ReadonlySet<Endpoint>;
}

/** All maps by grant. As many as there are pages at most: a new one takes the place of what it covers. */
export class SafemapTable {
  private records: Safemap[] = [];
  private asked: Safemap[] = []; // VM was asked for them: one a grantee at most, since it waits
  private nextId = 1;

  /** What is mapped, and what will be when VM has answered: who revokes a grant means both. */
  get all(): readonly Safemap[] {
    return this.asked.length === 0 ? this.records : [...this.records, ...this.asked];
  }
  /** VM is asked for a map by these grants. */
  ask(place: MapPlace, chain: readonly GrantLink[]): Safemap {
    const makers = new Set(chain.map(({ granter }) => granter).filter((maker) => maker !== place.granter));
    const sources = [{ granter: place.granter, address: place.granterAddress }];
    const map = this.withLineage({ ...place, id: this.nextId++, chain, sources, through: new Set(), makers, middles: new Set() });
    this.asked.push(map);
    return map;
  }
  /** VM has answered a grantee: the map is there, unless it was revoked meanwhile, or is not to be. */
  answer(grantee: Endpoint, isMapped: boolean): void {
    const map = this.asked.find((one) => one.grantee === grantee);
    if (map === undefined) return;
    this.remove(map);
    if (!isMapped) return;
    this.records = this.records.flatMap((one) => cut(one, map));
    this.records.push(this.withLineage(map)); // VM may have mapped what the granter sees in between
  }
  /** A map with what the maps below it, by which its granter sees the memory, hand down. */
  private withLineage(map: Safemap): Safemap {
    const { granter, granterLinear: start, bytes } = map;
    const below = this.all.filter((one) =>
      one.id !== map.id && one.grantee === granter && start < one.granteeLinear + one.bytes && one.granteeLinear < start + bytes && !one.through.has(map.id));
    if (below.length === 0) return map;
    const there = new Set(this.all.map(({ id }) => id));
    const chain = [...map.chain];
    for (const { chain: links } of below) for (const link of links) if (!chain.some((one) => isSameLink(one, link))) chain.push(link);
    const sources = [...map.sources];
    for (const { sources: more } of below) for (const source of more) if (!sources.some((one) => isSameSource(one, source))) sources.push(source);
    return {
      ...map, chain, sources,
      through: new Set([...map.through, ...below.flatMap(({ id, through }) => [id, ...through])].filter((id) => there.has(id))),
      makers: new Set([...map.makers, ...below.flatMap(({ makers }) => [...makers])]),
      middles: new Set([...map.middles, granter, ...below.flatMap(({ middles }) => [...middles])]),
    };
  }
  /** A grantee has given up the memory of a range: nothing is mapped there any more. What it has mapped on from there stays with its grants. */
  left(range: GranteeRange): void {
    this.records = this.records.flatMap((one) => cut(one, range));
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
    const moved = (map: Safemap): Safemap => ({
      ...map, granter: now(map.granter), grantee: now(map.grantee), middles: new Set([...map.middles].map(now)),
      sources: map.sources.map(({ granter, address }) => ({ granter: now(granter), address })),
    });
    this.records = this.records.map(moved);
    this.asked = this.asked.map(moved);
  }
  private keep(which: (map: Safemap) => boolean): void {
    this.records = this.records.filter(which);
    this.asked = this.asked.filter(which);
  }
}

const isSameLink = (a: GrantLink, b: GrantLink): boolean => a.granter === b.granter && a.grant === b.grant;
const isSameSource = (a: MapSource, b: MapSource): boolean => a.granter === b.granter && a.address === b.address;

/** What is left of a map when another one is put over memory of the same grantee, or that is given up. */
function cut(old: Safemap, over: GranteeRange): readonly Safemap[] {
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
