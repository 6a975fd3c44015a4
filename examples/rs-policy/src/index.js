import { image as rs, withPolicy } from "@procyon-os/rs";

/** Seconds of rest: more after each failure, a minute at most. Core services never rest: too much waits for them. */
const CORE = 0x01;

/** RS, where a service that keeps dying gets more and more time between its lives, from the first time on. */
export const image = {
  ...withPolicy(rs, {
    backoffPeriods: ({ restarts, sysFlags }) => ((sysFlags & CORE) !== 0 ? 0 : Math.min(5 * (restarts + 1), 60)),
  }),
  name: "rs-policy",
  version: "1.0.0",
};
