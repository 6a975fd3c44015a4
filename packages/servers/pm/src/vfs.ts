import { pmToVfs } from "@procyon-os/contract-vfs";
import { AMF_NOREPLY, VFS, encodeRequest, type Call, type Message, type Program, type Request, type VirtAddr } from "@procyon-os/message";
import { asynsend, panic, store, textBytes } from "@procyon-os/syslib";
import { SHARED_BYTES, type PmState, type Process } from "./state.ts";

type Calls = typeof pmToVfs.calls;
const NAME_BYTES = 16;

/**
 * Sends VFS a request for a process, without waiting. VFS works on one at a time; its answer comes as a message. The request
 * is kept until then, since one of the two may die.
 */
export function* tellVfs<Name extends keyof Calls>(process: Process, name: Name, fields: Omit<Request<Calls[Name]>, "sequence">): Program<void> {
  if (process.vfsCall !== null) return yield* panic(`VFS is to do ${name} for ${process.endpoint}, for which it works already`);
  const values = { ...fields, sequence: ++process.vfsSequence };
  process.vfsCall = encodeRequest(pmToVfs.base, pmToVfs.calls[name] as Call<any, any, any>, values as never);
  yield* send(process.vfsCall);
}

function* send(request: Message): Program<void> {
  const sent = yield* asynsend(VFS, request, AMF_NOREPLY);
  if (sent !== 0) return yield* panic(`cannot send to VFS: ${sent}`);
}

/** Sends what VFS has not answered once more; what it has already, it recognizes by the sequence numbers. */
export function* askVfsAgain(state: PmState): Program<void> {
  for (const { vfsCall } of state.processes) if (vfsCall !== null) yield* send(vfsCall);
}

/** Puts a process's name where VFS can read it. */
export function* shareName(state: PmState, process: Process): Program<VirtAddr> {
  const address = state.shared + process.slot * SHARED_BYTES;
  const bytes = new Uint8Array(NAME_BYTES);
  bytes.set(textBytes(process.name.slice(0, NAME_BYTES - 1)));
  yield* store(address, bytes);
  return address as VirtAddr;
}
