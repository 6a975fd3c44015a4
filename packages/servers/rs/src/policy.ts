import { instanceLocal, type ServiceImage } from "@procyon-os/message";
import type { Service } from "./service.ts";

/** What a policy may know of a service that has died. */
export type FailedService = Readonly<Pick<Service, "label" | "processName" | "restarts" | "major" | "sysFlags">>;

/** How RS goes about a service that keeps failing. */
export interface RestartPolicy {
  /** Periods (of a second) until it is started again, 0 for at once. `usual` is what RS would do by itself. */
  readonly backoffPeriods: (service: FailedService, usual: number) => number;
}

const chosen = instanceLocal<{ policy: RestartPolicy }>("policy", () => ({ policy: { backoffPeriods: (_, usual) => usual } }));

/** What the policy of this instance says. */
export function policyPeriods(service: FailedService, usual: number): number {
  const periods = chosen().policy.backoffPeriods(service, usual);
  return Number.isInteger(periods) && periods >= 0 ? periods : usual;
}

/** RS as it is, with another policy: the program of a package of one's own. */
export function withPolicy(image: ServiceImage, policy: RestartPolicy): ServiceImage {
  return {
    ...image,
    *main(args) {
      chosen().policy = policy;
      return yield* image.main(args);
    },
  };
}
