import { SYS_PROC, USER_PRIV_ID } from "@procyon-os/contract-kernel";
import { RSS_IPC_ALL, RSS_IPC_ALL_SYS } from "@procyon-os/contract-rs";
import { NONE, NR_SYS_PROCS } from "@procyon-os/message";
import { instances, type RsState } from "./rs-state.ts";
import type { Service } from "./service.ts";

const SYSTEM_PRIV_ID = 3;

/** Whether the list of a service, as it was configured, lets it send to this other one. */
function lists(from: Service, to: Service): boolean {
  if (from.ipcList === RSS_IPC_ALL) return true;
  if (from.ipcList === RSS_IPC_ALL_SYS) return (to.privileges.flags & SYS_PROC) !== 0;
  return from.ipcList.split(" ").includes(to.processName);
}

/**
 * The send mask of a service: everyone on its own list, and everyone on whose list it stands, so that one that starts later
 * is reachable too (reference/rs-sef-ds-syslib.md 2.9).
 */
export function ipcTargets(state: RsState, service: Service): number[] {
  const mask = [0, 0];
  const set = (id: number): void => {
    mask[id >> 5] = ((mask[id >> 5] as number) | (1 << (id & 31))) >>> 0;
  };
  if (service.ipcList === RSS_IPC_ALL || service.ipcList === RSS_IPC_ALL_SYS) {
    for (let id = 0; id < NR_SYS_PROCS; id++) if (id !== USER_PRIV_ID || service.ipcList === RSS_IPC_ALL) set(id);
  } else {
    const names = service.ipcList.split(" ");
    if (names.includes("SYSTEM")) set(SYSTEM_PRIV_ID);
    if (names.includes("USER")) set(USER_PRIV_ID);
  }
  for (const other of instances(state)) {
    if (other !== service && other.endpoint !== NONE && (lists(service, other) || lists(other, service))) set(other.privileges.id);
  }
  return mask;
}
