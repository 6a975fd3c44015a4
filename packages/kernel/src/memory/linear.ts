import { SEG_D, SEG_S, SEG_T } from "@procyon-os/contract-kernel";
import { D_LEN, D_VIR, S_LEN, S_VIR, T_LEN, type Process } from "../processes/process.ts";

/** Linear address of memory in a segment of a process, or null where it reaches outside (reference/kernel.md 3.4). */
export function linearAddress(process: Process, segment: number, address: number, bytes: number): number | null {
  if (bytes <= 0 || address + bytes > 0x100000000) return null;
  const { map } = process;
  const lastClick = Math.floor((address + bytes - 1) / 4096);
  let index = SEG_T;
  if (segment !== SEG_T || map[T_LEN] === 0) index = lastClick < (map[D_VIR] as number) + (map[D_LEN] as number) ? SEG_D : SEG_S;
  const vir = map[index * 3] as number;
  const end = vir + (map[index * 3 + 2] as number);
  if (lastClick >= end) return null;
  return (((((map[index * 3 + 1] as number) - vir) << 12) >>> 0) + address) >>> 0;
}

/** The first linear address behind a process's stack segment: for reports. */
export function stackEnd(process: Process): number {
  return ((process.map[S_VIR] as number) + (process.map[S_LEN] as number)) * 4096;
}
