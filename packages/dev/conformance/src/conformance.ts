import type { Protocol, ServiceImage } from "@procyon-os/message";
import { bootBench, type Bench } from "./bench.ts";
import { contractChecks } from "./calls.ts";
import { holds, runChecks, type Check, type CheckOutcome } from "./check.ts";
import { JOB, liveChecks } from "./live.ts";
import { suites } from "./suites/all.ts";

export interface ConformanceOptions {
  /** The contract, where the image does not carry it. */
  readonly contract?: Protocol<any>;
  /** Moments of the job at which the service crashes. Default: 4 to 8, by service. */
  readonly crashes?: number;
}

/** What is tried of a service on a machine that it is part of from the start; `name` as for `procyon boot --service`. */
export function checksOf(name: string, given: ServiceImage, options: ConformanceOptions = {}): Check[] {
  const suite = suites[name];
  if (suite === undefined) throw new Error(`conformance: nothing is known of a service ${name}; there are ${Object.keys(suites).sort().join(", ")}, and describeDynamic for any other`);
  const contract = options.contract ?? given.contract;
  const image = contract === undefined ? given : { ...given, contract };
  const bench = bootBench(name, suite.label ?? name, image, { [JOB]: suite.job, ...suite.files }, suite.parameters);
  const checks: Check[] = [
    {
      title: "boots to a shell with it",
      run() {
        holds("the shell says what it is told to", bench.machine.run("echo alive") === "alive\n");
        holds(`there is a service ${bench.label}`, bench.machine.service(bench.label) !== null);
      },
    },
    ...(suite.answers === undefined || contract === undefined ? [] : contractChecks(bench, contract, suite.answers)),
    ...suite.behaviour(bench),
    ...liveChecks(bench, contract, { ...suite.live, ...(options.crashes === undefined ? {} : { crashes: options.crashes }) }),
  ];
  return spoiling(bench, checks);
}

/** Checks after whose failure the next one gets a machine of its own. */
export function spoiling(bench: Bench, checks: readonly Check[]): Check[] {
  return checks.map(({ title, run }) => ({
    title,
    run() {
      try {
        run();
      } catch (error) {
        bench.spoil();
        throw error;
      }
    },
  }));
}

/** Tries a service without a test runner: what each check came to. For `only`, the titles that contain it. */
export function conformanceOf(name: string, image: ServiceImage, { only = "", ...options }: ConformanceOptions & { readonly only?: string } = {}): CheckOutcome[] {
  return runChecks(checksOf(name, image, options).filter(({ title }) => title.includes(only)));
}
