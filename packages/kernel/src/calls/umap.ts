import { BIOS_SEG, LOCAL_SEG, LOCAL_VM_SEG, MEM_GRANT, SEGMENT_INDEX, SEGMENT_TYPE, SEG_D, kernelContract } from "@procyon-os/contract-kernel";
import { ANY, NONE, OK, SELF, errorCode, type Endpoint, type GrantId, type Message } from "@procyon-os/message";
import { verifyGrant } from "../grants/verify-grant.ts";
import type { KernelCall } from "../kernel-call.ts";
import type { Kernel } from "../kernel.ts";
import { linearAddress } from "../memory/linear.ts";
import { lookUpRange } from "../memory/page-lookup.ts";
import { biosRange } from "../memory/virtual-copy.ts";
import type { Process } from "../processes/process.ts";

const { request, reply } = kernelContract.calls.umapRemote;
const EFAULT = errorCode("EFAULT");

/** SYS_UMAP: of the caller's own memory, or a grant made to it. */
export const umap: KernelCall = (kernel, caller, message) => {
  const index = request.segment.read(message) & SEGMENT_INDEX;
  if (index !== MEM_GRANT && request.process.read(message) !== SELF) return errorCode("EPERM");
  return map(kernel, caller, caller, message);
};

/** SYS_UMAP_REMOTE. */
export const umapRemote: KernelCall = (kernel, caller, message) => {
  const index = request.segment.read(message) & SEGMENT_INDEX;
  const endpoint = request.grantee.read(message);
  if (endpoint === SELF) return map(kernel, caller, caller, message);
  if (endpoint === NONE || endpoint === ANY || index !== MEM_GRANT) return errorCode("EINVAL");
  const grantee = kernel.processes.find(endpoint);
  return grantee === null ? errorCode("EINVAL") : map(kernel, caller, grantee, message);
};

function map(kernel: Kernel, caller: Process, grantee: Process, message: Message): number {
  const endpoint = request.process.read(message);
  const process = endpoint === SELF ? caller : kernel.processes.find(endpoint);
  if (process === null) return errorCode("EINVAL");
  const segment = request.segment.read(message) & 0xffff;
  const address = request.address.read(message);
  const bytes = request.bytes.read(message);
  const physical = translate(kernel, process, grantee.endpoint, segment, address, bytes);
  if (physical === null) return EFAULT;
  if (physical < 0) return physical;
  reply.physical.write(message, physical as never);
  return OK;
}

function translate(kernel: Kernel, process: Process, grantee: Endpoint, segment: number, address: number, bytes: number): number | null {
  const index = segment & SEGMENT_INDEX;
  switch (segment & SEGMENT_TYPE) {
    case LOCAL_SEG: return index > 2 ? errorCode("EINVAL") : linearAddress(process, index, address, bytes);
    case LOCAL_VM_SEG: {
      if (index !== MEM_GRANT) {
        const own = index > 2 ? null : linearAddress(process, index, address, bytes);
        return own === null ? null : tell(kernel, process, own, bytes);
      }
      const target = verifyGrant(kernel, process.endpoint, grantee, (address | 0) as GrantId, bytes, 0, 0);
      if (typeof target === "number") return null;
      const linear = linearAddress(target.granter, SEG_D, target.address, bytes);
      return linear === null ? null : tell(kernel, target.granter, linear, bytes);
    }
    case BIOS_SEG: return biosRange(address, bytes) ? address : null;
    default: return errorCode("EINVAL");
  }
}

/** From now on a device may use that memory: no copy may put other frames in its place. */
function tell(kernel: Kernel, process: Process, linear: number, bytes: number): number | null {
  const physical = lookUpRange(kernel, process, linear, bytes);
  if (physical !== null) process.knownFrames = true;
  return physical;
}
