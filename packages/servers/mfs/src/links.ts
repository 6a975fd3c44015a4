import { LINK_MAX, ROOT_INODE } from "@procyon-os/mfs-format";
import { fail, ok, type Endpoint, type GrantId, type Program, type Result } from "@procyon-os/message";
import { enter, erase, isDirectory, isDot, isEmpty, search } from "./directory.ts";
import type { MfsHandlers } from "./handlers.ts";
import { changed, hold } from "./nodes.ts";
import { CTIME, mounted, type Mfs, type Node } from "./state.ts";
import { readName } from "./user-copy.ts";

/** REQ_LINK. */
export const link: MfsHandlers["link"] = function* (mfs, caller, request) {
  const name = yield* readName(caller, request.grant, request.pathLength);
  if (!name.ok) return name;
  const file = yield* hold(mfs, request.inode);
  if (!file.ok) return file;
  const node = file.value;
  if (node.inode.links >= LINK_MAX) return fail("EMLINK");
  if (isDirectory(node)) return fail("EPERM");
  const directory = yield* hold(mfs, request.directory);
  if (!directory.ok) return directory;
  if (directory.value.inode.links === 0) return fail("ENOENT");
  const there = yield* search(mfs, directory.value, name.value);
  if (there.ok) return fail("EEXIST");
  if (there.error !== "ENOENT" || name.value === "") return there;
  if (mounted(mfs).readOnly) return fail("EROFS");
  const entered = yield* enter(mfs, directory.value, name.value, node.number);
  if (!entered.ok) return entered;
  node.inode.links++;
  changed(node, CTIME);
  return ok({});
};

interface Named {
  readonly directory: Node;
  readonly node: Node;
  readonly name: string;
}

/** The file that a request names in a directory, for removal. */
function* namedFile(
  mfs: Mfs, caller: Endpoint, request: { inode: number; grant: GrantId; pathLength: number },
): Program<Result<Named, "EBUSY" | "EFAULT" | "EINVAL" | "ENAMETOOLONG" | "ENFILE" | "ENOENT" | "ENOTDIR" | "EROFS">> {
  const name = yield* readName(caller, request.grant, request.pathLength);
  if (!name.ok) return name;
  const directory = yield* hold(mfs, request.inode);
  if (!directory.ok) return directory;
  const number = yield* search(mfs, directory.value, name.value);
  if (!number.ok) return number;
  const node = yield* hold(mfs, number.value);
  if (!node.ok) return node;
  if (node.value.mountPoint) return fail("EBUSY");
  if (mounted(mfs).readOnly) return fail("EROFS");
  return ok({ directory: directory.value, node: node.value, name: name.value });
}

/** Takes a name away; the file goes when nothing uses it any more. */
export function* removeName(mfs: Mfs, directory: Node, node: Node, name: string): Program<void> {
  if (!(yield* erase(mfs, directory, name))) return;
  node.inode.links--;
  changed(node, CTIME);
}

/** REQ_UNLINK. */
export const unlink: MfsHandlers["unlink"] = function* (mfs, caller, request) {
  const file = yield* namedFile(mfs, caller, request);
  if (!file.ok) return file;
  const { directory, node, name } = file.value;
  if (isDirectory(node)) return fail("EPERM");
  yield* removeName(mfs, directory, node, name);
  return ok({});
};

/** Removes an empty directory with its own two entries. */
export function* removeDirectory(
  mfs: Mfs, parent: Node, node: Node, name: string,
): Program<Result<null, "EBUSY" | "EINVAL" | "ENOTDIR" | "ENOTEMPTY">> {
  if (!isDirectory(node)) return fail("ENOTDIR");
  if (!(yield* isEmpty(mfs, node))) return fail("ENOTEMPTY");
  if (isDot(name)) return fail("EINVAL");
  if (node.number === ROOT_INODE) return fail("EBUSY");
  yield* removeName(mfs, parent, node, name);
  yield* removeName(mfs, node, node, ".");
  yield* removeName(mfs, node, parent, "..");
  return ok(null);
}

/** REQ_RMDIR. */
export const rmdir: MfsHandlers["rmdir"] = function* (mfs, caller, request) {
  const file = yield* namedFile(mfs, caller, request);
  if (!file.ok) return file;
  const { directory, node, name } = file.value;
  const removed = yield* removeDirectory(mfs, directory, node, name);
  return removed.ok ? ok({}) : removed;
};
