import { call, endpoint, grantId, i32, m2, mtype, protocol, u32 } from "@procyon-os/message";

/** First request number (DEV_RQ_BASE) and first number of the asynchronous replies (DEV_RS_BASE). */
export const DEV_RQ_BASE = 0x400;
export const DEV_RS_BASE = 0x500;

/** m_type of a synchronous driver's replies. */
export const TASK_REPLY = 121;
// m_types of replies to VFS (reference/posix-abi.md 4.7).
export const DEV_REVIVE = 0x502;
export const DEV_IO_READY = 0x503;
export const DEV_NO_STATUS = 0x504;
export const DEV_REOPEN_REPL = 0x505;
export const DEV_CLOSE_REPL = 0x506;
export const DEV_SEL_REPL1 = 0x507;
export const DEV_SEL_REPL2 = 0x508;
export const DEV_OPEN_REPL = 0x509;

/** Access bits of DEV_OPEN and CANCEL; DEV_OPEN may also have O_NOCTTY. */
export const DEV_R_BIT = 4;
export const DEV_W_BIT = 2;
export const O_NOCTTY = 0o400;

/** Operations of DEV_SELECT. */
export const SEL_RD = 1;
export const SEL_WR = 2;
export const SEL_ERR = 4;
/** Watch: tell later, when nothing is ready now. */
export const SEL_NOTIFY = 8;

const minor = m2.i1(u32);
const user = m2.i2(endpoint);
const transfer = { minor, user, count: m2.i3(i32), positionLow: m2.l1(u32), positionHigh: m2.l2(u32), grant: m2.p1(grantId) };
/** The reply of a synchronous driver; m_type is TASK_REPLY. An asynchronous one answers as `char-reply.ts` says. */
const reply = { type: mtype(i32), user: m2.i1(endpoint), status: m2.i2(i32) };

const everyError = {
  ENXIO: "no such minor device",
  EIO: "the device failed, or somebody else waits for it already",
  ERESTART: "the minor device was not opened since the driver started",
};
const transferErrors = { ...everyError, EINVAL: "a count that is not positive", EPERM: "a grant that is not the driver's", EINTR: "cancelled" };

/** The character driver protocol. Numbers and places: reference/posix-abi.md 4.7. */
export const charContract = protocol({
  name: "char",
  version: "0.1.0",
  base: DEV_RQ_BASE,
  calls: {
    cancel: call(0x00, {
      about: "Ends a request that was suspended; `mode` says whether it reads or writes.",
      request: { minor, user, mode: m2.i3(u32), grant: m2.p1(grantId) }, reply, repeatable: true, errors: { EINTR: "it was pending and is not any more" },
    }),
    open: call(0x06, {
      about: "Opens a minor device. A status of 1 or more: the caller's controlling terminal, or for a clone device its new minor.",
      request: { minor, user, access: m2.i3(u32) }, reply, repeatable: true, errors: { ENXIO: everyError.ENXIO, EACCES: "not open to this access", EIO: everyError.EIO },
    }),
    close: call(0x07, { about: "Closes a minor device.", request: { minor, user }, reply, repeatable: true, errors: everyError }),
    select: call(0x0c, {
      about: "Which of these operations would not block? With SEL_NOTIFY, tells later.",
      request: { minor, operations: m2.i2(u32) }, reply, repeatable: true, errors: everyError,
    }),
    status: call(0x0d, {
      about: "After a notification: one thing that is ready (DEV_REVIVE, DEV_IO_READY), or DEV_NO_STATUS.",
      request: {}, reply: {}, repeatable: true, errors: { EINVAL: "a driver that answers by itself, and is not asked" },
    }),
    reopen: call(0x0e, {
      about: "Opens a minor device again for an open file, after the driver came back.",
      request: { minor, filp: m2.i2(i32), access: m2.i3(u32) }, reply, repeatable: true, errors: everyError,
    }),
    read: call(0x14, {
      about: "Reads into a grant; the status is the number of bytes.", request: transfer, reply, repeatable: false, errors: transferErrors,
    }),
    write: call(0x15, {
      about: "Writes a grant; the status is the number of bytes.", request: transfer, reply, repeatable: false, errors: transferErrors,
    }),
    scatter: call(0x16, { about: "Writes a vector of grants.", request: transfer, reply, repeatable: false, errors: transferErrors }),
    gather: call(0x17, { about: "Reads into a vector of grants.", request: transfer, reply, repeatable: false, errors: transferErrors }),
    ioctl: call(0x18, {
      about: "A request to the device; the grant covers its argument, `realUser` is the process that made it.",
      request: { minor, user, request: m2.i3(u32), realUser: m2.l1(endpoint), grant: m2.p1(grantId) }, reply, repeatable: false,
      errors: { ...transferErrors, ENOTTY: "no such request for this device" },
    }),
  },
});

/** A position from its two halves, in bytes. */
export function charPosition(request: { readonly positionLow: number; readonly positionHigh: number }): number {
  return request.positionHigh * 2 ** 32 + request.positionLow;
}
