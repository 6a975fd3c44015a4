import {
  CPF_DIRECT, CPF_INDIRECT, CPF_MAGIC, CPF_MAP, CPF_READ, CPF_USED, CPF_VALID, CPF_WRITE, decodeGrant, encodeGrant, GRANT_BYTES, GRANT_LAST_GENERATION,
  grantGeneration, grantId, grantSlot,
  type GrantEntry,
} from "@procyon-os/contract-kernel";
import { fail, instanceLocal, ok, type Endpoint, type GrantId, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { allocate, free } from "./heap.ts";
import { getUptime } from "./info.ts";
import { kernel } from "./kernel.ts";
import { load, store } from "./trap.ts";

// A stale id is refused by the kernel: each slot counts its grants (docs/grants.md).
// The table lies in the process's memory: the kernel reads it there. Here is only which slots are in use.
interface GrantTable {
  address: VirtAddr | null;
  used: boolean[];
  generations: number[]; // of the next grant in a slot; of the one that is there, while it is in use
  first: number; // generation of a slot's first grant
  lowestFree: number; // no slot below is free
}

const FIRST_SIZE = 16;
const PAGE = 4096;
const ACCESS = CPF_READ | CPF_WRITE | CPF_MAP;

/** A slot that is taken and allows nobody anything. */
const nothing: GrantEntry = { kind: "unused", flags: CPF_USED };
const KIND_FLAG = { direct: CPF_DIRECT, indirect: CPF_INDIRECT, magic: CPF_MAGIC } as const;

const table = instanceLocal<GrantTable>("grants", () => ({ address: null, used: [], generations: [], first: 0, lowestFree: 0 }));

/** Makes room: a larger table with the same grants, told to the kernel before the old one is given back. */
function* grow(grants: GrantTable): Program<void> {
  const old = grants.used.length;
  const size = old === 0 ? FIRST_SIZE : old * 2;
  const address = yield* allocate(size * GRANT_BYTES);
  const bytes = new Uint8Array(size * GRANT_BYTES);
  if (grants.address !== null) bytes.set(yield* load(grants.address, old * GRANT_BYTES));
  yield* store(address, bytes);
  const set = yield* kernel.setgrant({ table: address, entries: size });
  if (!set.ok) {
    free(address); // the table before is the kernel's still
    throw new Error(`the kernel refuses the grant table: ${set.error}`);
  }
  if (grants.address !== null) free(grants.address);
  grants.address = address;
  // Another instance of this service may have had this endpoint before: its ids must not come again at once.
  if (old === 0) grants.first = (yield* getUptime()) & GRANT_LAST_GENERATION;
  for (let i = old; i < size; i++) {
    grants.used.push(false);
    grants.generations.push(i === 0 ? 0 : grants.first); // the first grant of all has a number that is known: SEF's state
  }
}

function* takeSlot(): Program<number> {
  const grants = table();
  let slot = grants.lowestFree;
  while (slot < grants.used.length && grants.used[slot] === true) slot++;
  if (slot === grants.used.length) yield* grow(grants);
  grants.used[slot] = true;
  grants.lowestFree = slot + 1;
  return slot;
}

function* fill(slot: number, entry: GrantEntry): Program<GrantId> {
  const { address, generations } = table();
  const generation = generations[slot] as number;
  yield* store((address as number) + slot * GRANT_BYTES, encodeGrant(entry, generation));
  return grantId(slot, generation);
}

function checkAccess(start: number, length: number, access: number): void {
  if ((access & ~ACCESS) !== 0 || access === 0) throw new Error(`grant: access 0x${access.toString(16)} is not of CPF_READ, CPF_WRITE, CPF_MAP`);
  if ((access & CPF_MAP) !== 0 && (start % PAGE !== 0 || length % PAGE !== 0)) {
    throw new Error(`grant: a mapping of ${length} bytes at 0x${start.toString(16)} is not page aligned`);
  }
}

/** Lets `to` (or ANY) read or write `length` bytes of this process (reference/rs-sef-ds-syslib.md 5.2). */
export function* grantDirect(to: Endpoint, start: VirtAddr | number, length: number, access: number): Program<GrantId> {
  checkAccess(start, length, access);
  const slot = yield* takeSlot();
  return yield* fill(slot, { kind: "direct", flags: access | CPF_DIRECT | CPF_USED | CPF_VALID, to, start, length });
}

/** Passes on to `to` a grant that `from` made to this process. */
export function* grantIndirect(to: Endpoint, from: Endpoint, grant: GrantId): Program<GrantId> {
  const slot = yield* takeSlot();
  return yield* fill(slot, { kind: "indirect", flags: CPF_INDIRECT | CPF_USED | CPF_VALID, to, from, grant });
}

/** Lets `to` into memory of a third process, `from`. The kernel honors it from VFS only. */
export function* grantMagic(to: Endpoint, from: Endpoint, start: VirtAddr | number, length: number, access: number): Program<GrantId> {
  checkAccess(start, length, access);
  const slot = yield* takeSlot();
  return yield* fill(slot, { kind: "magic", flags: access | CPF_MAGIC | CPF_USED | CPF_VALID, from, to, start, length });
}

/**
 * Makes a grant that the instance before had, with the id that it had there: others may have it in hand. To be called before
 * the instance makes grants of its own.
 */
export function* restoreGrant(grant: GrantId, entry: Exclude<GrantEntry, { kind: "unused" }>): Program<void> {
  const grants = table();
  const slot = grantSlot(grant);
  while (slot >= grants.used.length) yield* grow(grants);
  if (grants.used[slot] === true) throw new Error(`grant ${grant} cannot come back: its slot is in use`);
  grants.used[slot] = true;
  grants.generations[slot] = grantGeneration(grant);
  yield* fill(slot, { ...entry, flags: entry.flags | CPF_USED | CPF_VALID | KIND_FLAG[entry.kind] });
}

function isInUse(grant: GrantId): boolean {
  const { used, generations } = table();
  const slot = grantSlot(grant);
  return grant > -1 && used[slot] === true && generations[slot] === grantGeneration(grant);
}

/** The entry behind an id, as the kernel would read it; null where the grant is gone. */
export function* lookUpGrant(grant: GrantId): Program<GrantEntry | null> {
  const { address } = table();
  if (!isInUse(grant) || address === null) return null;
  return decodeGrant(yield* load(address + grantSlot(grant) * GRANT_BYTES, GRANT_BYTES));
}

function* setGrant(grant: GrantId, entry: GrantEntry): Program<void> {
  if (!isInUse(grant)) throw new Error(`grant ${grant} is not in use`);
  yield* fill(grantSlot(grant), entry);
}

/** Takes an id that means nothing yet; `setGrant…` gives it a meaning, again and again. */
export function* reserveGrant(): Program<GrantId> {
  const slot = yield* takeSlot();
  return yield* fill(slot, nothing);
}

/** Moves a direct grant to other memory or another grantee; its id stays. */
export function* setGrantDirect(grant: GrantId, to: Endpoint, start: VirtAddr | number, length: number, access: number): Program<void> {
  checkAccess(start, length, access);
  yield* setGrant(grant, { kind: "direct", flags: access | CPF_DIRECT | CPF_USED | CPF_VALID, to, start, length });
}

/** Makes a grant of ours stand for one that `from` made to this process; its id stays. */
export function* setGrantIndirect(grant: GrantId, to: Endpoint, from: Endpoint, other: GrantId): Program<void> {
  yield* setGrant(grant, { kind: "indirect", flags: CPF_INDIRECT | CPF_USED | CPF_VALID, to, from, grant: other });
}

/** Makes a grant of ours stand for memory of a third process; its id stays. */
export function* setGrantMagic(
  grant: GrantId, to: Endpoint, from: Endpoint, start: VirtAddr | number, length: number, access: number,
): Program<void> {
  checkAccess(start, length, access);
  yield* setGrant(grant, { kind: "magic", flags: access | CPF_MAGIC | CPF_USED | CPF_VALID, from, to, start, length });
}

/** Lets a grant mean nothing until it is set again; its id stays. */
export const disableGrant = (grant: GrantId): Program<void> => setGrant(grant, nothing);

/** Takes a grant back. A grant that was mapped is unmapped first; where that fails it stays, and the error is given. */
export function* revoke(grant: GrantId): Program<Result<null>> {
  const grants = table();
  if (!isInUse(grant) || grants.address === null) return fail("EINVAL");
  const slot = grantSlot(grant);
  const at = grants.address + slot * GRANT_BYTES;
  const entry = decodeGrant(yield* load(at, GRANT_BYTES));
  if ((entry.flags & (CPF_MAP | CPF_INDIRECT)) !== 0) {
    const unmapped = yield* kernel.saferevmap({ byGrant: true, what: grant });
    if (!unmapped.ok) return unmapped;
  }
  yield* store(at, new Uint8Array(GRANT_BYTES));
  grants.used[slot] = false;
  grants.generations[slot] = ((grants.generations[slot] as number) + 1) & GRANT_LAST_GENERATION;
  if (slot < grants.lowestFree) grants.lowestFree = slot;
  return ok(null);
}

/** How many grants are in use, for tests. */
export function grantsInUse(): number {
  return table().used.filter((used) => used).length;
}
