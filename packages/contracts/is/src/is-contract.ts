import { call, i32, m1, protocol, u32, virtAddr } from "@procyon-os/message";

const KEYS = 12;

/** The number of a function key, 1 to 12, in a request: with shift they are 13 to 24. */
export function dumpKey(key: number, shift = false): number {
  return shift ? KEYS + key : key;
}

/** The information server. A range of ours: MINIX's IS has no calls. */
export const isContract = protocol({
  name: "is",
  version: "0.1.0",
  base: 0x1700,
  calls: {
    dump: call(0, {
      about: "Copies lines of the dump of a key to the caller, from the line `from` on, as many as have room; 0 bytes behind the last.",
      request: { key: m1.i1(i32), from: m1.i2(i32), size: m1.i3(u32), where: m1.p1(virtAddr) },
      reply: { bytes: m1.i1(i32), next: m1.i2(i32) },
      repeatable: true,
      errors: {
        EPERM: "the caller is not root", EINVAL: "the key has no dump, the line is negative, or a line has no room",
        EFAULT: "the address is not the caller's memory",
      },
    }),
  },
});
