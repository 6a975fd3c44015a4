import { errorCode, newMessage } from "@procyon-os/message";
import { printf } from "@procyon-os/syslib";
import type { Program } from "@procyon-os/message";
import { subscribeDrivers } from "./data-store.ts";
import { lendAgain } from "./loans.ts";
import { tellRestarted } from "./pm-messages.ts";
import { reply, resumeJob, type Vfs } from "./vfs.ts";
import { indexVnode } from "./vnode.ts";
import { about, finish, readinessChanged, startTimer, type Job } from "./work.ts";

/** A job that does not find its place again, as after an update that does things in another order, ends with EIO. */
function* giveUp(job: Job, error: Error): Program<void> {
  yield* printf(`VFS: ${about(job)} cannot go on: ${error.message}\n`);
  const { task } = job.record;
  if (task.kind === "call") reply(task.message, task.status, newMessage(errorCode("EIO")));
  yield* finish(job);
}

/**
 * Makes from the state what runs: grants with their old ids first, since servers have them in hand, then each job, brought to
 * where it waits. A fresh state has nothing of it.
 */
export function* takeUp(vfs: Vfs): Program<void> {
  const { state } = vfs;
  if (state.instance === 1) return;
  for (const { loans } of state.jobs.values()) for (const loan of loans) yield* lendAgain(vfs, loan);
  for (const vnode of state.vnodes.values()) indexVnode(vfs, vnode);
  for (const record of [...state.jobs.values()]) {
    const { job, error } = resumeJob(vfs, record);
    if (error === null) yield* startTimer(job);
    else yield* giveUp(job, error);
  }
  if (state.eventsDue) yield* subscribeDrivers();
  vfs.watchWanted = [...state.driverLines.values()].some(({ outstanding }) => outstanding !== null);
  readinessChanged(vfs);
  tellRestarted();
}
