import { REG_EIP, REG_ESP } from "@procyon-os/contract-kernel";
import type { Kernel } from "../kernel.ts";
import { describeProcess } from "./describe-process.ts";
import { describeRegisters } from "./describe-registers.ts";
import { stackTrace } from "./stack-trace.ts";

/** The report of a kernel that cannot go on: why, on which CPU, who runs, what was said last, who else there is, the last traps. */
export function panicReport(kernel: Kernel, error: unknown, messages: readonly string[]): string {
  const why = error instanceof Error ? error.message : String(error);
  const lines = [`kernel panic: ${why}`, `kernel on CPU ${kernel.local.id}: ${error instanceof Error ? (error.stack ?? "") : ""}`];
  for (const local of kernel.cpus) {
    const { current } = local;
    if (current === null) lines.push(`CPU ${local.id}: idle`);
    else {
      const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;
      lines.push(`CPU ${local.id}: ${describeProcess(current)} pc ${hex(current.frame[REG_EIP] as number)} sp ${hex(current.frame[REG_ESP] as number)}`);
      lines.push(`  ${safely(() => stackTrace(kernel, current)).trimEnd()}`);
      if (current.hosted === null) lines.push(`  ${safely(() => describeRegisters(kernel, current)).trimEnd()}`);
    }
  }
  lines.push("last messages:");
  for (const message of messages) lines.push(`  ${message}`);
  lines.push("processes:");
  for (const process of kernel.processes.slots) if (!process.isFree && !process.isTask) lines.push(`  ${describeProcess(process)}`);
  lines.push("last traps (endpoint/vector/cycle):");
  lines.push(`  ${kernel.recentTraps.toString()}`);
  return `${lines.join("\n")}\n`;
}

/** A report must not fail over what it reports. */
function safely(text: () => string): string {
  try {
    return text();
  } catch (error) {
    return `(${String(error)})`;
  }
}
