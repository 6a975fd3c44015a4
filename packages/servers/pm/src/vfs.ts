import { pmToVfs } from "@procyon-os/contract-vfs";
import { VFS, encodeRequest, instanceLocal, NR_PROCS, type Call, type Program, type Request, type VirtAddr } from "@procyon-os/message";
import { queueMessage } from "@procyon-os/sef";
import { allocate, panic, store, textBytes } from "@procyon-os/syslib";
import { change, type PmState, type Process } from "./state.ts";

type Calls = typeof pmToVfs.calls;
const NAME_BYTES = 16;

/**
 * Sends VFS a request for a process when this round is saved, without waiting. VFS works on one at a time; its answer comes as
 * a message. The request is kept until then, since one of the two may die.
 */
export function* tellVfs<Name extends keyof Calls>(process: Process, name: Name, fields: Omit<Request<Calls[Name]>, "sequence">): Program<void> {
  if (process.vfsCall !== null) return yield* panic(`VFS is to do ${name} for ${process.endpoint}, for which it works already`);
  const values = { ...fields, sequence: ++change(process).vfsSequence };
  process.vfsCall = encodeRequest(pmToVfs.base, pmToVfs.calls[name] as Call<any, any, any>, values as never);
  queueMessage(VFS, process.vfsCall, "senda");
}

/** Sends what VFS has not answered once more; what it has already, it recognizes by the sequence numbers. */
export function askVfsAgain(state: PmState): void {
  for (const process of state.processes) if (process?.vfsCall != null) queueMessage(VFS, process.vfsCall, "senda");
}

/** Memory that VFS reads: a name for each slot. */
const shared = instanceLocal<{ address: VirtAddr | null }>("pm shared names", () => ({ address: null }));

/** Puts a process's name where VFS can read it. */
export function* shareName(process: Process): Program<VirtAddr> {
  const here = shared();
  here.address ??= yield* allocate(NR_PROCS * NAME_BYTES);
  const address = here.address + process.slot * NAME_BYTES;
  const bytes = new Uint8Array(NAME_BYTES);
  bytes.set(textBytes(process.name.slice(0, NAME_BYTES - 1)));
  yield* store(address, bytes);
  return address as VirtAddr;
}
