import { COMMON_GETSYSINFO, getSysInfoCall } from "@procyon-os/contract-rs";
import { GET_PROCTAB, PROCESS_BYTES, processEntry, RTS_SLOT_FREE, type ProcessEntry } from "@procyon-os/contract-kernel";
import { ANY, decodeReply, encodeRequest, NONE, NR_PROCS, NR_TASKS, type Endpoint, type Program } from "@procyon-os/message";
import { kernelStructure, load, scratch, sendrec } from "@procyon-os/syslib";
import type { Shown } from "./dump.ts";

/** A table of a server, as bytes; or what to say where it gives none. */
export function* serverTable(name: string, server: Endpoint, what: number, size: number): Program<Uint8Array | { readonly problem: string }> {
  const where = yield* scratch(size);
  const reply = decodeReply(getSysInfoCall, yield* sendrec(server, encodeRequest(COMMON_GETSYSINFO, getSysInfoCall, { what, size, where })));
  if (reply.ok) return yield* load(where, size);
  const why = reply.error === "EINVAL" ? "its tables have another size: are these two versions that belong together?" : reply.error;
  return { problem: `IS: no table ${what} of ${name}: ${why}` };
}

/** Every entry of such a table that is in use. */
export function entriesOf<T>(bytes: Uint8Array, entryBytes: number, decode: (bytes: Uint8Array, offset: number) => T, isUsed: (entry: T) => boolean): (T & { readonly index: number })[] {
  const entries: (T & { readonly index: number })[] = [];
  for (let index = 0; (index + 1) * entryBytes <= bytes.length; index++) {
    const entry = decode(bytes, index * entryBytes);
    if (isUsed(entry)) entries.push({ ...entry, index });
  }
  return entries;
}

/** A dump of such a table. */
export function* fromServer(name: string, server: Endpoint, what: number, size: number, show: (bytes: Uint8Array) => Shown): Program<Shown> {
  const table = yield* serverTable(name, server, what, size);
  return table instanceof Uint8Array ? show(table) : table;
}

/** What the kernel does not give. */
export function refused(what: string): { readonly problem: string } {
  return { problem: `IS: the kernel gives no ${what}` };
}

/** The kernel's processes, tasks first; null where it does not give them. */
export function* processes(): Program<ProcessEntry[] | null> {
  const bytes = yield* kernelStructure(GET_PROCTAB, PROCESS_BYTES * (NR_TASKS + NR_PROCS));
  return bytes === null ? null : entriesOf(bytes, PROCESS_BYTES, processEntry.decode, ({ rtsFlags }) => (rtsFlags & RTS_SLOT_FREE) === 0);
}

/** What an endpoint is called. */
export function nameIn(table: readonly ProcessEntry[], endpoint: Endpoint): string {
  if (endpoint === ANY) return "ANY";
  if (endpoint === NONE) return "NONE";
  return table.find((one) => one.endpoint === endpoint)?.name ?? String(endpoint);
}
