import { GET_PRIV, privilegeEntry, SYS_PRIV_SET_SYS, SYS_PRIV_UPDATE_SYS } from "@procyon-os/contract-kernel";
import { fail, ok, type Endpoint, type PhysAddr, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { kernel, kernelStructure, scratchBytes } from "@procyon-os/syslib";
import type { Service } from "./service.ts";

const noRange = { physStart: 0 as PhysAddr, physLength: 0 } as const;

/** One request of PRIVCTL without an argument. */
export function* privctl(process: Endpoint, request: number): Program<Result<unknown>> {
  return yield* kernel.privctl({ process, request, argument: 0 as VirtAddr, ...noRange });
}

/** Reads back what the kernel has: the id that it chose, and what a driver added to its resources. */
export function* readPrivileges(service: Service): Program<Result<null>> {
  const bytes = yield* kernelStructure(GET_PRIV, privilegeEntry.bytes, service.endpoint);
  if (bytes === null) return fail("EINVAL");
  service.privileges = { ...privilegeEntry.decode(bytes) };
  return ok(null);
}

/** Gives the process its privileges, as the entry has them. */
export function* setPrivileges(service: Service, update = false): Program<Result<null>> {
  const argument = yield* scratchBytes(privilegeEntry.encode(service.privileges));
  const request = update ? SYS_PRIV_UPDATE_SYS : SYS_PRIV_SET_SYS;
  const set = yield* kernel.privctl({ process: service.endpoint, request, argument, ...noRange });
  return set.ok ? yield* readPrivileges(service) : set;
}
