import type { Frame, Program, ServiceImage } from "@procyon-os/message";

/** What is done to a service from outside, at its traps. Its program notices nothing. */
export interface Watch {
  /** Traps of all instances since the last `reset`. */
  traps: number;
  /** The service crashes before the trap of this number; 0 for never. It crashes once. */
  crashAt: number;
  /** Instances that were started. */
  instances: number;
}

export const newWatch = (): Watch => ({ traps: 0, crashAt: 0, instances: 0 });

/** A service whose traps are counted, and which crashes where its watch says so: as by a throw of its own. */
export function watched(image: ServiceImage, watch: Watch): ServiceImage {
  return {
    ...image,
    *main(args): Program<unknown> {
      watch.instances++;
      const program = image.main(args);
      let step = program.next();
      while (step.done !== true) {
        if (++watch.traps === watch.crashAt) {
          watch.crashAt = 0;
          throw new Error("the conformance tests let it crash here");
        }
        step = program.next((yield step.value) as Frame);
      }
      return step.value;
    },
  };
}
