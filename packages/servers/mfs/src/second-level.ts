import { VM_BLOCKID_NONE } from "@procyon-os/contract-vm";
import type { Program, VirtAddr } from "@procyon-os/message";
import { vm } from "@procyon-os/syslib";

const PAGE = 4096;
/** Devices in memory gain nothing. */
const MEMORY_MAJOR = 1;
/** With more blocks to forget than this, all are forgotten, in one call. */
const MANY = 64;

/**
 * VM's cache of yielded blocks as a second level: what goes from the cache is given to VM under an id, and asked back before
 * it is read from disk. VM may have forgotten it by then. Only what is on disk in the same form is given away.
 */
export interface SecondLevel {
  on: boolean;
  /** VM may have what an instance before gave away, which is to be forgotten before anything else is asked of it. */
  before: boolean;
  /** Ids that VM may have, and which places of the unit hold a block (bits). */
  readonly yielded: Map<number, number>;
  /** Ids that VM may have with contents of before: to be forgotten before they are given away again. */
  readonly stale: Set<number>;
}

/** Nothing given away; `startSecondLevel` says whether it can be used. */
export function newSecondLevel(): SecondLevel {
  return { on: false, before: false, yielded: new Map(), stale: new Set() };
}

/** Neighboring blocks of a device. */
export interface UnitId {
  readonly device: number;
  readonly unitNumber: number;
}
/** Those that are there: bit n is the block in place n. */
export interface UnitContents extends UnitId {
  readonly bits: number;
}

/** The id of neighboring blocks that lie in one unit; a number that both halves of VM's id come out of. */
export const idOf = ({ device, unitNumber }: UnitId): number => device * 2 ** 32 + unitNumber;
const highOf = (id: number): number => id % 2 ** 32;
const lowOf = (id: number): number => Math.floor(id / 2 ** 32);

/** Begins without anything that an instance before may have given away. VM hears of it later: nothing is of use until then. */
export function startSecondLevel(level: SecondLevel, unitBytes: number): void {
  level.yielded.clear();
  level.stale.clear();
  level.on = level.before = unitBytes % PAGE === 0;
}

/** VM forgets what an instance before gave away; where it does not, there is no second level. */
function* forgetBefore(level: SecondLevel): Program<void> {
  level.before = false;
  level.on = (yield* vm.forgetblocks({})).ok;
}

/** Whether VM may have a unit. */
export function mayBeYielded(level: SecondLevel, unit: UnitId): boolean {
  return level.yielded.has(idOf(unit));
}

/** What VM has of a block is not to be had any more. */
export function dropYielded(level: SecondLevel, unit: UnitId, place: number): void {
  const id = idOf(unit);
  const bits = level.yielded.get(id);
  if (bits === undefined) return;
  const left = bits & ~(1 << place);
  if (left !== 0) return void level.yielded.set(id, left);
  level.yielded.delete(id);
  level.stale.add(id);
}

function forgetLater(level: SecondLevel, id: number): void {
  level.yielded.delete(id);
  level.stale.add(id);
}

/** Lets VM forget what is stale. */
export function* forgetStale(level: SecondLevel): Program<void> {
  if (level.before) yield* forgetBefore(level);
  if (level.stale.size === 0) return;
  if (level.stale.size > MANY) return yield* forgetAll(level);
  for (const id of level.stale) yield* vm.forgetblock({ high: highOf(id), low: lowOf(id) });
  level.stale.clear();
}

/** Lets VM forget everything. */
export function* forgetAll(level: SecondLevel): Program<void> {
  level.yielded.clear();
  level.stale.clear();
  if (!level.on) return;
  level.before = false;
  yield* vm.forgetblocks({});
}

/**
 * Gives the memory of a unit away with what is in it, and gets other contents for it, in one call. Each may be null. Which blocks
 * came; where none did, the memory holds anything.
 */
export function* exchange(level: SecondLevel, address: number, unitBytes: number, give: UnitContents | null, get: UnitId | null): Program<number> {
  if (level.before && (give !== null || get !== null)) yield* forgetBefore(level);
  const given = give === null || !level.on || give.device >> 8 === MEMORY_MAJOR ? null : idOf(give);
  const got = get === null || !level.on ? null : idOf(get);
  if (given === null && got === null) return 0;
  if (given !== null) {
    // VM does not take what it has already: part of the unit may have come in another way, and goes once more.
    if (level.stale.delete(given) || level.yielded.has(given)) yield* vm.forgetblock({ high: highOf(given), low: lowOf(given) });
    level.yielded.set(given, give?.bits ?? 0);
  }
  const bits = got === null ? 0 : (level.yielded.get(got) ?? 0);
  if (got !== null) level.yielded.delete(got);
  const answer = yield* vm.yieldblockgetblock({
    address: address as VirtAddr, length: unitBytes,
    yieldHigh: given === null ? VM_BLOCKID_NONE : highOf(given), yieldLow: given === null ? VM_BLOCKID_NONE : lowOf(given),
    getHigh: got === null ? VM_BLOCKID_NONE : highOf(got), getLow: got === null ? VM_BLOCKID_NONE : lowOf(got),
  });
  if (answer.ok) return bits;
  if (answer.error !== "ESRCH") {
    // Nothing was done, or it is not known what.
    for (const id of [given, got]) if (id !== null) forgetLater(level, id);
  }
  return 0;
}
