import * as c from "@procyon-os/contract-vfs";
import { fail, NONE, ok, type Request, type Result } from "@procyon-os/message";
import { writeProcess } from "@procyon-os/syslib";
import { processOf } from "./files.ts";
import type { FileProcess } from "./state.ts";
import type { Vfs } from "./vfs.ts";
import type { Job, Work } from "./work.ts";

/** What jobs wait for, by the beginning of the key under which they do. */
const reasons: readonly (readonly [string, number])[] = [
  ["pipe/", c.FP_BLOCKED_ON_PIPE], ["fifo/", c.FP_BLOCKED_ON_POPEN], ["flock", c.FP_BLOCKED_ON_LOCK], ["select", c.FP_BLOCKED_ON_SELECT],
];

function describe(vfs: Vfs, process: FileProcess): Uint8Array {
  const job = vfs.calls.get(process.slot);
  const key = job?.record.parked?.key ?? null;
  const { endpoint, pid, tty, umask, realUid, effectiveUid, realGid, effectiveGid, sessionLeader } = process;
  return c.fprocInfo.encode({
    inUse: 1, endpoint, pid, tty, umask, uid: realUid, euid: effectiveUid, gid: realGid, egid: effectiveGid, leader: sessionLeader ? 1 : 0,
    blockedOn: key === null ? c.FP_BLOCKED_ON_NONE : (reasons.find(([start]) => key.startsWith(start))?.[1] ?? c.FP_BLOCKED_ON_OTHER),
    revived: job !== undefined && key === null && vfs.ready.includes(job) ? 1 : 0,
  });
}

function table(vfs: Vfs, what: number): Uint8Array | null {
  const { state } = vfs;
  if (what === c.SI_VFS_PROC_TAB) {
    const bytes = new Uint8Array(c.FPROC_TABLE_BYTES);
    for (const process of state.processes.values()) bytes.set(describe(vfs, process), process.slot * c.fprocInfo.bytes);
    return bytes;
  }
  if (what !== c.SI_DMAP_TAB) return null;
  const bytes = new Uint8Array(c.DMAP_TABLE_BYTES);
  for (let major = 0; major < c.NR_DEVICES; major++) {
    const { endpoint, style, label } = state.drivers[major] ?? { endpoint: NONE, style: 0, label: "" };
    bytes.set(c.dmapInfo.encode({ driver: endpoint, style, flags: 0, label }), major * c.dmapInfo.bytes);
  }
  return bytes;
}

/** GETSYSINFO: tables of VFS, for dumps. */
export function* getSysInfo(job: Job, { what, size, where }: Request<typeof c.vfsContract.calls.getSysInfo>): Work<Result<object>> {
  if (job.rights.uid !== 0) return fail("EPERM");
  const bytes = table(job.vfs, what);
  if (bytes === null || bytes.length !== size) return fail("EINVAL");
  const written = yield* writeProcess(processOf(job).endpoint, where, bytes);
  return written.ok ? ok({}) : fail("EFAULT");
}
