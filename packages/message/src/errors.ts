/** Error numbers of MINIX 3.2.0, as magnitudes (reference/posix-abi.md 11.1). On the wire they are negative. */
export const errorNumbers = {
  EPERM: 1, ENOENT: 2, ESRCH: 3, EINTR: 4, EIO: 5, ENXIO: 6, E2BIG: 7, ENOEXEC: 8, EBADF: 9, ECHILD: 10,
  EAGAIN: 11, ENOMEM: 12, EACCES: 13, EFAULT: 14, ENOTBLK: 15, EBUSY: 16, EEXIST: 17, EXDEV: 18, ENODEV: 19,
  ENOTDIR: 20, EISDIR: 21, EINVAL: 22, ENFILE: 23, EMFILE: 24, ENOTTY: 25, ETXTBSY: 26, EFBIG: 27, ENOSPC: 28,
  ESPIPE: 29, EROFS: 30, EMLINK: 31, EPIPE: 32, EDOM: 33, ERANGE: 34, EDEADLK: 35, ENAMETOOLONG: 36, ENOLCK: 37,
  ENOSYS: 38, ENOTEMPTY: 39, ELOOP: 40, ERESTART: 41, EIDRM: 43, EILSEQ: 44, ENOMSG: 45, EOVERFLOW: 46,
  EPACKSIZE: 50, ENOBUFS: 51, EBADIOCTL: 52, EBADMODE: 53, EWOULDBLOCK: 54, ETIMEDOUT: 61, EOPNOTSUPP: 76,
  EGENERIC: 99, ELOCKED: 101, EBADCALL: 102, EBADSRCDST: 103, ECALLDENIED: 104, EDEADSRCDST: 105, ENOTREADY: 106,
  EBADREQUEST: 107, ETRAPDENIED: 110, ECANCELED: 153, EDONTREPLY: 201, EBADEPT: 301, EDEADEPT: 302, EBADCPU: 303,
} as const;

/** The name of an error; what a `Result` carries when a call failed. */
export type ErrorName = keyof typeof errorNumbers;

export const OK = 0;

// Pseudo results that never reach a program (reference/kernel.md 2.9).
/** A kernel copy met an absent or read-only destination page. */
export const EFAULT_DST = -994;
/** A kernel copy met an absent source page. */
export const EFAULT_SRC = -995;
/** A kernel call waits for VM. */
export const VMSUSPEND = -996;
/** A server or synchronous driver answers later. */
export const SUSPEND = -998;

const namesByNumber = new Map<number, ErrorName>(
  Object.entries(errorNumbers).map(([name, number]) => [number, name as ErrorName]),
);

/** The negative number that stands for an error in a message or register. */
export function errorCode(name: ErrorName): number {
  return -errorNumbers[name];
}

/** The name of a result code, or null where it is no known error. Takes `-14` and `14` alike. */
export function errorName(code: number): ErrorName | null {
  return namesByNumber.get(Math.abs(code)) ?? null;
}

/** For people: `EFAULT (-14)`, or the bare number where it has no name. */
export function describeResult(code: number): string {
  const name = code < 0 ? errorName(code) : null;
  return name === null ? String(code) : `${name} (${code})`;
}
