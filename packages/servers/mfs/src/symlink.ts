import { getFreshBlock, storeView, zeroBlock } from "./cache.ts";
import { DiskError } from "./disk-error.ts";
import { mounted, viewOf, type Mfs, type Node } from "./state.ts";
import { ensureZone, mapBlocks } from "./zone-map.ts";
import type { Program, Result } from "@procyon-os/message";
import { ok } from "@procyon-os/message";
import { bytesText } from "@procyon-os/syslib";

/** The text of a symbolic link, one character a byte. It lies in the file's first block. */
export function* readLinkText(mfs: Mfs, link: Node): Program<string> {
  const [zone] = yield* mapBlocks(mfs, link.inode, 0, 1);
  if (zone === undefined || zone === 0) throw new DiskError(`symbolic link ${link.number} has no text: run fsck`);
  const { view } = yield* viewOf(mfs, zone);
  return bytesText(view, 0, Math.min(link.inode.size, mfs.cache.memory.blockSize));
}

/** Gives a new symbolic link its text, which fits into a block. */
export function* writeLinkText(mfs: Mfs, link: Node, text: Uint8Array): Program<Result<null, "EFBIG" | "ENOSPC">> {
  const ensured = yield* ensureZone(mfs, link, 0);
  if (!ensured.ok) return ensured;
  const buffer = yield* getFreshBlock(mfs.cache, mounted(mfs).device, ensured.value.zone);
  yield* zeroBlock(mfs.cache, buffer);
  (buffer.view as Uint8Array).set(text);
  yield* storeView(mfs.cache, buffer, 0, text.length);
  link.inode.size = text.length;
  return ok(null);
}
