import { fsContract } from "@procyon-os/contract-fs";
import type { Handlers } from "@procyon-os/syslib";
import type { Mfs } from "./state.ts";

type Calls = Omit<typeof fsContract.calls, "lookup">;
const plainCalls = Object.fromEntries(Object.entries(fsContract.calls).filter(([name]) => name !== "lookup")) as unknown as Calls;

/** The file server contract without LOOKUP, whose results are not those of other calls (see `lookup.ts`). */
export const plainContract = { ...fsContract, calls: plainCalls };
export type MfsHandlers = Handlers<Mfs, typeof plainContract>;
