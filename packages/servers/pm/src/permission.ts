import type { Ids } from "./state.ts";

/** Who sends a signal: its ids decide what it may do, its group what "my group" is. */
export interface Sender {
  readonly uid: Ids;
  readonly group: number;
}

/** Whether one process may signal another: as root, or where a user id of one is a user id of the other. */
export function maySignal(sender: Sender, target: { readonly uid: Ids }): boolean {
  const { real, effective } = sender.uid;
  if (effective === 0) return true;
  return [real, effective].some((id) => id === target.uid.real || id === target.uid.effective);
}
