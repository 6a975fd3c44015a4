import { GET_PRIV, GET_PROC, privilegeEntry, PROCESS_BYTES, processEntry, RTS_NO_PRIV, RTS_SIG_PENDING, SYS_PRIV_SET_SYS, SYS_PRIV_UPDATE_SYS } from "@procyon-os/contract-kernel";
import { fail, ok, type Endpoint, type PhysAddr, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { kernel, kernelStructure, scratchBytes } from "@procyon-os/syslib";
import type { Service } from "./service.ts";

const noRange = { physStart: 0 as PhysAddr, physLength: 0 } as const;

/** One request of PRIVCTL without an argument. */
export function* privctl(process: Endpoint, request: number): Program<Result<unknown>> {
  return yield* kernel.privctl({ process, request, argument: 0 as VirtAddr, ...noRange });
}

function* rtsFlags(process: Endpoint): Program<number | null> {
  const bytes = yield* kernelStructure(GET_PROC, PROCESS_BYTES, process);
  return bytes === null ? null : processEntry.decode(bytes).rtsFlags;
}

/** Whether a process may not run: as an instance that nobody has let go yet. */
export function* isHeld(process: Endpoint): Program<boolean> {
  return (((yield* rtsFlags(process)) ?? 0) & RTS_NO_PRIV) !== 0;
}

/** Whether the kernel keeps a process stopped since a signal for it is in its manager's hands, or it is gone. */
export function* isStopped(process: Endpoint): Program<boolean> {
  const flags = yield* rtsFlags(process);
  return flags === null || (flags & RTS_SIG_PENDING) !== 0;
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
