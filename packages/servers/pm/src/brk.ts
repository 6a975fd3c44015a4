import { fail, ok } from "@procyon-os/message";
import { vm } from "@procyon-os/syslib";
import type { PmHandler } from "./handlers.ts";

/** BRK: VM moves the end of the data. */
export const brk: PmHandler<"brk"> = function* (_state, caller, { address }) {
  const moved = yield* vm.brk({ process: caller.endpoint, address });
  return moved.ok ? ok({ break: address }) : fail("ENOMEM");
};
