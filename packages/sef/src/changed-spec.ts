import { instanceLocal, type ServiceImage } from "@procyon-os/message";
import type { StateSpec } from "./state-spec.ts";

type Change = (spec: StateSpec<unknown>) => StateSpec<unknown>;
const chosen = instanceLocal<{ change: Change | null }>("sef changed spec", () => ({ change: null }));

/**
 * A service with another declaration of its state: another version, more migrations. For packages that change what a service
 * keeps and little else, and for tests of updates.
 */
export function withStateSpec(image: ServiceImage, change: Change): ServiceImage {
  return {
    ...image,
    *main(args) {
      chosen().change = change;
      return yield* image.main(args);
    },
  };
}

/** The declaration that this instance goes by. */
export function changedSpec<S>(spec: StateSpec<S>): StateSpec<S> {
  const { change } = chosen();
  return change === null ? spec : (change(spec as StateSpec<unknown>) as StateSpec<S>);
}
