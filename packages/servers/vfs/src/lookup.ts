import {
  CREDENTIALS_BYTES, decodeLookupReply, encodeCredentials, fsContract, LOOKUP_PATH_SIZE, PATH_GET_UCRED, PATH_NOFLAGS,
  PATH_RET_SYMLINK, SYMLOOP_MAX, type LookupReply,
} from "@procyon-os/contract-fs";
import { CPF_READ, CPF_WRITE } from "@procyon-os/contract-kernel";
import { M3_STRING, PATH_MAX, S_IFLNK } from "@procyon-os/contract-vfs";
import { encodeRequest, fail, ok, type Endpoint, type GrantId, type Program, type Result } from "@procyon-os/message";
import { bytesText, readProcess, textBytes } from "@procyon-os/syslib";
import { fsCall, fsMessage } from "./fs-call.ts";
import { lendBuffer, lendBytes, lentBytes } from "./loans.ts";
import type { Vnode } from "./state.ts";
import { hold, mountOf, seenVnode, typeOf, vnodeById, vnodeOf } from "./vnode.ts";
import { giveBack, once, recorded, type Job, type Work } from "./work.ts";

const NAME_MAX = 255;

function* readText(process: Endpoint, address: number, length: number): Program<Result<Uint8Array>> {
  const bytes = yield* readProcess(process, address, length);
  return bytes.ok ? ok(bytes.value.slice()) : bytes;
}

/** Fetches a path from the job's process; `inline` is the text of form M3, which short paths have. */
export function* fetchPath(job: Job, length: number, address: number, inline: string | null = null): Work<Result<string>> {
  if (length > PATH_MAX) return fail("ENAMETOOLONG");
  if (length <= 0) return fail("EINVAL");
  if (inline !== null && length <= M3_STRING) return ok(inline.slice(0, length - 1));
  const process = job.process;
  if (process === null) return fail("EINVAL");
  const bytes = yield* recorded(job, () => readText(process.endpoint, address, length));
  if (!bytes.ok) return bytes;
  if (bytes.value[length - 1] !== 0) return fail("ENAMETOOLONG");
  return ok(bytesText(bytes.value));
}

interface Walk {
  path: string;
  links: number;
}

interface Step {
  readonly reply: LookupReply;
  readonly rest: string; // of the path, as the file server left it
}

/** One LOOKUP: the file server walks as far as it can. */
function* step(job: Job, start: Vnode, root: Vnode, walk: Walk, flags: number): Work<Step> {
  const { rights } = job;
  const fs = start.fs;
  const lent = yield* lendBytes(job, fs, textBytes(walk.path), CPF_READ | CPF_WRITE, LOOKUP_PATH_SIZE);
  let credentialsGrant = 0 as GrantId;
  let loan = null;
  if (rights.groups.length > 0) {
    loan = yield* lendBytes(job, fs, encodeCredentials(rights), CPF_READ);
    credentialsGrant = loan.grant;
  }
  const request = {
    credentialsGrant, grant: lent.grant, directory: start.inode, root: start.device === root.device ? root.inode : 0,
    pathSize: LOOKUP_PATH_SIZE, gid: rights.gid, pathLength: walk.path.length + 1, flags: loan === null ? flags : flags | PATH_GET_UCRED,
    uidOrCredentialsSize: loan === null ? rights.uid : CREDENTIALS_BYTES,
  };
  const answer = yield* fsMessage(job, fs, encodeRequest(fsContract.base, fsContract.calls.lookup, request));
  const reply = decodeLookupReply(answer);
  const onWay = reply.kind !== "found" && reply.kind !== "error";
  const rest = onWay ? bytesText(yield* lentBytes(job, lent, LOOKUP_PATH_SIZE), reply.offset) : "";
  yield* giveBack(job, lent);
  if (loan !== null) yield* giveBack(job, loan);
  return { reply, rest };
}

/** Where the walk goes on in another file system, or what is wrong with the answer. */
function nextStart(job: Job, fs: Endpoint, { reply, rest }: Step, root: Vnode): Result<number> {
  const { mounts } = job.vfs.state;
  if (reply.kind === "symlink") return ok(root.id);
  if (reply.kind === "enterMount") {
    for (const mount of mounts.values()) {
      const on = mount.on === null ? null : vnodeById(job.vfs, mount.on);
      if (on !== null && on.fs === fs && on.inode === reply.inode && mount.root !== null) return ok(mount.root);
    }
    return fail("EIO");
  }
  // A `..` above a mounted root: the server must hand back exactly that.
  if (rest !== ".." && !rest.startsWith("../")) return fail("ENOENT");
  for (const mount of mounts.values()) if (mount.fs === fs && mount.on !== null) return ok(mount.on);
  return fail("EIO");
}

/**
 * Walks a path from a vnode, across mounts and links, and gives the vnode it names, held by the job
 * (reference/posix-abi.md 4.4, LOOKUP).
 * @param deadToo the root of a mount whose server is gone may be named, though nothing in it
 */
export function* advance(job: Job, start: Vnode, path: string, flags: number = PATH_NOFLAGS, deadToo = false): Work<Result<Vnode>> {
  if (path === "") return fail("ENOENT");
  const root = rootOf(job);
  if (root === null) return fail("ENOENT");
  const walk: Walk = { path, links: 0 };
  for (let from = hold(job, start); ; ) {
    const lives = once(job, () => mountOf(job.vfs, from)?.dead === false);
    if (!lives) return deadToo && walk.path === "." ? ok(from) : fail("EIO");
    const taken = yield* step(job, from, root, walk, flags);
    const { reply } = taken;
    if (reply.kind === "error") return fail(reply.error);
    if (reply.kind === "found") return vnodeOf(job, from.fs, mountOf(job.vfs, from), reply);
    walk.path = taken.rest;
    walk.links += reply.links;
    if (walk.links > SYMLOOP_MAX) return fail("ELOOP");
    const { fs } = from;
    const next = once(job, () => nextStart(job, fs, taken, root));
    if (!next.ok) return next;
    if (walk.path === "") walk.path = ".";
    from = hold(job, seenVnode(job, next.value));
  }
}

function rootOf(job: Job): Vnode | null {
  const id = job.process === null ? mountRoot(job) : job.process.root;
  return id === null ? null : vnodeById(job.vfs, id);
}
function mountRoot(job: Job): number | null {
  const { rootMount, mounts } = job.vfs.state;
  return rootMount === null ? null : (mounts.get(rootMount)?.root ?? null);
}

function startOf(job: Job, path: string): Vnode | null {
  if (path.startsWith("/") || job.process === null) return rootOf(job);
  return job.process.directory === null ? null : vnodeById(job.vfs, job.process.directory);
}

/** The vnode that a path names, for the job's process, held by the job. */
export function* eatPath(job: Job, path: string, flags: number = PATH_NOFLAGS, deadToo = false): Work<Result<Vnode>> {
  const start = startOf(job, path);
  return start === null ? fail("ENOENT") : yield* advance(job, start, path, flags, deadToo);
}

/** The last directory of a path, held by the job, and the name in it. */
export interface Entry {
  readonly directory: Vnode;
  readonly name: string;
}

function split(path: string): { directory: string; name: string } {
  let end = path.length;
  while (end > 1 && path[end - 1] === "/") end--;
  const cut = path.slice(0, end);
  const at = cut.lastIndexOf("/");
  if (at < 0) return { directory: ".", name: cut.slice(0, NAME_MAX) };
  const name = cut.slice(at + 1, at + 1 + NAME_MAX);
  return { directory: at === 0 ? "/" : cut.slice(0, at), name: name === "" ? "." : name };
}

/**
 * Walks a path up to its last directory. A symbolic link in the last place is followed to where it leads, even where nothing
 * is there yet, except with `keepLink`.
 */
export function* lastDirectory(job: Job, path: string, keepLink: boolean): Work<Result<Entry>> {
  let start = startOf(job, path);
  for (let links = 0; links <= SYMLOOP_MAX; links++) {
    if (path === "" || start === null) return fail("ENOENT");
    const { directory, name } = split(path);
    const found = yield* advance(job, start, directory);
    if (!found.ok) return found;
    if (keepLink) return ok({ directory: found.value, name });
    const entry = yield* advance(job, found.value, name, PATH_RET_SYMLINK);
    if (!entry.ok || typeOf(entry.value) !== S_IFLNK) return ok({ directory: found.value, name });
    const target = yield* readLinkText(job, entry.value);
    if (!target.ok) return target;
    path = target.value;
    start = path.startsWith("/") ? rootOf(job) : found.value;
  }
  return fail("ELOOP");
}

function* readLinkText(job: Job, link: Vnode): Work<Result<string>> {
  const lent = yield* lendBuffer(job, link.fs, PATH_MAX);
  const read = yield* fsCall(job, link.fs, "readLink", { inode: link.inode, grant: lent.grant, size: PATH_MAX - 1 });
  if (!read.ok) return read;
  const text = bytesText(yield* lentBytes(job, lent, Math.min(read.value.bytes, PATH_MAX - 1)));
  yield* giveBack(job, lent);
  return ok(text);
}
