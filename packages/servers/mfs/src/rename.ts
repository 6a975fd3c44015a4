import { LINK_MAX, ROOT_INODE } from "@procyon-os/mfs-format";
import { fail, ok, type Program, type Result } from "@procyon-os/message";
import { enter, erase, isDirectory, isDot, retarget, search } from "./directory.ts";
import { DiskError } from "./disk-error.ts";
import type { MfsHandlers } from "./handlers.ts";
import { removeDirectory, removeName } from "./links.ts";
import { changed, hold } from "./nodes.ts";
import { CTIME, mounted, type Mfs, type Node } from "./state.ts";
import { readName } from "./user-copy.ts";

/** Whether a directory is another one or lies above it. */
function* isAbove(mfs: Mfs, upper: Node, lower: Node): Program<boolean> {
  let at = lower;
  for (let depth = 0; depth <= mounted(mfs).geometry.inodes; depth++) {
    if (at === upper) return true;
    if (at.number === ROOT_INODE) return false;
    const parent = yield* search(mfs, at, "..");
    const node = parent.ok ? yield* hold(mfs, parent.value) : parent;
    if (!node.ok) return true; // without a way up, the worst is assumed
    at = node.value;
  }
  throw new DiskError("the directories are a circle: run fsck");
}

/** Checks everything about the target; gives the file that is replaced, or null. */
function* checkTarget(
  mfs: Mfs, file: Node, from: Node, into: Node, name: string,
): Program<Result<Node | null, "EBUSY" | "EINVAL" | "EISDIR" | "EMLINK" | "ENFILE" | "ENOENT" | "ENOTDIR">> {
  const number = yield* search(mfs, into, name);
  if (!number.ok && (number.error !== "ENOENT" || name === "")) return number;
  const moved = isDirectory(file);
  if (moved && from !== into && (yield* isAbove(mfs, file, into))) return fail("EINVAL");
  if (!number.ok) return moved && from !== into && into.inode.links >= LINK_MAX ? fail("EMLINK") : ok(null);
  const target = yield* hold(mfs, number.value);
  if (!target.ok) return target;
  if (target.value.mountPoint) return fail("EBUSY");
  if (target.value === file) return ok(file);
  if (moved && !isDirectory(target.value)) return fail("ENOTDIR");
  if (!moved && isDirectory(target.value)) return fail("EISDIR");
  return ok(target.value);
}

/** Enters the new name and takes the old one out; in one directory the old slot is free for the new name. */
function* move(mfs: Mfs, file: Node, from: Node, oldName: string, into: Node, newName: string): Program<Result<null, "EFBIG" | "ENOSPC">> {
  if (from === into) yield* erase(mfs, from, oldName);
  const entered = yield* enter(mfs, into, newName, file.number);
  if (!entered.ok) return entered;
  if (from !== into) yield* erase(mfs, from, oldName);
  changed(file, CTIME);
  return entered;
}

/** REQ_RENAME, within this file system. */
export const rename: MfsHandlers["rename"] = function* (mfs, caller, request) {
  const oldName = yield* readName(caller, request.oldGrant, request.oldLength);
  if (!oldName.ok) return oldName;
  const newName = yield* readName(caller, request.newGrant, request.newLength);
  if (!newName.ok) return newName;
  const from = yield* hold(mfs, request.oldDirectory);
  if (!from.ok) return from;
  const number = yield* search(mfs, from.value, oldName.value);
  if (!number.ok) return number;
  const held = yield* hold(mfs, number.value);
  if (!held.ok) return held;
  const file = held.value;
  if (file.mountPoint) return fail("EXDEV");
  const into = yield* hold(mfs, request.newDirectory);
  if (!into.ok) return into;
  if (into.value.inode.links === 0) return fail("ENOENT");
  if (isDot(oldName.value) || isDot(newName.value)) return fail("EINVAL");
  const target = yield* checkTarget(mfs, file, from.value, into.value, newName.value);
  if (!target.ok) return target;
  if (target.value === file) return ok({}); // two names of one file: nothing to do
  if (mounted(mfs).readOnly) return fail("EROFS");

  if (target.value !== null) {
    if (isDirectory(target.value)) {
      const removed = yield* removeDirectory(mfs, into.value, target.value, newName.value);
      if (!removed.ok) return removed;
    } else {
      yield* removeName(mfs, into.value, target.value, newName.value);
    }
  }
  const moved = yield* move(mfs, file, from.value, oldName.value, into.value, newName.value);
  if (!moved.ok) return moved;
  if (isDirectory(file) && from.value !== into.value && (yield* retarget(mfs, file, "..", into.value.number))) {
    from.value.inode.links--;
    into.value.inode.links++;
  }
  return ok({});
};
