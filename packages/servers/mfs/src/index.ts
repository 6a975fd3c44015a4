import { fsContract } from "@procyon-os/contract-fs";
import type { ServiceImage } from "@procyon-os/message";
import { main } from "./main.ts";
import { mfsState } from "./state.ts";

/** The MINIX file server as a hosted service; one instance for each mount. */
export const mfs: ServiceImage = {
  name: "@procyon-os/mfs",
  version: "0.1.0",
  dataBytes: 64 * 1024,
  stackBytes: 16 * 1024,
  contract: fsContract,
  state: mfsState,
  main,
};
