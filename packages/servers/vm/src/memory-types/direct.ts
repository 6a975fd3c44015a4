import { errorCode } from "@procyon-os/message";
import { entryOf, PRESENT } from "../page-table.ts";
import type { MemoryType } from "./memory-type.ts";

/** Physical memory that is not VM's: a device's. Mapped when the region is made, never cleared, never freed. */
export const direct: MemoryType = {
  name: "direct",
  counted: false,
  sharedEntry: (entry) => entry,

  *pageIn(_vm, space, _region, page) {
    return (entryOf(space, page) & PRESENT) !== 0 ? 0 : errorCode("EFAULT");
  },
};
