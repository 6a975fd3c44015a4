import type { Program } from "@procyon-os/message";
import { ServiceHarness, type HarnessOptions } from "@procyon-os/service-harness";

/** Runs code of a process to its end and gives what it gave; throws where it ends otherwise. */
export function run<T>(body: () => Program<T>, options: HarnessOptions = {}, dataBytes = 64 * 1024): { value: T; harness: ServiceHarness } {
  const values: T[] = [];
  const harness = new ServiceHarness({
    name: "test", version: "0.1.0", dataBytes, stackBytes: 4096,
    main: function* () {
      values.push(yield* body());
    },
  }, options);
  if (harness.ended !== "exit") throw new Error(harness.ended ?? "the program waits");
  return { value: values[0] as T, harness };
}
