import { pmContract } from "@procyon-os/contract-pm";
import { vmContract } from "@procyon-os/contract-vm";
import { PM, VM, type Outcome, type Program, type Request } from "@procyon-os/message";
import { allocate, free, store } from "@procyon-os/syslib";
import { taskCall } from "./task.ts";

type PmCalls = (typeof pmContract)["calls"];
type VmCalls = (typeof vmContract)["calls"];

/** Calls PM from a task. */
export function* pmCall<Name extends keyof PmCalls & string>(name: Name, request: Request<PmCalls[Name]>, again?: boolean): Program<Outcome<PmCalls[Name]>> {
  return yield* taskCall(pmContract, PM, name, request, again);
}

/** Calls VM from a task. */
export function* vmCall<Name extends keyof VmCalls & string>(name: Name, request: Request<VmCalls[Name]>, again?: boolean): Program<Outcome<VmCalls[Name]>> {
  return yield* taskCall(vmContract, VM, name, request, again);
}

/** Lends bytes for a call that waits: scratch memory would be another task's by the time that the server looks. */
export function* withBytes<T>(bytes: Uint8Array, use: (address: number) => Program<T>): Program<T> {
  const address = yield* allocate(Math.max(1, bytes.length));
  yield* store(address, bytes);
  const result = yield* use(address);
  free(address);
  return result;
}
