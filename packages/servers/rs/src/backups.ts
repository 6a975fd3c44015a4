import { LU_SYS_PROC } from "@procyon-os/contract-kernel";
import { NONE, ok, SELF, type Endpoint, type Program, type Result } from "@procyon-os/message";
import { isStopped, readPrivileges, setPrivileges } from "./privileges.ts";
import { linked, type RsState } from "./rs-state.ts";
import type { Service } from "./service.ts";

/** Says who goes on where an instance of RS dies; nobody else has its deadly signals. It counts as a version that stays. */
export function* setBackup(instance: Service, backup: Endpoint, flags = 0): Program<Result<null>> {
  const read = yield* readPrivileges(instance);
  if (!read.ok) return read;
  const { privileges } = instance;
  const wanted = (privileges.flags & ~LU_SYS_PROC) | flags;
  if (privileges.backupSignalManager === backup && privileges.signalManager === SELF && privileges.flags === wanted) return ok(null);
  instance.privileges = { ...privileges, signalManager: SELF, backupSignalManager: backup, flags: wanted };
  return yield* setPrivileges(instance, true);
}

/** Each instance of RS has the next one as its backup: the kernel wakes the first replica when RS has died, the second where that is dead too. */
export function* linkBackups(state: RsState, rs: Service): Program<Result<null>> {
  const standing = rs.replicas.flatMap((index) => linked(state, index) ?? []);
  let backup: Endpoint = NONE;
  // From the end: so whoever is somebody's backup has its own already.
  for (const instance of [rs, ...standing].reverse()) {
    const set = yield* setBackup(instance, backup);
    if (!set.ok) return set;
    backup = instance.endpoint;
  }
  return ok(null);
}

/** Replicas of RS that were killed while they stood by: takes them out of the list, and gives them. */
export function* takeDeadReplicas(state: RsState, rs: Service): Program<Service[]> {
  const dead: Service[] = [];
  for (const index of rs.replicas) {
    const replica = linked(state, index);
    if (replica !== null && (yield* isStopped(replica.endpoint))) dead.push(replica);
  }
  rs.replicas = rs.replicas.filter((index) => !dead.some((one) => one.index === index));
  return dead;
}
