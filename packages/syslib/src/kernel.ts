import { kernelContract } from "@procyon-os/contract-kernel";
import { kernelStubs, type Stubs } from "./stubs.ts";

/** The kernel calls, one function each: `yield* kernel.setalarm({ expiresAt, absolute: false })`. */
export const kernel: Stubs<typeof kernelContract> = kernelStubs(kernelContract);
