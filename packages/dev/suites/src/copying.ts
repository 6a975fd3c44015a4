import { SEG_D } from "@procyon-os/contract-kernel";
import type { Endpoint, GrantId, Program } from "@procyon-os/message";
import { kernel } from "@procyon-os/syslib";
import { codeOf } from "./memory.ts";

// The kernel calls about grants, with 0 or a negative error as result.

export function* copyFrom(granter: Endpoint, grant: GrantId | number, offset: number, address: number, bytes: number, segment = SEG_D): Program<number> {
  return codeOf(yield* kernel.safecopyfrom({ process: granter, segment, grant: grant as GrantId, offset, address: address as never, bytes }));
}

export function* copyTo(granter: Endpoint, grant: GrantId | number, offset: number, address: number, bytes: number): Program<number> {
  return codeOf(yield* kernel.safecopyto({ process: granter, segment: SEG_D, grant: grant as GrantId, offset, address: address as never, bytes }));
}

/** Fills with a byte. */
export function* setTo(granter: Endpoint, grant: GrantId | number, offset: number, pattern: number, bytes: number): Program<number> {
  return codeOf(yield* kernel.safememset({ process: granter, grant: grant as GrantId, offset, pattern, bytes }));
}

export function* mapGrant(granter: Endpoint, grant: GrantId, offset: number, address: number, bytes: number, writable: boolean): Program<number> {
  return codeOf(yield* kernel.safemap({ granter, grant, offset, segment: SEG_D, address: address as never, bytes, writable }));
}

export function* unmap(address: number): Program<number> {
  return codeOf(yield* kernel.safeunmap({ segment: SEG_D, address: address as never }));
}
