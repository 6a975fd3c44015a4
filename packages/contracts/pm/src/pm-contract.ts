import { protocol } from "@procyon-os/message";
import { identityCalls } from "./identity-calls.ts";
import { processCalls } from "./process-calls.ts";
import { signalCalls } from "./signal-calls.ts";
import { systemCalls } from "./system-calls.ts";

/** PM, the process manager: processes, signals, ids, timers (reference/posix-abi.md 2). */
export const pmContract = protocol({
  name: "pm",
  version: "0.1.0",
  base: 0,
  calls: { ...processCalls, ...signalCalls, ...identityCalls, ...systemCalls },
});
