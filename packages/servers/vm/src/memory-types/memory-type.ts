import type { Program } from "@procyon-os/message";
import type { AddressSpace, MemoryTypeName, Region, VmState } from "../state.ts";
import { anon } from "./anon.ts";
import { direct } from "./direct.ts";
import { shared } from "./shared.ts";

/** What differs between kinds of memory: one record of functions each. */
export interface MemoryType {
  readonly name: MemoryTypeName;
  /** Its frames are VM's and counted. */
  readonly counted: boolean;
  /**
   * Brings a page in, or makes it writable. The region allows the access. Gives 0 or a negative error; what changed in the
   * page table is not in memory yet.
   */
  readonly pageIn: (vm: VmState, space: AddressSpace, region: Region, page: number, write: boolean) => Program<number>;
  /** What becomes of a page's entry when the page is shared by fork; both sides get the same. */
  readonly sharedEntry: (entry: number) => number;
}

export const memoryTypes: { readonly [Name in MemoryTypeName]: MemoryType } = { anon, shared, direct };
