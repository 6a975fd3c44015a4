import type { Endpoint } from "@procyon-os/message";
import type { VmState, YieldedBlock } from "./state.ts";

/** The name of a block among all. */
export const keyOf = (owner: Endpoint, high: number, low: number): string => `${owner}:${high}:${low}`;

/** Keeps a block: the youngest of all. */
export function keepBlock(vm: VmState, block: YieldedBlock): void {
  const key = keyOf(block.owner, block.high, block.low);
  vm.yielded.set(key, block);
  const own = vm.yieldedBy.get(block.owner);
  if (own === undefined) vm.yieldedBy.set(block.owner, new Set([key]));
  else own.add(key);
}

/** Takes a block out; its frames are the caller's business. */
export function takeBlock(vm: VmState, key: string): void {
  const block = vm.yielded.get(key);
  if (block === undefined) return;
  vm.yielded.delete(key);
  const own = vm.yieldedBy.get(block.owner);
  own?.delete(key);
  if (own?.size === 0) vm.yieldedBy.delete(block.owner);
}

/** Throws where the blocks of an owner are not those that say so. */
export function checkYielded(vm: VmState): void {
  let listed = 0;
  for (const [owner, keys] of vm.yieldedBy) {
    listed += keys.size;
    for (const key of keys) if (vm.yielded.get(key)?.owner !== owner) throw new Error(`yielded block ${key} is not one of ${owner}`);
  }
  if (listed !== vm.yielded.size) throw new Error(`${vm.yielded.size} blocks are yielded, ${listed} have an owner`);
}
