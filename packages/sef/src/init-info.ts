import type { Endpoint, GrantId } from "@procyon-os/message";

/** What RS tells a service when it asks for initialization (reference/rs-sef-ds-syslib.md 1.1). */
export interface InitInfo {
  /** SEF_INIT_FRESH, SEF_INIT_LU or SEF_INIT_RESTART. */
  readonly type: number;
  /** A grant of RS over its table of public entries, 64 of them; the first 12 are the boot services. */
  readonly rprocTable: GrantId;
  readonly endpoint: Endpoint;
  /** Where the instance before this one is now, or NONE on a fresh start. */
  readonly oldEndpoint: Endpoint;
}
