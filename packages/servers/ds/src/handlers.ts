import type { dsContract } from "@procyon-os/contract-ds";
import type { Handlers } from "@procyon-os/syslib";
import type { Store } from "./store.ts";

/** A handler for every call of DS. */
export type DsHandlers = Handlers<Store, typeof dsContract>;
