import { CPF_READ, CPF_WRITE, LOCAL_SEG, SEGMENT_TYPE, SEG_D } from "@procyon-os/contract-kernel";
import { errorCode, type Endpoint, type GrantId } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import { copyOrShare } from "./cow-copy.ts";
import { verifyGrant } from "./verify-grant.ts";

/** Copies between the caller and what a grant stands for, in the direction that `access` says: READ is towards the caller. */
export function safecopy(
  kernel: Kernel, caller: Process, granter: Endpoint, grant: GrantId, offset: number, address: number, bytes: number, segment: number,
  access: typeof CPF_READ | typeof CPF_WRITE,
): number {
  // Only the caller's own segments: with PHYS_SEG a grant would open all of memory.
  if ((segment & SEGMENT_TYPE) !== LOCAL_SEG || segment > 2) return errorCode("EINVAL");
  const target = verifyGrant(kernel, granter, caller.endpoint, grant, bytes, access, offset);
  if (typeof target === "number") return target;
  const theirs = { process: target.granter.endpoint, segment: SEG_D, address: target.address };
  const own = { process: caller.endpoint, segment, address };
  return access === CPF_READ ? copyOrShare(kernel, caller, theirs, own, bytes) : copyOrShare(kernel, caller, own, theirs, bytes);
}
