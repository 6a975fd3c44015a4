import type { Program } from "@procyon-os/message";
import { changed, sendQueued } from "@procyon-os/sef";
import { settleMemory, shrink } from "./cache-memory.ts";
import { flushAll } from "./flush.ts";
import { encodeNode } from "./saved-node.ts";
import { forgetStale } from "./second-level.ts";
import type { Mfs } from "./state.ts";

/** Puts into the state which blocks are changed and where they lie. */
export function recordBlocks({ cache, state }: Mfs): void {
  for (const key of cache.altered) {
    const buffer = cache.blocks.get(key);
    if (buffer?.dirty === true) {
      state.blocks.set(key, buffer.address);
      buffer.saved = true;
      buffer.touched = false;
    } else {
      state.blocks.delete(key);
      if (buffer?.saved === true) cache.written.push(buffer);
    }
    changed("blocks", key);
  }
  cache.altered.clear();
}

/** Puts into the state what VFS's inodes are now. */
function recordNodes({ alteredNodes, state }: Mfs): void {
  for (const node of alteredNodes) {
    if (node.references > 0) state.nodes.set(node.number, encodeNode(node, state.nodes.get(node.number)));
    else if (!state.nodes.delete(node.number)) continue;
    changed("nodes", node.number);
  }
  alteredNodes.clear();
}

/** Saves what the request has changed, together with its answer, which then goes out. */
export function* saveChanges(mfs: Mfs): Program<void> {
  const { cache } = mfs;
  recordBlocks(mfs);
  recordNodes(mfs);
  yield* sendQueued();
  // What only the state before named is free now.
  for (const buffer of cache.written.splice(0)) if (!buffer.dirty) buffer.saved = false;
  yield* settleMemory(cache.memory);
}

/** Between two requests: writes back where much is changed, and gives back what the pool has grown beyond its limit. */
export function* keepRoom(mfs: Mfs): Program<void> {
  const { cache } = mfs;
  yield* forgetStale(cache.second);
  if (cache.dirty.size * 2 > cache.memory.limit) {
    yield* flushAll(cache);
    yield* saveChanges(mfs);
  }
  if (cache.memory.made <= cache.memory.limit) return;
  shrink(cache.memory);
  if (cache.memory.doomed.length > 0) yield* saveChanges(mfs);
}
