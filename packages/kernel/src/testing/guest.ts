/** Where the code of a test program lies: one segment for code and data, so no text segment. */
export const CODE = 0x1000;
const HEADER = 52 + 32;

/** A static ELF program of this machine code, followed by `bss` zero bytes; it begins at its first byte. */
export function elf(code: readonly number[], bss = 0x1000): Uint8Array {
  const file = new Uint8Array(HEADER + code.length);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, 3, true);
  view.setUint32(24, CODE, true);
  view.setUint32(28, 52, true);
  view.setUint16(44, 1, true);
  [1, HEADER, CODE, CODE, code.length, code.length + bss, 7, 0x1000].forEach((word, index) => view.setUint32(52 + index * 4, word, true));
  file.set(code, HEADER);
  return file;
}

/** A 32-bit number as the bytes of an instruction. */
export function dword(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff];
}

// The few instructions that test programs consist of.
export const movEax = (value: number): number[] => [0xb8, ...dword(value)];
export const movEcx = (value: number): number[] => [0xb9, ...dword(value)];
export const movEbx = (value: number): number[] => [0xbb, ...dword(value)];
export const loadEax = (address: number): number[] => [0xa1, ...dword(address)];
export const storeEax = (address: number): number[] => [0xa3, ...dword(address)];
export const incMemory = (address: number): number[] => [0xff, 0x05, ...dword(address)];
export const setMemory = (address: number, value: number): number[] => [0xc7, 0x05, ...dword(address), ...dword(value)];
export const int = (vector: number): number[] => [0xcd, vector];
/** Jumps from the end of `before` back to its start. */
export const loopOver = (before: readonly number[]): number[] => [...before, 0xe9, ...dword(-(before.length + 5))];
/** An IPC trap. */
export const trap = (call: number, partner: number, message: number): number[] => [...movEcx(call), ...movEax(partner), ...movEbx(message), ...int(33)];
