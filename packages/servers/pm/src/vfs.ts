import { pmToVfs } from "@procyon-os/contract-vfs";
import { AMF_NOREPLY, VFS, encodeRequest, type Program, type Request, type VirtAddr } from "@procyon-os/message";
import { asynsend, panic, store, textBytes } from "@procyon-os/syslib";
import { SHARED_BYTES, type PmState, type Process } from "./state.ts";

type Calls = typeof pmToVfs.calls;
const NAME_BYTES = 16;

/** Sends VFS a request for a process, without waiting. VFS works on one at a time; its answer comes as a message. */
export function* tellVfs<Name extends keyof Calls>(process: Process, name: Name, fields: Request<Calls[Name]>): Program<void> {
  if (process.vfsCall) return yield* panic(`VFS is to do ${name} for ${process.endpoint}, for which it works already`);
  const sent = yield* asynsend(VFS, encodeRequest(pmToVfs.base, pmToVfs.calls[name], fields), AMF_NOREPLY);
  if (sent !== 0) return yield* panic(`cannot send to VFS: ${sent}`);
  process.vfsCall = true;
}

/** Puts a process's name where VFS can read it. */
export function* shareName(state: PmState, process: Process): Program<VirtAddr> {
  const address = state.shared + process.slot * SHARED_BYTES;
  const bytes = new Uint8Array(NAME_BYTES);
  bytes.set(textBytes(process.name.slice(0, NAME_BYTES - 1)));
  yield* store(address, bytes);
  return address as VirtAddr;
}

/** Puts a process's groups where VFS can read them: 32-bit ids. */
export function* shareGroups(state: PmState, process: Process): Program<VirtAddr> {
  const address = state.shared + process.slot * SHARED_BYTES + NAME_BYTES;
  yield* store(address, new Uint8Array(Uint32Array.from(process.groups).buffer));
  return address as VirtAddr;
}
