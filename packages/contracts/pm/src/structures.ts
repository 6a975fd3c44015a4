// Structures that user programs and PM exchange in memory, little-endian (reference/posix-abi.md 1.4, 2.1, 11.4).

/** struct sigaction, 12 bytes: handler @0, mask @4, flags @8. */
export interface SigAction {
  readonly handler: number;
  readonly mask: number;
  readonly flags: number;
}
export const SIGACTION_BYTES = 12;

/** struct timeval, 8 bytes. */
export interface TimeVal {
  readonly seconds: number;
  readonly microseconds: number;
}

/** struct itimerval, 16 bytes: interval @0, value @8. */
export interface ItimerVal {
  readonly interval: TimeVal;
  readonly value: TimeVal;
}
export const ITIMERVAL_BYTES = 16;

/** struct sysgetenv, 16 bytes: key @0, keylen @4, val @8, vallen @12. */
export interface SysGetEnv {
  readonly key: number;
  readonly keyLength: number;
  readonly value: number;
  readonly valueLength: number;
}
export const SYSGETENV_BYTES = 16;

/** struct ptrace_range, 16 bytes: space @0 (0 text, 1 data), addr @4, ptr @8, size @12. */
export interface PtraceRange {
  readonly space: number;
  readonly address: number;
  readonly pointer: number;
  readonly size: number;
}
export const PTRACE_RANGE_BYTES = 16;

function words(bytes: Uint8Array, count: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, count * 4);
  return Array.from({ length: count }, (_, index) => view.getInt32(index * 4, true));
}

function pack(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setInt32(index * 4, value, true));
  return bytes;
}

/** Reads a struct sigaction. */
export function decodeSigAction(bytes: Uint8Array): SigAction {
  const [handler, mask, flags] = words(bytes, 3) as [number, number, number];
  return { handler: handler >>> 0, mask, flags };
}
/** The bytes of a struct sigaction. */
export function encodeSigAction(action: SigAction): Uint8Array {
  return pack(action.handler, action.mask, action.flags);
}

/** Reads a struct itimerval. */
export function decodeItimerVal(bytes: Uint8Array): ItimerVal {
  const [is, iu, vs, vu] = words(bytes, 4) as [number, number, number, number];
  return { interval: { seconds: is, microseconds: iu }, value: { seconds: vs, microseconds: vu } };
}
/** The bytes of a struct itimerval. */
export function encodeItimerVal({ interval, value }: ItimerVal): Uint8Array {
  return pack(interval.seconds, interval.microseconds, value.seconds, value.microseconds);
}

/** Reads a struct sysgetenv. */
export function decodeSysGetEnv(bytes: Uint8Array): SysGetEnv {
  const [key, keyLength, value, valueLength] = words(bytes, 4) as [number, number, number, number];
  return { key: key >>> 0, keyLength: keyLength >>> 0, value: value >>> 0, valueLength: valueLength >>> 0 };
}
/** The bytes of a struct sysgetenv. */
export function encodeSysGetEnv(one: SysGetEnv): Uint8Array {
  return pack(one.key, one.keyLength, one.value, one.valueLength);
}

/** Reads a struct ptrace_range. */
export function decodePtraceRange(bytes: Uint8Array): PtraceRange {
  const [space, address, pointer, size] = words(bytes, 4) as [number, number, number, number];
  return { space, address: address >>> 0, pointer: pointer >>> 0, size: size >>> 0 };
}
