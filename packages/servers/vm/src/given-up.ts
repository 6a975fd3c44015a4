import { VMCTL_UNMAPPED } from "@procyon-os/contract-kernel";
import type { Program } from "@procyon-os/message";
import type { AddressSpace, VmState } from "./state.ts";
import { vmctl } from "./vmctl.ts";

/** Pages [first, end) are no longer what a safemap may have shown there. */
export function noteGivenUp(vm: VmState, space: AddressSpace, first: number, end: number): void {
  if (space.sees) vm.givenUp.push({ space, first, end });
}

/**
 * Tells the kernel what a request has given up, when it is through and before it is answered: maps that lay there are over, so that what comes there
 * next, and is mapped on, has nothing to do with their grants.
 */
export function* tellGivenUp(vm: VmState): Program<void> {
  for (const { space, first, end } of vm.givenUp) {
    const process = vm.processes.find((one) => one?.space === space); // gone: so are its maps
    if (process) yield* vmctl(process.endpoint, VMCTL_UNMAPPED, first * 4096, (end - first) * 4096);
  }
  vm.givenUp.length = 0;
}
