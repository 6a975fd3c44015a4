/** struct termios (reference/posix-abi.md 6.2). */
export interface Termios {
  readonly iflag: number;
  readonly oflag: number;
  readonly cflag: number;
  readonly lflag: number;
  readonly ispeed: number;
  readonly ospeed: number;
  readonly cc: readonly number[]; // NCCS values
}

export const TERMIOS_BYTES = 36;
export const NCCS = 20;

// c_iflag
export const BRKINT = 0x1;
export const ICRNL = 0x2;
export const IGNBRK = 0x4;
export const IGNCR = 0x8;
export const IGNPAR = 0x10;
export const INLCR = 0x20;
export const INPCK = 0x40;
export const ISTRIP = 0x80;
export const IXOFF = 0x100;
export const IXON = 0x200;
export const PARMRK = 0x400;
export const IXANY = 0x800;
// c_oflag
export const OPOST = 0x1;
export const ONLCR = 0x2;
export const XTABS = 0x4;
export const ONOEOT = 0x8;
// c_cflag
export const CLOCAL = 0x1;
export const CREAD = 0x2;
export const CSIZE = 0xc;
export const CS8 = 0xc;
export const CSTOPB = 0x10;
export const HUPCL = 0x20;
export const PARENB = 0x40;
export const PARODD = 0x80;
// c_lflag
export const ECHO = 0x1;
export const ECHOE = 0x2;
export const ECHOK = 0x4;
export const ECHONL = 0x8;
export const ICANON = 0x10;
export const IEXTEN = 0x20;
export const ISIG = 0x40;
export const NOFLSH = 0x80;
export const TOSTOP = 0x100;
// indices of c_cc
export const VEOF = 0;
export const VEOL = 1;
export const VERASE = 2;
export const VINTR = 3;
export const VKILL = 4;
export const VMIN = 5;
export const VQUIT = 6;
export const VTIME = 7;
export const VSUSP = 8;
export const VSTART = 9;
export const VSTOP = 10;
export const VREPRINT = 11;
export const VLNEXT = 12;
export const VDISCARD = 13;
/** A c_cc value that switches its function off. */
export const POSIX_VDISABLE = 0xff;

export const B0 = 0;
export const B9600 = 0xd000;
export const B38400 = 0xf000;
export const B115200 = 0x200;
/** Bits a second of each speed code. */
export const bitsPerSecond: ReadonlyMap<number, number> = new Map([
  [0x1000, 50], [0x2000, 75], [0x3000, 110], [0x4000, 134], [0x5000, 150], [0x6000, 200], [0x7000, 300], [0x8000, 600], [0x9000, 1200],
  [0xa000, 1800], [0xb000, 2400], [0xc000, 4800], [0xd000, 9600], [0xe000, 19200], [0xf000, 38400], [0x100, 57600], [0x200, 115200],
]);

const control = (letter: string): number => letter.charCodeAt(0) & 0x1f;

/** What a line has when it is opened for the first time. */
export const termiosDefaults: Termios = {
  iflag: BRKINT | ICRNL | IXON | IXANY,
  oflag: OPOST | ONLCR,
  cflag: CREAD | CS8 | HUPCL,
  lflag: ISIG | IEXTEN | ICANON | ECHO | ECHOE,
  ispeed: B9600,
  ospeed: B9600,
  cc: [
    control("D"), POSIX_VDISABLE, control("H"), control("C"), control("U"), 1, control("\\"), 0, control("Z"), control("Q"), control("S"),
    control("R"), control("V"), control("O"), 0, 0, 0, 0, 0, 0,
  ],
};

/** The structure as it lies in memory. */
export function encodeTermios(termios: Termios): Uint8Array {
  const bytes = new Uint8Array(TERMIOS_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, termios.iflag, true);
  view.setUint16(2, termios.oflag, true);
  view.setUint16(4, termios.cflag, true);
  view.setUint16(6, termios.lflag, true);
  view.setUint32(8, termios.ispeed, true);
  view.setUint32(12, termios.ospeed, true);
  for (let n = 0; n < NCCS; n++) bytes[16 + n] = termios.cc[n] ?? 0;
  return bytes;
}

/** The structure that lies in memory. */
export function decodeTermios(bytes: Uint8Array): Termios {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    iflag: view.getUint16(0, true), oflag: view.getUint16(2, true), cflag: view.getUint16(4, true), lflag: view.getUint16(6, true),
    ispeed: view.getUint32(8, true), ospeed: view.getUint32(12, true), cc: [...bytes.subarray(16, 16 + NCCS)],
  };
}

/** struct winsize. */
export interface Winsize {
  readonly rows: number;
  readonly columns: number;
  readonly xPixels: number;
  readonly yPixels: number;
}

export const WINSIZE_BYTES = 8;

/** The structure as it lies in memory. */
export function encodeWinsize(size: Winsize): Uint8Array {
  return new Uint8Array(Uint16Array.of(size.rows, size.columns, size.xPixels, size.yPixels).buffer);
}

/** The structure that lies in memory. */
export function decodeWinsize(bytes: Uint8Array): Winsize {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (index: number): number => view.getUint16(index * 2, true);
  return { rows: word(0), columns: word(1), xPixels: word(2), yPixels: word(3) };
}
