import { NR_STATIC_PRIV_IDS, NULL_PRIV_ID } from "@procyon-os/contract-kernel";
import { NR_SYS_PROCS, OK, errorCode } from "@procyon-os/message";
import type { Process } from "../processes/process.ts";
import { Privileges } from "./privileges.ts";

/** All privilege structures; ids 0..16 belong to the boot image. */
export class PrivilegeTable {
  readonly all: readonly Privileges[] = Array.from({ length: NR_SYS_PROCS }, (_, id) => new Privileges(id));

  at(id: number): Privileges {
    const privileges = this.all[id];
    if (privileges === undefined) throw new Error(`no privilege id ${id}`);
    return privileges;
  }

  /** Gives a process a structure of its own: the static id asked for, or the first free dynamic one. */
  allocate(process: Process, id: number): number {
    if (id === NULL_PRIV_ID) {
      const free = this.all.find((one) => one.id >= NR_STATIC_PRIV_IDS && one.owner === null);
      if (free === undefined) return errorCode("ENOSPC");
      id = free.id;
    } else if (id < 0 || id >= NR_STATIC_PRIV_IDS) return errorCode("EINVAL");
    const chosen = this.at(id);
    if (chosen.owner !== null) return errorCode("EBUSY");
    chosen.owner = process;
    process.privileges = chosen;
    return OK;
  }

  /** Nobody has anything to hear any more of whoever had an id: no notification, no asynchronous message. */
  forgetPending(id: number): void {
    for (const { notifyPending, asynPending } of this.all) {
      notifyPending.delete(id);
      asynPending.delete(id);
    }
  }

  /** Allows or forbids sending from one structure to the id; permissions are symmetric (reference/kernel.md 1.6). */
  setSendTo(from: Privileges, id: number, allowed: boolean): void {
    const to = this.at(id);
    if (!allowed || to.owner === null || to === from) {
      from.ipcTo.delete(id);
      if (to.owner !== null && to !== from) to.ipcTo.delete(from.id);
      return;
    }
    from.ipcTo.add(id);
    // One that may at most receive does not get to send.
    if ((to.trapMask & ~(1 << 2)) !== 0) to.ipcTo.add(from.id);
  }

  /** Sets the whole send mask of a structure. */
  fillSendTo(from: Privileges, has: (id: number) => boolean): void {
    for (const { id } of this.all) this.setSendTo(from, id, has(id));
  }
}
