import type { Run } from "../free-memory.ts";

/** Reads the boot parameter `memory`, "hexbase:hexsize,…", in bytes: whole pages of it (reference/vm.md 5.4). */
export function parseMemory(text: string): Run[] {
  return text.split(",").flatMap((chunk) => {
    const [base, size] = chunk.split(":").map((part) => Number.parseInt(part, 16));
    if (base === undefined || size === undefined || Number.isNaN(base + size)) throw new Error(`boot parameter memory: "${chunk}"`);
    const start = Math.ceil(base / 4096);
    const count = Math.floor((base + size) / 4096) - start;
    return count > 0 ? [{ start, count }] : [];
  });
}

/** Takes [start, end) out of chunks; one in whose middle it lies becomes two. */
export function withoutRange(chunks: readonly Run[], start: number, end: number): Run[] {
  return chunks.flatMap((chunk) => {
    const chunkEnd = chunk.start + chunk.count;
    if (end <= chunk.start || start >= chunkEnd || start >= end) return [chunk];
    const left = { start: chunk.start, count: Math.max(0, start - chunk.start) };
    const right = { start: end, count: Math.max(0, chunkEnd - end) };
    return [left, right].filter(({ count }) => count > 0);
  });
}
