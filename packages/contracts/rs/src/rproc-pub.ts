import type { Endpoint } from "@procyon-os/message";

// struct rprocpub, 260 bytes: include/minix/rs.h of MINIX 3.2.0, i386 layout. PCI fields (68..255) are zero here.
export const RPROCPUB_BYTES = 260;
const LABEL_BYTES = 16;

/** sys_flags of an entry (reference/rs-sef-ds-syslib.md 2.2). */
export const SF_CORE_SRV = 0x01;
export const SF_SYNCH_BOOT = 0x02;
export const SF_NEED_COPY = 0x04;
export const SF_USE_COPY = 0x08;
export const SF_NEED_REPL = 0x10;
export const SF_USE_REPL = 0x20;

/** Device styles: how VFS talks to a character driver (reference/posix-abi.md 4.6). */
export const STYLE_NDEV = 0;
export const STYLE_DEV = 1;
export const STYLE_DEVA = 2;
export const STYLE_TTY = 3;
export const STYLE_CTTY = 4;
export const STYLE_CLONE = 5;
export const STYLE_CLONE_A = 6;
/** VFS maps the driver without asking whether it lives. */
export const DRV_FORCED = 0x01;

/** A public entry of RS's table of system processes: what every service may know of another. */
export interface RprocPub {
  readonly inUse: boolean; // @0, 16 bit
  readonly sysFlags: number; // @4
  readonly endpoint: Endpoint; // @8
  readonly deviceFlags: number; // @12
  readonly major: number; // @16
  readonly deviceStyle: number; // @20
  readonly deviceStyle2: number; // @24
  readonly label: string; // @28, 16 bytes
  readonly processName: string; // @44, 16 bytes
  readonly vmCalls: readonly [number, number]; // @60
}

function readText(bytes: Uint8Array, offset: number): string {
  let text = "";
  for (let i = offset; i < offset + LABEL_BYTES && bytes[i] !== 0; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

function writeText(bytes: Uint8Array, offset: number, text: string): void {
  for (let i = 0; i < LABEL_BYTES - 1 && i < text.length; i++) bytes[offset + i] = text.charCodeAt(i);
}

/** Reads the entry at a byte offset. */
export function decodeRprocPub(bytes: Uint8Array, offset = 0): RprocPub {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, RPROCPUB_BYTES);
  const int = (at: number): number => view.getInt32(at, true);
  return {
    inUse: view.getInt16(0, true) !== 0,
    sysFlags: int(4),
    endpoint: int(8) as Endpoint,
    deviceFlags: int(12),
    major: int(16),
    deviceStyle: int(20),
    deviceStyle2: int(24),
    label: readText(bytes, offset + 28),
    processName: readText(bytes, offset + 44),
    vmCalls: [int(60), int(64)],
  };
}

/** Writes one entry of 260 bytes. */
export function encodeRprocPub(entry: RprocPub): Uint8Array {
  const bytes = new Uint8Array(RPROCPUB_BYTES);
  const view = new DataView(bytes.buffer);
  view.setInt16(0, entry.inUse ? 1 : 0, true);
  view.setInt32(4, entry.sysFlags, true);
  view.setInt32(8, entry.endpoint, true);
  view.setInt32(12, entry.deviceFlags, true);
  view.setInt32(16, entry.major, true);
  view.setInt32(20, entry.deviceStyle, true);
  view.setInt32(24, entry.deviceStyle2, true);
  writeText(bytes, 28, entry.label);
  writeText(bytes, 44, entry.processName);
  entry.vmCalls.forEach((mask, i) => view.setInt32(60 + i * 4, mask, true));
  return bytes;
}
