import { CPF_DIRECT, CPF_INDIRECT, CPF_MAGIC, CPF_READ, CPF_USED, CPF_VALID, GRANT_BYTES, GRANT_GENERATION_OFFSET, GRANT_TAG, GRANT_TAG_OFFSET, MAX_INDIRECT_DEPTH, grantGeneration, grantSlot } from "@procyon-os/contract-kernel";
import { ANY, VFS, errorCode, type Endpoint, type GrantId } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import { readUser } from "../memory/user-copy.ts";
import type { Process } from "../processes/process.ts";

/** What a grant stands for: an address in the data segment of the process whose memory it is. */
export interface GrantTarget {
  readonly granter: Process;
  readonly address: number;
}

const EPERM = errorCode("EPERM");
const buffer = new Uint8Array(GRANT_BYTES);
const view = new DataView(buffer.buffer);
const word = (index: number): number => view.getUint32(index * 4, true);
const endpointAt = (index: number): Endpoint => view.getInt32(index * 4, true) as Endpoint;
const matches = (to: Endpoint, grantee: Endpoint): boolean => to === grantee || to === ANY || grantee === ANY;

/** One grant of those that were followed to come to memory. */
export interface GrantLink {
  readonly granter: Endpoint;
  readonly grant: GrantId;
}

/** Whether an id is of the generation that the entry in the buffer has; without one the id is the slot (docs/grants.md). */
function isCurrent(grant: GrantId): boolean {
  if (view.getUint32(GRANT_TAG_OFFSET, true) !== GRANT_TAG) return grantGeneration(grant) === 0;
  return view.getUint32(GRANT_GENERATION_OFFSET, true) === grantGeneration(grant);
}

/** Whether a new version reads what the running one grants to itself (STATECTL's SYS_STATE_SUCCESSOR). */
function isSuccessor(kernel: Kernel, owner: Process, grantee: Endpoint, to: Endpoint, access: number): boolean {
  return to === owner.endpoint && access === CPF_READ && kernel.processes.find(grantee)?.succeeds === to;
}

/** Checks that a grant allows this access, following indirect ones; a negative error where it does not (reference/kernel.md 3.8). */
export function verifyGrant(
  kernel: Kernel, granter: Endpoint, grantee: Endpoint, grant: GrantId, bytes: number, access: number, offset: number,
  chain: GrantLink[] | null = null,
): GrantTarget | number {
  for (let depth = 0; ; depth++) {
    const owner = kernel.processes.find(granter);
    if (owner === null || grant <= -1) return errorCode("EINVAL");
    const table = owner.privileges;
    if (table === null || table.grantTable === 0 || table.grantEntries === 0 || grantSlot(grant) >= table.grantEntries) return EPERM;
    if (!readUser(kernel, owner, table.grantTable + grantSlot(grant) * GRANT_BYTES, buffer, 0, GRANT_BYTES)) return EPERM;
    const flags = word(0);
    if ((flags & (CPF_USED | CPF_VALID)) !== (CPF_USED | CPF_VALID)) return EPERM;
    if (!isCurrent(grant)) return EPERM;
    chain?.push({ granter, grant });
    if (!(flags & CPF_INDIRECT)) return checkFinal(kernel, owner, grantee, flags, bytes, access, offset);
    if (depth >= MAX_INDIRECT_DEPTH) return errorCode("ELOOP");
    if (!matches(endpointAt(1), grantee)) return EPERM;
    grantee = granter;
    granter = endpointAt(2);
    grant = view.getInt32(12, true) as GrantId;
  }
}

function checkFinal(
  kernel: Kernel, owner: Process, grantee: Endpoint, flags: number, bytes: number, access: number, offset: number,
): GrantTarget | number {
  if ((flags & access) !== access) return EPERM;
  const direct = (flags & CPF_DIRECT) !== 0;
  if (!direct && !(flags & CPF_MAGIC)) return EPERM;
  const to = endpointAt(direct ? 1 : 2);
  const start = word(direct ? 2 : 3);
  const length = word(direct ? 3 : 4);
  if (start + length > 0x100000000 && kernel.debug.plant !== "grantWrap") return EPERM;
  if (!direct && owner.endpoint !== VFS) return EPERM; // only VFS may grant the memory of others
  if (!matches(to, grantee) && !isSuccessor(kernel, owner, grantee, to, access)) return EPERM;
  if (offset + bytes > length) return EPERM;
  const granter = direct ? owner : kernel.processes.find(endpointAt(1));
  return granter === null ? EPERM : { granter, address: start + offset };
}
