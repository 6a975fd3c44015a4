import { call, grantId, i32, m10, protocol, u32 } from "@procyon-os/message";

/** First request number; replies begin at `BDEV_REPLY`. */
export const BDEV_BASE = 0x1500;
/** m_type of every reply. */
export const BDEV_REPLY = 0x1580;

/** Access bits of an open. */
export const BDEV_R_BIT = 4;
export const BDEV_W_BIT = 2;
/** Flag of a transfer: write through to the medium. */
export const BDEV_FORCEWRITE = 0x01;
/** A vector has at most so many elements. */
export const NR_IOREQS = 64;

const minor = m10.i1(u32);
const id = m10.l1(i32);
const transfer = { minor, grant: m10.i3(grantId), flags: m10.i4(u32), id, positionLow: m10.l2(u32), positionHigh: m10.l3(u32) };
/** The result is in the status field, never in m_type: what was done (a count or 0), or a negative error. */
const reply = { status: m10.i1(i32), id };

const everyError = {
  ERESTART: "the minor device was not opened since the driver started: open it again",
  ENXIO: "no such minor device",
  EIO: "the device failed",
};
const transferErrors = { ...everyError, EINVAL: "a negative count, a bad vector, or no multiple of the sector size", EPERM: "a grant that is not the driver's" };

/** The block driver protocol. Numbers and places: reference/posix-abi.md 4.8. */
export const blockContract = protocol({
  name: "block",
  version: "0.1.0",
  base: BDEV_BASE,
  calls: {
    open: call(0, {
      about: "Opens a minor device; every other request needs it since the driver's last start.",
      request: { minor, access: m10.i2(u32), id }, reply, repeatable: true, errors: { ENXIO: everyError.ENXIO, EIO: everyError.EIO },
    }),
    close: call(1, { about: "Closes a minor device.", request: { minor, id }, reply, repeatable: true, errors: everyError }),
    read: call(2, {
      about: "Reads from a position into a grant; the status is the number of bytes, less than asked at the end of the device.",
      request: { ...transfer, count: m10.i2(i32) }, reply, repeatable: true, errors: transferErrors,
    }),
    write: call(3, {
      about: "Writes a grant to a position; the status is the number of bytes.",
      request: { ...transfer, count: m10.i2(i32) }, reply, repeatable: true, errors: transferErrors,
    }),
    gather: call(4, {
      about: "Reads from a position into a vector of grants; the grant covers the vector.",
      request: { ...transfer, count: m10.i2(u32) }, reply, repeatable: true, errors: transferErrors,
    }),
    scatter: call(5, {
      about: "Writes a vector of grants to a position; the grant covers the vector.",
      request: { ...transfer, count: m10.i2(u32) }, reply, repeatable: true, errors: transferErrors,
    }),
    ioctl: call(6, {
      about: "A request to the device; the grant covers its argument.",
      request: { minor, request: m10.i2(u32), grant: m10.i3(grantId), flags: m10.i4(u32), id }, reply, repeatable: true,
      errors: { ...everyError, EINVAL: "no such request for this device" },
    }),
  },
});

/** A position from its two halves, in bytes. Exact up to 2^53. */
export function blockPosition(request: { readonly positionLow: number; readonly positionHigh: number }): number {
  return request.positionHigh * 2 ** 32 + request.positionLow;
}

/** The two halves of a position. */
export function blockPositionFields(position: number): { positionLow: number; positionHigh: number } {
  return { positionLow: position % 2 ** 32, positionHigh: Math.floor(position / 2 ** 32) };
}
