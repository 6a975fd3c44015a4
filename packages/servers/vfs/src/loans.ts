import { CPF_READ, CPF_WRITE } from "@procyon-os/contract-kernel";
import type { Endpoint, GrantId, Program } from "@procyon-os/message";
import { allocate, grantDirect, grantMagic, load, restoreGrant, store, textBytes } from "@procyon-os/syslib";
import { mark, type Loan } from "./state.ts";
import type { Vfs } from "./vfs.ts";
import { recorded, type Job, type Work } from "./work.ts";

/** A grant that a job has. */
export interface Lent {
  readonly grant: GrantId;
}

function* buffer(vfs: Vfs, { bytes, length }: Omit<Loan, "grant">): Program<number> {
  const address = yield* allocate(Math.max(1, length));
  const content = new Uint8Array(length);
  content.set(bytes);
  yield* store(address, content);
  return address;
}

function* make(job: Job, loan: Omit<Loan, "grant" | "instance">): Program<GrantId> {
  const { vfs, record } = job;
  const { to, process, length, access } = loan;
  const { instance } = vfs.state;
  const address = process === null ? yield* buffer(vfs, { ...loan, instance }) : loan.address;
  const grant = process === null ? yield* grantDirect(to, address, length, access) : yield* grantMagic(to, process, address, length, access);
  if (process === null) vfs.buffers.set(grant, address as never);
  record.loans.push({ ...loan, grant, instance });
  mark("jobs", job.id);
  return grant;
}

/** Makes a grant of the instance before again, with its id: servers may have it in hand. */
export function* lendAgain(vfs: Vfs, loan: Loan): Program<void> {
  const { grant, to, process, length, access } = loan;
  const flags = access;
  if (process !== null) return yield* restoreGrant(grant, { kind: "magic", flags, from: process, to, start: loan.address, length });
  const address = yield* buffer(vfs, loan);
  vfs.buffers.set(grant, address as never);
  if ((access & CPF_WRITE) !== 0) vfs.written.add(grant);
  yield* restoreGrant(grant, { kind: "direct", flags, to, start: address, length });
}

/** Bytes of VFS that a server may read, or write too; zeros follow them up to a length. */
export function* lendBytes(job: Job, to: Endpoint, bytes: Uint8Array, access: number, length: number = bytes.length): Work<Lent> {
  return { grant: yield* recorded(job, () => make(job, { to, process: null, address: 0, length, access, bytes })) };
}

/** A name or label with its NUL, for a server to read. */
export function* lendName(job: Job, to: Endpoint, name: string): Work<{ grant: GrantId; pathLength: number }> {
  const { grant } = yield* lendBytes(job, to, textBytes(name, true), CPF_READ);
  return { grant, pathLength: name.length + 1 };
}

/** A buffer of VFS that a server writes; `lentBytes` reads it. */
export function* lendBuffer(job: Job, to: Endpoint, length: number): Work<Lent> {
  return yield* lendBytes(job, to, new Uint8Array(0), CPF_WRITE | CPF_READ, length);
}

/** What a server wrote to a buffer. */
export function* lentBytes(job: Job, { grant }: Lent, length: number): Work<Uint8Array> {
  return yield* recorded(job, function* () {
    const address = job.vfs.buffers.get(grant);
    if (address === undefined) throw new Error(`no memory of VFS is behind grant ${grant}`);
    return (yield* load(address, length)).slice();
  });
}

/** Memory of the job's process (or another) that a server may read (CPF_READ) or write (CPF_WRITE). */
export function* lendUser(job: Job, to: Endpoint, process: Endpoint, address: number, length: number, access: number): Work<Lent> {
  return { grant: yield* recorded(job, () => make(job, { to, process, address, length, access, bytes: new Uint8Array(0) })) };
}
