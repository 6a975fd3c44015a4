import type { Protocol, ServiceImage } from "@procyon-os/message";
import { describe } from "vitest";
import { describeContract } from "./contract-tests.ts";
import { describeDataStore } from "./data-store-tests.ts";
import { describeOnMachine } from "./machine-tests.ts";

export interface ConformanceOptions {
  /** The contract, where the image does not carry it. */
  readonly contract?: Protocol<any>;
}

/** Services that RS cannot put another in the place of, so far: itself, and those that it needs to make a process. */
const fixed = ["rs", "vm", "pm", "vfs"];

/**
 * Declares the tests that a replacement for a service has to pass: its contract, its behaviour, updates and recovery on a
 * machine that it is part of. `name` is the service's name in the machine: "ds", "log", "tty" …
 */
export function describeService(name: string, image: ServiceImage, options: ConformanceOptions = {}): void {
  const contract = options.contract ?? image.contract;
  describe(`${name}: ${image.name}@${image.version}`, () => {
    if (contract !== undefined && name === "ds") describeContract(contract, image);
    if (name === "ds") describeDataStore(image);
    describeOnMachine(name, contract === undefined ? image : { ...image, contract }, !fixed.includes(name));
  });
}
