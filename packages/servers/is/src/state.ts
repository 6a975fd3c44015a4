import { stateSpec, type StateSpec } from "@procyon-os/sef";

/** All of IS: where the next page of each dump begins, and what is still to be printed. */
export interface IsState {
  readonly pages: Map<number, number>; // by key; absent: at the start
  due: number[]; // keys that were pressed
}

export const isState: StateSpec<IsState> = stateSpec<IsState>({ name: "is", version: 1, saved: true, once: true });

/** Nothing printed yet. */
export function freshState(): IsState {
  return { pages: new Map(), due: [] };
}
