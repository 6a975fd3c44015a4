// Codes of character device ioctls (reference/posix-abi.md 11.5, 11.6), unsigned.
export const TCGETS = 0x80245408;
export const TCSETS = 0x40245409;
export const TCSETSW = 0x4024540a;
export const TCSETSF = 0x4024540b;
export const TCSBRK = 0x4004540c;
export const TCDRAIN = 0x2000540d;
export const TCFLOW = 0x4004540e;
export const TCFLSH = 0x4004540f;
export const TIOCGWINSZ = 0x80085410;
export const TIOCSWINSZ = 0x40085411;
export const TIOCGPGRP = 0x40045412;
export const TIOCSPGRP = 0x40045413;
export const TIOCSFON = 0x50200001;
export const KIOCBELL = 0x40106b01;
export const KIOCSLEDS = 0x40046b02;
export const KIOCSMAP = 0x46006b03;
export const TIOCMAPMEM = 0xc03c7601;
export const TIOCUNMAPMEM = 0xc03c7602;
export const FIONREAD = 0x80046601;

// Arguments of TCFLSH and TCFLOW.
export const TCIFLUSH = 1;
export const TCOFLUSH = 2;
export const TCIOFLUSH = 3;
export const TCOOFF = 1;
export const TCOON = 2;
export const TCIOFF = 3;
export const TCION = 4;

const IN = 0x40000000;
const OUT = 0x80000000;
const BIG = 0x10000000;

/** What a request code says of its argument: how many bytes, and who reads or writes them. */
export function ioctlArgument(request: number): { readonly bytes: number; readonly driverReads: boolean; readonly driverWrites: boolean } {
  const bytes = (request & BIG) !== 0 ? (request >>> 8) & 0xfffff : (request >>> 16) & 0xfff;
  return { bytes, driverReads: (request & IN) !== 0, driverWrites: (request & OUT) !== 0 };
}
