import { errorCode } from "@procyon-os/message";
import { entryOf, PRESENT } from "../page-table.ts";
import type { MemoryType } from "./memory-type.ts";

/**
 * Memory that several processes see: what one writes all have. It is resident from its beginning (mmap demands PREALLOC) and
 * every page has the rights of its region, so it never faults where the region allows the access.
 */
export const shared: MemoryType = {
  name: "shared",
  counted: true,
  sharedEntry: (entry) => entry,

  *pageIn(_vm, space, _region, page) {
    return (entryOf(space, page) & PRESENT) !== 0 ? 0 : errorCode("EFAULT");
  },
};
