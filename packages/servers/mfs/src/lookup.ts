import {
  CREDENTIALS_BYTES, decodeCredentials, fsContract, PATH_GET_UCRED, PATH_RET_SYMLINK, SYMLOOP_MAX, type Credentials, type LookupReply,
} from "@procyon-os/contract-fs";
import { isType, NAME_MAX, ROOT_INODE, S_IFLNK } from "@procyon-os/mfs-format";
import { fail, ok, type Endpoint, type ErrorName, type Program, type Request, type Result } from "@procyon-os/message";
import { bytesText, readGrant, textBytes, writeGrant } from "@procyon-os/syslib";
import { search } from "./directory.ts";
import { addReferences, hold, inUse } from "./nodes.ts";
import { maySearch } from "./permission.ts";
import { mounted, type Mfs, type Node } from "./state.ts";
import { readLinkText } from "./symlink.ts";

type LookupRequest = Request<typeof fsContract.calls.lookup>;

/** PATH_MAX: no path, expanded links included, has more characters. */
const PATH_MAX = 1024;

/** Where a walk is. */
interface Walk {
  path: string;
  at: number; // characters of the path that are done
  links: number; // expanded so far
  node: Node;
}

const failed = (error: ErrorName): LookupReply => ({ kind: "error", error });

function* credentialsOf(caller: Endpoint, request: LookupRequest): Program<Result<Credentials>> {
  if ((request.flags & PATH_GET_UCRED) === 0) return ok({ uid: request.uidOrCredentialsSize, gid: request.gid, groups: [] });
  if (request.uidOrCredentialsSize !== CREDENTIALS_BYTES) return fail("EINVAL");
  const bytes = yield* readGrant(caller, request.credentialsGrant, 0, CREDENTIALS_BYTES);
  if (!bytes.ok) return bytes;
  const credentials = decodeCredentials(bytes.value);
  return credentials === null ? fail("EINVAL") : ok(credentials);
}

/** The component at a place: what it is, where it begins behind slashes, and where it ends. Nothing is ".". */
function component(path: string, at: number): { name: string; begin: number; end: number } {
  let begin = at;
  while (path[begin] === "/") begin++;
  let end = begin;
  while (end < path.length && path[end] !== "/") end++;
  return { name: begin === end ? "." : path.slice(begin, Math.min(end, begin + NAME_MAX)), begin, end };
}

/**
 * REQ_LOOKUP: walks a path from a directory. Ends at an inode, at a mount point, above this file system's root, or at an
 * absolute link; then the rest is VFS's, and the path with its links expanded goes back to it (reference/posix-abi.md 4.4).
 */
export function* lookup(mfs: Mfs, caller: Endpoint, request: LookupRequest): Program<LookupReply> {
  if (request.pathLength === 0) return failed("EINVAL");
  if (request.pathLength > PATH_MAX) return failed("E2BIG");
  const bytes = yield* readGrant(caller, request.grant, 0, request.pathLength);
  if (!bytes.ok) return failed(bytes.error);
  if (bytes.value[request.pathLength - 1] !== 0) return failed("EINVAL");
  const credentials = yield* credentialsOf(caller, request);
  if (!credentials.ok) return failed(credentials.error);
  const start = inUse(mfs, request.directory);
  if (start === null || start.inode.links === 0) return failed("ENOENT");
  const held = yield* hold(mfs, start.number);
  if (!held.ok) return failed(held.error);

  const walk: Walk = { path: bytesText(bytes.value), at: 0, links: 0, node: start };
  const reply = yield* walkPath(mfs, walk, request, credentials.value);
  if (walk.links > 0 && (reply.kind === "enterMount" || reply.kind === "leaveMount" || reply.kind === "symlink")) {
    const rest = textBytes(walk.path, true);
    if (rest.length > request.pathSize) return failed("ENAMETOOLONG");
    const written = yield* writeGrant(caller, request.grant, 0, rest);
    if (!written.ok) return failed(written.error);
  }
  if (reply.kind === "found") addReferences(walk.node, 1);
  return reply;
}

function found(node: Node): LookupReply {
  const { mode, size, uid, gid, zones } = node.inode;
  return { kind: "found", inode: node.number, mode, fileSize: size, device: zones[0] as number, uid, gid };
}

function* walkPath(mfs: Mfs, walk: Walk, request: LookupRequest, credentials: Credentials): Program<LookupReply> {
  const enterMount = (): LookupReply => ({ kind: "enterMount", inode: walk.node.number, offset: walk.at, links: walk.links });
  // A start that is a mount point: the file system above it has been left, and ".." is all that can be asked.
  let leavingMount = walk.node.mountPoint;
  for (;;) {
    if (walk.at === walk.path.length) return walk.node.mountPoint ? enterMount() : found(walk.node);
    const { name, begin, end } = component(walk.path, walk.at);
    walk.at = begin;
    if (name === "..") {
      if (!maySearch(walk.node.inode, credentials)) return failed("EACCES");
      if (walk.node.number === request.root) {
        walk.at = end; // nobody gets above the root of a process
        continue;
      }
      if (walk.node.number === ROOT_INODE && !mounted(mfs).isRoot) return { kind: "leaveMount", offset: walk.at, links: walk.links };
    }
    if (!leavingMount && walk.node.mountPoint) return enterMount();
    const child = yield* step(mfs, walk.node, leavingMount ? ".." : name, leavingMount ? null : credentials);
    if (!child.ok) return failed(child.error);
    leavingMount = false;
    if (!isType(child.value.inode.mode, S_IFLNK) || (end === walk.path.length && (request.flags & PATH_RET_SYMLINK) !== 0)) {
      walk.node = child.value;
      walk.at = end;
      continue;
    }
    const refused = yield* expandLink(mfs, walk, child.value, end);
    if (refused !== null) return failed(refused);
    if (walk.path.startsWith("/")) return { kind: "symlink", offset: 0, links: walk.links };
  }
}

/** One component down. Whoever comes out of a mounted file system has been checked there. */
function* step(mfs: Mfs, directory: Node, name: string, credentials: Credentials | null): Program<Result<Node>> {
  const number = yield* search(mfs, directory, name);
  if (!number.ok && number.error === "ENOTDIR") return number;
  if (credentials !== null && !maySearch(directory.inode, credentials)) return fail("EACCES");
  return number.ok ? yield* hold(mfs, number.value) : number;
}

/** Puts a link's text in the place of all that is done of the path; the walk goes on in the directory that holds the link. */
function* expandLink(mfs: Mfs, walk: Walk, link: Node, end: number): Program<"ELOOP" | "ENAMETOOLONG" | null> {
  const text = yield* readLinkText(mfs, link);
  const path = text + walk.path.slice(end);
  if (path.length + 1 > PATH_MAX) return "ENAMETOOLONG";
  walk.path = path;
  walk.at = 0;
  return ++walk.links > SYMLOOP_MAX ? "ELOOP" : null;
}
