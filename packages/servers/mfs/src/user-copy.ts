import { safecopyElement, SCPVEC_NR, SEG_D } from "@procyon-os/contract-kernel";
import { ok, SELF, type Endpoint, type GrantId, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { bytesText, kernel, readGrant, scratchBytes } from "@procyon-os/syslib";
import { NAME_MAX } from "@procyon-os/mfs-format";

/** Bytes of this server's memory that go to or come from a place of a grant. */
export interface Segment {
  readonly address: number;
  readonly bytes: number;
  readonly offset: number; // in the grant
}

/** Joins segments that are neighbors in memory and in the grant. */
export function joinSegments(segments: readonly Segment[]): Segment[] {
  const joined: Segment[] = [];
  for (const segment of segments) {
    const last = joined[joined.length - 1];
    if (last !== undefined && last.address + last.bytes === segment.address && last.offset + last.bytes === segment.offset) {
      joined[joined.length - 1] = { ...last, bytes: last.bytes + segment.bytes };
    } else {
      joined.push(segment);
    }
  }
  return joined;
}

/** Copies segments to or from a grant, straight between the two memories, with one kernel call for up to 64 of them. */
export function* copySegments(granter: Endpoint, grant: GrantId, segments: readonly Segment[], toGrant: boolean): Program<Result<unknown>> {
  const joined = joinSegments(segments);
  for (let at = 0; at < joined.length; at += SCPVEC_NR) {
    const part = joined.slice(at, at + SCPVEC_NR);
    const copied = yield* part.length === 1 ? copyOne(granter, grant, part[0] as Segment, toGrant) : copyVector(granter, grant, part, toGrant);
    if (!copied.ok) return copied;
  }
  return ok(null);
}

function* copyOne(granter: Endpoint, grant: GrantId, { address, bytes, offset }: Segment, toGrant: boolean): Program<Result<unknown>> {
  const request = { process: granter, segment: SEG_D, grant, offset, address: address as VirtAddr, bytes };
  return yield* toGrant ? kernel.safecopyto(request) : kernel.safecopyfrom(request);
}

function* copyVector(granter: Endpoint, grant: GrantId, segments: readonly Segment[], toGrant: boolean): Program<Result<unknown>> {
  const vector = new Uint8Array(segments.length * safecopyElement.bytes);
  const view = new DataView(vector.buffer);
  segments.forEach(({ address, bytes, offset }, index) => {
    const [from, to] = toGrant ? [SELF, granter] : [granter, SELF];
    safecopyElement.write(view, index * safecopyElement.bytes, { from, to, grant, offset, address, bytes });
  });
  return yield* kernel.vsafecopy({ vector: yield* scratchBytes(vector), elements: segments.length });
}

/** A name from a grant. One longer than 60 characters is cut, as MFS always did (reference/posix-abi.md 5.2). */
export function* readName(granter: Endpoint, grant: GrantId, length: number): Program<Result<string, "EFAULT" | "ENAMETOOLONG">> {
  if (length === 0) return { ok: false, error: "ENAMETOOLONG" };
  const bytes = yield* readGrant(granter, grant, 0, Math.min(length, NAME_MAX));
  return bytes.ok ? ok(bytesText(bytes.value)) : { ok: false, error: "EFAULT" };
}
