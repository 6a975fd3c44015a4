import { rsContract, RS_LU_PREPARE } from "@procyon-os/contract-rs";
import { LU_SYS_PROC, SYS_PRIV_YIELD } from "@procyon-os/contract-kernel";
import { decodeRequest, errorCode, fail, NONE, ok, RS, type Endpoint, type ErrorName, type Message, type Program, type Result } from "@procyon-os/message";
import type { InitInfo } from "@procyon-os/sef";
import { kernel, panic, printf } from "@procyon-os/syslib";
import { setBackup } from "./backups.ts";
import { makePublicTable } from "./boot.ts";
import { cloneService, dropVersion } from "./create.ts";
import { RS_INIT_SECONDS, RS_INITIALIZING } from "./flags.ts";
import { watchRs } from "./period.ts";
import { privctl, readPrivileges } from "./privileges.ts";
import { byEndpoint, instances, linked, type RsState } from "./rs-state.ts";
import { isSameProgram, type Service } from "./service.ts";
import { noteSwap } from "./swap.ts";
import { isQuiet } from "./task.ts";
import { endUpdate } from "./update.ts";

// How RS gives its place to a new version of itself (reference/rs-sef-ds-syslib.md 2.14). When nothing is in work RS saves its state,
// changes places with the new version, which the kernel alone can do, and stops: it is the new version's backup. That one reads the
// state and, as its first deed, takes a replica of its own version as its backup (`confirm`): from then on it is RS. Where it dies
// before that, of itself or since it takes too long, the kernel wakes the old one, which takes its place back and goes on. Nobody
// sends anything to the new version or hears of it before it has confirmed, so whoever uses RS notices nothing either way.

/** What a new version of RS needs before it can be tried: a replica of its own, since those of the old one may not know its state. */
export function* readyVersion(state: RsState, rs: Service, version: Service): Program<Result<Service>> {
  const ready = yield* giveBackups(state, rs, version);
  if (ready.ok) return ok(version);
  yield* dropVersion(state, version);
  return ready;
}

/** Makes the replica, and the old RS the backup for as long as the version is tried. */
function* giveBackups(state: RsState, rs: Service, version: Service): Program<Result<unknown>> {
  if (version.program?.kind !== "hosted") return fail("ENOEXEC"); // RS runs before there is anything to load a file
  if (!isSameProgram(version.program, rs.program)) {
    const replica = yield* cloneService(state, rs, "replica", version.program);
    if (!replica.ok) return replica;
    version.replicas = [replica.value.index];
  }
  // Where the two have changed places this endpoint is the old one's.
  return yield* setBackup(version, version.endpoint, LU_SYS_PROC);
}

/** Whether nobody owes RS an answer, and RS owes none: what is done in tasks dies with the instance. */
export function isReady(state: RsState): boolean {
  return isQuiet() && state.clients.length === 0 && !instances(state).some(({ flags }) => (flags & RS_INITIALIZING) !== 0);
}

function* endHere(state: RsState, service: Service, error: ErrorName): Program<void> {
  yield* endUpdate(state, service, errorCode(error), null);
}

/** The state is saved: the new version gets the place. Comes back only where it did not keep it. */
export function* handOver(state: RsState, message: Message): Program<number> {
  const { result } = decodeRequest(rsContract.calls.luPrepare, message);
  const rs = byEndpoint(state, RS);
  const version = linked(state, rs?.newVersion ?? null);
  if (rs === null || version === null || result !== 0) return RS_LU_PREPARE; // given up meanwhile
  const { endpoint } = version;
  yield* watchRs(state, RS_INIT_SECONDS);
  const given = yield* kernel.update({ source: RS, target: endpoint });
  if (!given.ok) {
    yield* endHere(state, rs, given.error);
    return 0;
  }
  const tried = yield* privctl(RS, SYS_PRIV_YIELD);
  if (!tried.ok) yield* printf(`RS: the new version cannot run: ${tried.error}\n`);
  // The new version has ended: the kernel has given its signals to this one.
  yield* kernel.getksig({});
  const back = yield* kernel.update({ source: RS, target: endpoint });
  if (!back.ok) yield* panic(`RS cannot have its place back: ${back.error}`);
  yield* watchRs(state, RS_INIT_SECONDS);
  yield* endHere(state, rs, "ERESTART");
  return 0;
}

/** The new version, in RS's place: the state of the old one, as this one has it from now on. Changes nothing outside of this process. */
export function* takeUpdate({ oldEndpoint }: InitInfo, saved: RsState | null): Program<Result<RsState>> {
  if (saved === null) return fail("ERESTART");
  const rs = byEndpoint(saved, RS);
  const old = byEndpoint(saved, oldEndpoint);
  if (rs === null || old === null || rs.newVersion !== old.index || saved.update === null) return fail("ERESTART");
  yield* makePublicTable(saved);
  const { replicas } = old;
  if (replicas.length > 0) [rs.replicas, old.replicas] = [replicas, rs.replicas];
  noteSwap(rs, old);
  yield* readPrivileges(rs);
  yield* readPrivileges(old);
  saved.update.phase = "done";
  return ok(saved);
}

/** The new version has the state: it stays, and whoever stands by for it knows its state. From here on it is RS. */
export function* confirm(state: RsState): Program<number> {
  const rs = byEndpoint(state, RS);
  const replica = linked(state, rs?.replicas[0] ?? null);
  const backup: Endpoint = replica?.endpoint ?? NONE;
  const set = rs === null ? fail("EINVAL") : yield* setBackup(rs, backup);
  return set.ok ? 0 : errorCode(set.error);
}
