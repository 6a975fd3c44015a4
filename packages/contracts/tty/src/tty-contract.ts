import { charContract, DEV_RQ_BASE } from "@procyon-os/contract-char";
import { call, m2, protocol, u32 } from "@procyon-os/message";

/** m_type of the call by which a service observes function keys. */
export const FKEY_CONTROL = 98;

/** Requests of FKEY_CONTROL. */
export const FKEY_MAP = 10;
export const FKEY_UNMAP = 11;
export const FKEY_EVENTS = 12;

/** Function keys, and as many again with shift. */
export const NR_FKEYS = 12;

/** The bit of a key, 1 to 12, in either word. */
export function keyBit(key: number): number {
  return 1 << key;
}

const keys = { fkeys: m2.l1(u32), sfkeys: m2.l2(u32) } as const;

/** TTY: a character driver that lets services observe function keys. Numbers and places: reference/posix-abi.md 6.10. */
export const ttyContract = protocol({
  name: "tty",
  version: "0.1.0",
  base: DEV_RQ_BASE,
  calls: {
    ...charContract.calls,
    fkeyControl: call(FKEY_CONTROL - DEV_RQ_BASE, {
      about: "FKEY_CONTROL (98): maps keys to the caller, unmaps them, or gives those that were pressed since it last asked. The answer of the first two has the bits that are no keys.",
      request: { request: m2.i1(u32), ...keys },
      reply: keys,
      repeatable: false,
      errors: { EINVAL: "no such request", EPERM: "a key that is to be unmapped is another's, or nobody's", EIO: "the request has ended two instances of the driver" },
    }),
  },
});
