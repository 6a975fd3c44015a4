import { VMCTL_GET_SLOT, VMCTL_RAISE_AGAIN } from "@procyon-os/contract-kernel";
import { messageType, NR_PROCS, SELF, VM, type Endpoint, type Program } from "@procyon-os/message";
import { kernel, panic } from "@procyon-os/syslib";
import { bind, closeWindows, flushTables, showDirectory } from "../page-table.ts";
import { newMap } from "../processes.ts";
import type { VmProcess, VmState } from "../state.ts";
import { vmctl, vmctlMessage } from "../vmctl.ts";

/** What the kernel has in a slot. */
interface KernelSlot {
  readonly endpoint: Endpoint;
  /** Physical address of the page directory. */
  readonly root: number;
}

/** The slots as the kernel sees them; null for one that is free. */
export function* kernelSlots(): Program<(KernelSlot | null)[]> {
  const slots: (KernelSlot | null)[] = [];
  for (let slot = 0; slot < NR_PROCS; slot++) {
    const told = yield* vmctlMessage(SELF, VMCTL_GET_SLOT, slot, 0);
    slots.push(messageType(told) === 0 ? { endpoint: told[2] as Endpoint, root: (told[4] as number) >>> 0 } : null);
  }
  return slots;
}

/**
 * Instances that have changed places in the kernel and not here: this one with its predecessor, or two services whose exchange was
 * under way. Gives the endpoints of the latter.
 */
export function followExchanges(vm: VmState, slots: readonly (KernelSlot | null)[]): Endpoint[] {
  const predecessor = vm.processes[VM];
  const byRoot = new Map<number, VmProcess>();
  for (const process of vm.processes) if (process) byRoot.set(process.space.directory.frame * 4096, process);
  const moved: [VmProcess, number, Endpoint][] = [];
  slots.forEach((here, slot) => {
    const process = here === null ? undefined : byRoot.get(here.root);
    if (here !== null && process !== undefined && process.slot !== slot) moved.push([process, slot, here.endpoint]);
  });
  for (const [process, slot, endpoint] of moved) {
    process.slot = slot;
    process.endpoint = endpoint;
    vm.processes[slot] = process;
    vm.changedSlots.add(slot);
  }
  return moved.filter(([process, , endpoint]) => endpoint !== VM && process !== predecessor).map(([, , endpoint]) => endpoint);
}

/** Children that the kernel has and nobody knows of: a fork that was under way. It comes again, and finds the slot free. */
export function* dropHalfMade(vm: VmState, slots: readonly (KernelSlot | null)[]): Program<void> {
  for (const [slot, here] of slots.entries()) {
    if (here === null || vm.processes[slot]?.endpoint === here.endpoint) continue;
    const cleared = yield* kernel.clear({ process: here.endpoint });
    if (!cleared.ok) yield* panic(`cannot clear the half-made process ${here.endpoint}: ${cleared.error}`);
  }
}

/** What waited for memory comes again; the kernel forgets what it has cached of tables. */
function* raiseAgain(vm: VmState, own: VmProcess): Program<void> {
  vm.staleWindows = true;
  vm.staleDirectories = true;
  yield* closeWindows(vm, own.space);
  const raised = yield* vmctl(SELF, VMCTL_RAISE_AGAIN);
  if (raised !== 0) yield* panic(`the kernel does not raise again what was under way: ${raised}`);
}

/**
 * Tells the kernel that a new version of VM has the place of the old one: nobody else is elsewhere, and nothing was half done.
 * @param old the old version, where it is now
 */
export function* agreeAfterUpdate(vm: VmState, old: VmProcess | null): Program<void> {
  const own = vm.processes[VM] as VmProcess;
  yield* bind(vm, VM, VM, own.space); // see `agreeWithKernel`
  if (old !== null) yield* bind(vm, old.endpoint, old.slot, old.space);
  yield* raiseAgain(vm, own);
}

/** Tells the kernel of every process what VM believes, and lets what waits for memory come again. */
export function* agreeWithKernel(vm: VmState, slots: readonly (KernelSlot | null)[]): Program<void> {
  const own = vm.processes[VM] as VmProcess;
  // The kernel sees VM's directory where the second VM's was shown; it must have found it at VM's own place before anything else is shown there.
  yield* bind(vm, VM, VM, own.space);
  for (let slot = 0; slot < NR_PROCS; slot++) showDirectory(vm, slot, vm.processes[slot]?.space ?? null);
  yield* flushTables(vm);
  for (const process of vm.processes) {
    if (!process || process === own || slots[process.slot]?.endpoint !== process.endpoint) continue; // it is about to exit
    yield* newMap(process);
    yield* bind(vm, process.endpoint, process.slot, process.space);
  }
  yield* raiseAgain(vm, own);
}
