// The IPC traps and what comes back in registers: reference/kernel.md 2.1, 2.2.
export const SEND = 1;
export const RECEIVE = 2;
/**
 * In EBX of a hosted process's RECEIVE (a guest has its buffer's address there): the kernel keeps a copy of the message that
 * comes, and counts it, for the instance that may have to take over (STATECTL, SYS_STATE_NOTED).
 */
export const RECEIVE_NOTED = 1;
export const SENDREC = 3;
export const NOTIFY = 4;
export const SENDNB = 5;
export const SENDA = 16;

/** Interrupt vectors of the two doors into the kernel. */
export const IPC_VECTOR = 33;
export const KERNEL_CALL_VECTOR = 32;

/** m_type of every notification. */
export const NOTIFY_MESSAGE = 0x1000;

const CALL_MASK = 0x3f;
/** In the status word of RECEIVE: the kernel made this message on behalf of its source. */
export const STATUS_FROM_KERNEL = 0x10000;

/** By which call a message came: SEND, SENDREC, NOTIFY, SENDNB or SENDA. */
export function statusCall(status: number): number {
  return status & CALL_MASK;
}
/** Whether a received message is a notification; decided by the status word, never by m_type. */
export function isNotify(status: number): boolean {
  return (status & CALL_MASK) === NOTIFY;
}
/** Whether the kernel made this message (page fault, out of quantum). It cannot be forged. */
export function isFromKernel(status: number): boolean {
  return (status & STATUS_FROM_KERNEL) !== 0;
}

// Asynchronous send tables: entry of 48 bytes = flags@0, dst@4, result@8, message@12 (reference/kernel.md 2.7).
export const ASYN_ENTRY_BYTES = 48;
export const AMF_EMPTY = 0;
export const AMF_VALID = 0x01;
export const AMF_DONE = 0x02;
export const AMF_NOTIFY = 0x04;
export const AMF_NOREPLY = 0x08;
export const AMF_NOTIFY_ERR = 0x10;
