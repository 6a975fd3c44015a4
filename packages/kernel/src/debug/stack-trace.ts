import { REG_EBP, REG_EIP } from "@procyon-os/contract-kernel";
import type { Kernel } from "../kernel.ts";
import { readUser } from "../memory/user-copy.ts";
import type { Process } from "../processes/process.ts";

const MAX_FRAMES = 50;

/** A line with the call stack of a process, by its frame pointers, with names where its symbols are known (reference/kernel.md 7.3). */
export function stackTrace(kernel: Kernel, process: Process): string {
  const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;
  let line = `${process.name.padEnd(8)} ${process.endpoint} `;
  if (process.hosted !== null || !process.hasProgram) return `${line}(hosted)\n`;
  const symbols = kernel.symbols.of(process);
  const named = (address: number, isReturn: boolean): string => {
    const name = symbols?.lookup(address, isReturn) ?? null;
    return name === null ? `${hex(address)} ` : `${hex(address)} (${name}) `;
  };
  line += named((process.frame[REG_EIP] as number) >>> 0, false);
  const words = new Uint8Array(8);
  const view = new DataView(words.buffer);
  let pointer = (process.frame[REG_EBP] as number) >>> 0;
  for (let depth = 0; pointer !== 0; depth++) {
    if (depth === MAX_FRAMES) return `${line}(truncated after ${MAX_FRAMES} frames)\n`;
    if (!readUser(kernel, process, pointer, words, 0, 8)) return `${line}(${hex(pointer)} ?)\n`;
    const next = view.getUint32(0, true);
    line += named(view.getUint32(4, true), true);
    if (next !== 0 && next <= pointer) return `${line}(hbp ${hex(next)} ?)\n`;
    pointer = next;
  }
  return `${line}\n`;
}
