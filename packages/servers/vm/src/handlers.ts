import type { vmContract } from "@procyon-os/contract-vm";
import type { Handlers } from "@procyon-os/syslib";
import type { VmState } from "./state.ts";

/** One function a call; a call without a handler does not compile. */
export type VmHandlers = Handlers<VmState, typeof vmContract>;
