import { direntLength, encodeDirent } from "@procyon-os/contract-fs";
import { DIRENT_BYTES, entryInode, entryName } from "@procyon-os/mfs-format";
import { fail, ok } from "@procyon-os/message";
import { writeGrant } from "@procyon-os/syslib";
import { findSlot } from "./directory.ts";
import type { MfsHandlers } from "./handlers.ts";
import { accessed, hold } from "./nodes.ts";
import { mounted } from "./state.ts";

/** So much is gathered for one call, however large the caller's buffer is: it is asked again. */
const ROOM = 32 * 1024;

/** REQ_GETDENTS: whole records from a position on (reference/posix-abi.md 5.2). */
export const getDents: MfsHandlers["getDents"] = function* (mfs, caller, { inode, grant, position, size }) {
  if (position % DIRENT_BYTES !== 0) return fail("ENOENT");
  const held = yield* hold(mfs, inode);
  if (!held.ok) return held;
  const directory = held.value;
  const bytes = new Uint8Array(Math.min(size, ROOM));
  let filled = 0;
  let next = directory.inode.size; // the end, unless the room ends first
  let full = false;
  // Looks at every slot and wants the first that does not fit.
  let at = position;
  while (!full) {
    const slot = yield* findSlot(mfs, directory, at, (view, offset) => entryInode(view, offset) !== 0);
    if (slot === null) break;
    const name = entryName(slot.view, slot.offset);
    full = filled + direntLength(name) > bytes.length;
    if (full) next = slot.position;
    else filled = encodeDirent(bytes, filled, { inode: entryInode(slot.view, slot.offset), position: slot.position, name });
    at = slot.position + DIRENT_BYTES;
  }
  if (full && filled === 0) return fail("EINVAL"); // not one record fits
  if (!(yield* writeGrant(caller, grant, 0, bytes.subarray(0, filled))).ok) return fail("EFAULT");
  if (!mounted(mfs).readOnly) accessed(directory);
  return ok({ position: next, positionHigh: 0, bytes: filled });
};
