import { fail, ok, type ErrorName, errorName, type Program, type Result, SELF, VM } from "@procyon-os/message";
import { dataCopy, load, scratch, scratchBytes } from "@procyon-os/syslib";
import { closeWindows, flushTables } from "./page-table.ts";
import { pageOf } from "./processes.ts";
import { makeResident } from "./resident.ts";
import type { VmProcess, VmState } from "./state.ts";

// The kernel would suspend VM's own copy until VM has brought the page in: for ever. So VM brings it in first.
function* ready(vm: VmState, process: VmProcess, address: number, length: number, write: boolean): Program<Result<null, "EFAULT" | "ENOMEM">> {
  const first = pageOf(process, address);
  const end = pageOf(process, address + length - 1) + 1;
  const result = yield* makeResident(vm, process.space, first, end, write);
  yield* flushTables(vm);
  if (result !== 0) return fail(errorName(result) === "ENOMEM" ? "ENOMEM" : "EFAULT");
  const own = vm.processes[VM];
  if (own) yield* closeWindows(vm, own.space);
  return ok(null);
}

const asFault = (error: ErrorName): "EFAULT" | "ENOMEM" => (error === "ENOMEM" ? "ENOMEM" : "EFAULT");

/** Reads memory of a process. */
export function* readFrom(vm: VmState, process: VmProcess, address: number, length: number): Program<Result<Uint8Array, "EFAULT" | "ENOMEM">> {
  const there = yield* ready(vm, process, address, length, false);
  if (!there.ok) return there;
  const here = yield* scratch(length);
  const copied = yield* dataCopy(process.endpoint, address, SELF, here, length);
  return copied.ok ? ok(yield* load(here, length)) : fail(asFault(copied.error));
}

/** Writes memory of a process. */
export function* writeTo(vm: VmState, process: VmProcess, address: number, bytes: Uint8Array): Program<Result<null, "EFAULT" | "ENOMEM">> {
  const there = yield* ready(vm, process, address, bytes.length, true);
  if (!there.ok) return there;
  const copied = yield* dataCopy(SELF, yield* scratchBytes(bytes), process.endpoint, address, bytes.length);
  return copied.ok ? ok(null) : fail(asFault(copied.error));
}
