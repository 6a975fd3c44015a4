import { type ErrorName, errorCode, type Program, type Result } from "@procyon-os/message";
import { load, mapMemory, panic, store } from "@procyon-os/syslib";

export const PAGE = 4096;
export const PAGES = 16;
/** A buffer of a suite: a copy of all of it shares pages. */
export const BYTES: number = PAGE * PAGES;

/** Whole pages of memory. */
export function* pages(bytes: number): Program<number> {
  return (yield* mapMemory(bytes)) ?? (yield* panic("no memory"));
}

/** Bytes that depend on their place. */
export function pattern(bytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => seed + i * 7 + (i >> 8));
}

/** A number for some bytes. */
export function sumOf(bytes: Uint8Array): number {
  let hash = 0;
  for (const byte of bytes) hash = (Math.imul(hash, 31) + byte) | 0;
  return hash & 0x7fffffff;
}

export function* sumAt(address: number, bytes: number): Program<number> {
  return sumOf(yield* load(address, bytes));
}

export function* peek(address: number): Program<number> {
  return (yield* load(address, 1))[0] as number;
}

export function* poke(address: number, value: number): Program<void> {
  yield* store(address, Uint8Array.of(value));
}

/** 0 or a negative error, as programs in C see it. */
export function codeOf(result: Result<unknown> | { ok: false; error: ErrorName } | { ok: true }): number {
  return result.ok ? 0 : errorCode(result.error);
}
