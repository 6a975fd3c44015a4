import type { ServiceImage } from "@procyon-os/message";
import { describe, it } from "vitest";
import { checksOf, type ConformanceOptions } from "./conformance.ts";
import { dynamicChecksOf, type DynamicOptions } from "./dynamic.ts";
import { describeContract } from "./contract-tests.ts";
import { describeDataStore } from "./data-store-tests.ts";

const TIMEOUT_MS = 300_000;

/**
 * Declares the tests that a replacement for a service has to pass: its contract, its behaviour, updates and recovery on a
 * machine that it is part of. `name` is the service's name in the machine: "ds", "log", "tty" …
 */
export function describeService(name: string, image: ServiceImage, options: ConformanceOptions = {}): void {
  const contract = options.contract ?? image.contract;
  describe(`${name}: ${image.name}@${image.version}`, () => {
    if (contract !== undefined && name === "ds") describeContract(contract, image);
    if (name === "ds") describeDataStore(image);
    describe("on a machine", () => {
      for (const { title, run } of checksOf(name, image, options)) it(title, run, TIMEOUT_MS);
    });
  });
}

/**
 * The same for any service that is started while the machine runs (`service up`): that it keeps its contract, whatever it is
 * sent, is updated under load, and comes back when it dies. `step` in the options is a client of it.
 */
export function describeDynamic(label: string, image: ServiceImage, options: DynamicOptions = {}): void {
  describe(`${label}: ${image.name}@${image.version}`, () => {
    for (const { title, run } of dynamicChecksOf(label, image, options)) it(title, run, TIMEOUT_MS);
  });
}
