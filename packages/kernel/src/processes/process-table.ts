import { NR_PROCS, NR_TASKS, endpointSlot, type Endpoint } from "@procyon-os/message";
import { Process } from "./process.ts";

/** All slots, kernel tasks first: index = slot + 5. */
export class ProcessTable {
  readonly slots: readonly Process[] = Array.from({ length: NR_TASKS + NR_PROCS }, (_, index) => new Process(index - NR_TASKS));

  /** The process in a slot; the slot must exist. */
  at(slot: number): Process {
    const process = this.slots[slot + NR_TASKS];
    if (process === undefined) throw new Error(`no slot ${slot}`);
    return process;
  }

  /** The live process that an endpoint names, or null (reference/kernel.md 1.2). */
  find(endpoint: Endpoint): Process | null {
    // The first generation's endpoints are slots: no division.
    const slot = endpoint < NR_PROCS ? endpoint : endpointSlot(endpoint);
    const process = this.slots[slot + NR_TASKS];
    return process === undefined || process.isFree || process.endpoint !== endpoint ? null : process;
  }
}
