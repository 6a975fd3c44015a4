import { CPF_MAP, CPF_READ, SEG_D } from "@procyon-os/contract-kernel";
import { NR_DS_SNAPSHOT } from "@procyon-os/contract-ds";
import { fail, ok, type Endpoint, type GrantId, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { grantDirect, kernel, load, mapMemory, printf, revoke, vm } from "@procyon-os/syslib";
import { copyFailure } from "./key.ts";
import { entryChanged, type Mapped, type Store } from "./store.ts";

const PAGE = 4096;
/** Longest mapped entry: its snapshots are copied to the instance that comes after a crash. */
const MAX_MAP_BYTES = 256 * 1024;

type MapError = "EINVAL" | "EPERM" | "EFAULT" | "ENOMEM";

function* see(publisher: Endpoint, grant: GrantId, length: number): Program<Result<number, MapError>> {
  const address = yield* mapMemory(length);
  if (address === null) return fail("ENOMEM");
  const mapped = yield* kernel.safemap({ granter: publisher, grant, offset: 0, segment: SEG_D, address, bytes: length, writable: false });
  if (mapped.ok) return ok(address);
  yield* vm.munmap({ address, length });
  return mapped.error === "ENOMEM" ? fail("ENOMEM") : copyFailure(mapped);
}

/** Maps what is published, to be read. */
export function* mapPublished(publisher: Endpoint, grant: GrantId, length: number): Program<Result<Mapped, MapError>> {
  if (length === 0 || length % PAGE !== 0) return fail("EINVAL");
  if (length > MAX_MAP_BYTES) return fail("ENOMEM");
  const seen = yield* see(publisher, grant, length);
  return seen.ok ? ok({ publisher, grant, length, address: seen.value, snapshots: [], taken: 0, grants: [] }) : seen;
}

/** Ends a mapping, and what others see through it; the publisher's grant is the publisher's to revoke. */
export function* unmapPublished(map: Mapped): Program<void> {
  for (const { grant } of map.grants) {
    const revoked = yield* revoke(grant);
    if (!revoked.ok) yield* printf(`ds: grant ${grant} of a mapped entry stays: ${revoked.error}\n`);
  }
  const unmapped = yield* kernel.safeunmap({ segment: SEG_D, address: map.address as VirtAddr });
  if (!unmapped.ok) yield* printf(`ds: a mapped entry stays mapped: ${unmapped.error}\n`);
  else yield* vm.munmap({ address: map.address as VirtAddr, length: map.length });
}

/** Maps everything again in an instance that took over from another; what cannot be mapped any more is forgotten. */
export function* mapAgain(store: Store): Program<void> {
  for (const [slot, entry] of store.entries.entries()) {
    if (entry?.map === undefined) continue;
    entryChanged(slot);
    const seen = yield* see(entry.map.publisher, entry.map.grant, entry.map.length);
    if (seen.ok) {
      entry.map.address = seen.value;
      entry.map.grants = [];
    } else store.entries[slot] = null;
  }
}

/** The grant through which a process maps an entry: one each. */
export function* grantFor(map: Mapped, to: Endpoint): Program<GrantId> {
  const known = map.grants.find((one) => one.to === to);
  if (known !== undefined) return known.grant;
  const grant = yield* grantDirect(to, map.address, map.length, CPF_READ | CPF_MAP);
  map.grants.push({ to, grant });
  return grant;
}

/** Copies what is there now; the number of the snapshot. */
export function* takeSnapshot(map: Mapped): Program<number> {
  const number = map.taken;
  map.snapshots[number % NR_DS_SNAPSHOT] = yield* load(map.address, map.length);
  map.taken = number + 1;
  return number;
}

/** One of the last five snapshots. */
export function snapshotOf(map: Mapped, number: number): Uint8Array | null {
  if (number < Math.max(0, map.taken - NR_DS_SNAPSHOT) || number >= map.taken) return null;
  return map.snapshots[number % NR_DS_SNAPSHOT] ?? null;
}
