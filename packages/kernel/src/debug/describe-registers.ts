import { REG_CS, REG_EAX, REG_EBP, REG_EBX, REG_ECX, REG_EDI, REG_EDX, REG_EFLAGS, REG_EIP, REG_ESI, REG_ESP, REG_ES_DS, REG_GS_FS, REG_SS } from "@procyon-os/contract-kernel";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;
const general = [
  ["eax", REG_EAX], ["ebx", REG_EBX], ["ecx", REG_ECX], ["edx", REG_EDX], ["esi", REG_ESI], ["edi", REG_EDI], ["ebp", REG_EBP], ["esp", REG_ESP],
  ["eip", REG_EIP], ["eflags", REG_EFLAGS],
] as const;

/** The registers of a process, and what each of its selectors stands for (reference/kernel.md 7.3). */
export function describeRegisters(kernel: Kernel, process: Process): string {
  const { frame } = process;
  const low = (word: number): number => (frame[word] as number) & 0xffff;
  const high = (word: number): number => ((frame[word] as number) >>> 16) & 0xffff;
  const selectors = [["cs", low(REG_CS)], ["ss", low(REG_SS)], ["ds", high(REG_ES_DS)], ["es", low(REG_ES_DS)], ["fs", high(REG_GS_FS)], ["gs", low(REG_GS_FS)]] as const;
  const registers = general.map(([name, word]) => `${name} ${hex(frame[word] as number)}`).join(" ");
  return `${registers}\n${selectors.map(([name, selector]) => `  ${name} ${describeSelector(kernel, process, selector)}\n`).join("")}`;
}

/** RPL, index, table, and the descriptor that it names. */
export function describeSelector(kernel: Kernel, process: Process, selector: number): string {
  const index = selector >>> 3;
  const local = (selector & 4) !== 0;
  const start = `${hex(selector)} RPL ${selector & 3} index ${index} ${local ? "LDT" : "GDT"}`;
  const bytes = local ? kernel.segments.ldt(process).subarray(index * 8, index * 8 + 8) : kernel.segments.gdtEntry(index);
  if (bytes.length < 8) return `${start} (out of range)`;
  return `${start} ${describeDescriptor(bytes)}`;
}

/** The 8 bytes of a segment descriptor in words. */
export function describeDescriptor(bytes: Uint8Array): string {
  const at = (index: number): number => bytes[index] as number;
  const base = (at(2) | (at(3) << 8) | (at(4) << 16) | (at(7) << 24)) >>> 0;
  const granularity = at(6);
  let size = (at(0) | (at(1) << 8) | ((granularity & 0xf) << 16)) + 1;
  if (granularity & 0x80) size *= 4096;
  const access = at(5);
  const words: string[] = [`base ${hex(base)} size 0x${size.toString(16)}`];
  if (!(granularity & 0x40)) words.push("16bit");
  if (!(access & 0x80)) words.push("notpresent");
  if (!(access & 0x10)) words.push("system");
  else if (access & 0x08) words.push(`exec${access & 0x04 ? " conforming" : ""}${access & 0x02 ? "" : " non-readable"}`);
  else words.push(`nonexec${access & 0x04 ? "" : " non-expand-down"}${access & 0x02 ? "" : " non-writable"}`);
  if (!(access & 0x01)) words.push("nonacc");
  words.push(`DPL ${(access >>> 5) & 3}`);
  return words.join(" ");
}
