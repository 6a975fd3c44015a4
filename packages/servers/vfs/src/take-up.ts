import { errorCode, newMessage, type Program } from "@procyon-os/message";
import { printf } from "@procyon-os/syslib";
import { subscribeDrivers } from "./data-store.ts";
import { lendAgain } from "./loans.ts";
import { tellRestarted } from "./pm-messages.ts";
import { reply, resumeJob, type Vfs } from "./vfs.ts";
import { indexVnode } from "./vnode.ts";
import { about, comeAgain, readinessChanged, startTimers, type Job, type Work } from "./work.ts";

/** Jobs that are brought to where they wait between two messages, while some are not there yet. */
const AT_ONCE = 2;

/** A job that does not find its place again, as after an update that does things in another order, ends with EIO. */
export function* giveUp(job: Job, error: Error): Work<void> {
  yield* printf(`VFS: ${about(job)} cannot go on: ${error.message}\n`);
  const { task } = job.record;
  if (task.kind === "call") reply(task.message, task.status, newMessage(errorCode("EIO")));
}

/**
 * Makes from the state what runs: grants with their old ids first, since servers have them in hand, then each job. A fresh state has
 * nothing of it.
 * @param isUpdate the instance before made way for this one: it had done what it had begun, what was sent to it is there, and requests
 *   wait. So jobs come to where they wait when that is over, or when they go on before.
 */
export function* takeUp(vfs: Vfs, isUpdate: boolean): Program<void> {
  const { state } = vfs;
  if (state.instance === 1) return;
  for (const { loans } of state.jobs.values()) for (const loan of loans) yield* lendAgain(vfs, loan);
  for (const vnode of state.vnodes.values()) indexVnode(vfs, vnode);
  for (const record of state.jobs.values()) vfs.asleep.push(resumeJob(vfs, record));
  yield* startTimers(vfs);
  if (state.eventsDue) yield* subscribeDrivers();
  for (const { outstanding } of state.driverLines.values()) vfs.watchWanted ||= outstanding !== null;
  if (isUpdate) return;
  bringBack(vfs, vfs.asleep.length);
  readinessChanged(vfs);
  tellRestarted();
}

/** Brings some of the jobs of the instance before to where they wait. */
export function bringBack(vfs: Vfs, most: number = AT_ONCE): void {
  for (const job of vfs.asleep.splice(0, most)) comeAgain(job);
}
