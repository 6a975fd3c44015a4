import { pmContract } from "@procyon-os/contract-pm";
import { PM } from "@procyon-os/message";
import { client, type Stubs } from "@procyon-os/syslib";

/** The calls of PM. RS waits for it: without PM nothing can be started anyhow. */
export const pm: Stubs<typeof pmContract> = client(pmContract, PM);
