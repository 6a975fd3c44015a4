import { SCPVEC_NR, SEG_D, safecopyElement, type SafecopyElement } from "@procyon-os/contract-kernel";
import { fail, ok, SELF, type Endpoint, type GrantId, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { kernel } from "./kernel.ts";
import { scratch, scratchBytes } from "./scratch.ts";
import { load } from "./trap.ts";

/** Reads `length` bytes through a grant of another process. */
export function* readGrant(granter: Endpoint, grant: GrantId, offset: number, length: number): Program<Result<Uint8Array>> {
  if (length === 0) return ok(new Uint8Array(0));
  const address = yield* scratch(length);
  const copied = yield* kernel.safecopyfrom({ process: granter, segment: SEG_D, grant, offset, address, bytes: length });
  return copied.ok ? ok(yield* load(address, length)) : copied;
}

/** Writes bytes through a grant of another process. */
export function* writeGrant(granter: Endpoint, grant: GrantId, offset: number, bytes: Uint8Array): Program<Result<null>> {
  if (bytes.length === 0) return ok(null);
  const address = yield* scratchBytes(bytes);
  const copied = yield* kernel.safecopyto({ process: granter, segment: SEG_D, grant, offset, address, bytes: bytes.length });
  return copied.ok ? ok(null) : copied;
}

/** Copies memory between two processes (`SELF` is the caller), from data segment to data segment. */
export function* dataCopy(
  source: Endpoint, sourceAddress: VirtAddr | number, target: Endpoint, targetAddress: VirtAddr | number, bytes: number,
): Program<Result<null>> {
  if (bytes === 0) return ok(null);
  const copied = yield* kernel.vircopy({
    source, sourceSegment: SEG_D, sourceAddress, target, targetSegment: SEG_D, targetAddress, bytes,
  });
  return copied.ok ? ok(null) : copied;
}

/** Reads memory of another process; for services that the kernel lets copy without grants. */
export function* readProcess(process: Endpoint, address: VirtAddr | number, length: number): Program<Result<Uint8Array>> {
  if (length === 0) return ok(new Uint8Array(0));
  const here = yield* scratch(length);
  const copied = yield* dataCopy(process, address, SELF, here, length);
  return copied.ok ? ok(yield* load(here, length)) : copied;
}

/** Writes memory of another process. */
export function* writeProcess(process: Endpoint, address: VirtAddr | number, bytes: Uint8Array): Program<Result<null>> {
  if (bytes.length === 0) return ok(null);
  const here = yield* scratchBytes(bytes);
  return yield* dataCopy(SELF, here, process, address, bytes.length);
}

/** Several safe copies in one call; in each, exactly one of `from` and `to` is SELF. The first error ends it, what came before is done. */
export function* vsafecopy(copies: readonly SafecopyElement[]): Program<Result<null>> {
  if (copies.length > SCPVEC_NR) return fail("EINVAL");
  const bytes = new Uint8Array(copies.length * safecopyElement.bytes);
  const view = new DataView(bytes.buffer);
  copies.forEach((one, index) => safecopyElement.write(view, index * safecopyElement.bytes, one));
  const vector = yield* scratchBytes(bytes);
  const copied = yield* kernel.vsafecopy({ vector, elements: copies.length });
  return copied.ok ? ok(null) : copied;
}
