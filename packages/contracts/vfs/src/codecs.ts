// Structures in a program's memory that VFS reads or writes: reference/posix-abi.md 4.2, 4.3, 11.4.

export const FLOCK_BYTES = 16;
/** struct flock. */
export interface Flock {
  readonly type: number; // @0, 16 bit: F_RDLCK, F_WRLCK, F_UNLCK
  readonly whence: number; // @2, 16 bit
  readonly start: number; // @4
  readonly length: number; // @8; 0 is to the end
  readonly pid: number; // @12
}

const view = (bytes: Uint8Array, length: number): DataView => new DataView(bytes.buffer, bytes.byteOffset, length);

/** Reads a struct flock. */
export function decodeFlock(bytes: Uint8Array): Flock {
  const from = view(bytes, FLOCK_BYTES);
  return {
    type: from.getInt16(0, true), whence: from.getInt16(2, true), start: from.getInt32(4, true),
    length: from.getInt32(8, true), pid: from.getInt32(12, true),
  };
}

/** Writes a struct flock. */
export function encodeFlock(lock: Flock): Uint8Array {
  const bytes = new Uint8Array(FLOCK_BYTES);
  const to = view(bytes, FLOCK_BYTES);
  to.setInt16(0, lock.type, true);
  to.setInt16(2, lock.whence, true);
  to.setInt32(4, lock.start, true);
  to.setInt32(8, lock.length, true);
  to.setInt32(12, lock.pid, true);
  return bytes;
}

/** An fd_set: 255 bits, 32-bit words, lowest bit first. */
export const FD_SET_BYTES = 32;

/** The descriptors below `count` that a set holds, in rising order. */
export function decodeFdSet(bytes: Uint8Array, count: number): number[] {
  const members: number[] = [];
  for (let fd = 0; fd < count; fd++) if (((bytes[fd >> 3] as number) >> (fd & 7)) & 1) members.push(fd);
  return members;
}

/** A set of these descriptors. */
export function encodeFdSet(members: Iterable<number>): Uint8Array {
  const bytes = new Uint8Array(FD_SET_BYTES);
  for (const fd of members) bytes[fd >> 3] = (bytes[fd >> 3] as number) | (1 << (fd & 7));
  return bytes;
}

export const TIMEVAL_BYTES = 8;
/** struct timeval. */
export interface Timeval {
  readonly seconds: number; // @0
  readonly microseconds: number; // @4
}

/** Reads a struct timeval. */
export function decodeTimeval(bytes: Uint8Array): Timeval {
  const from = view(bytes, TIMEVAL_BYTES);
  return { seconds: from.getInt32(0, true), microseconds: from.getInt32(4, true) };
}

/** Writes a struct timeval. */
export function encodeTimeval(time: Timeval): Uint8Array {
  const bytes = new Uint8Array(TIMEVAL_BYTES);
  const to = view(bytes, TIMEVAL_BYTES);
  to.setInt32(0, time.seconds, true);
  to.setInt32(4, time.microseconds, true);
  return bytes;
}
