// Layouts: reference/posix-abi.md 11.4. Times are whole seconds; the nanoseconds are 0.

/** struct stat of MINIX 3.2.0, 100 bytes. */
export const STAT_BYTES = 100;
/** struct stat before its fields grew, which the PREV_ calls give: 36 bytes. */
export const PREV_STAT_BYTES = 36;

/** What stat says of an inode. */
export interface Stat {
  readonly device: number;
  readonly mode: number;
  readonly inode: number;
  readonly links: number;
  readonly uid: number;
  readonly gid: number;
  readonly specialDevice: number; // st_rdev
  readonly accessTime: number;
  readonly modificationTime: number;
  readonly changeTime: number;
  readonly size: number;
  readonly blocks: number; // of 512 bytes
  readonly blockSize: number;
}

/** The 100 bytes of a struct stat. */
export function encodeStat(stat: Stat): Uint8Array {
  const bytes = new Uint8Array(STAT_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, stat.device, true);
  view.setUint32(4, stat.mode, true);
  view.setBigUint64(8, BigInt(stat.inode), true);
  view.setUint32(16, stat.links, true);
  view.setUint32(20, stat.uid, true);
  view.setUint32(24, stat.gid, true);
  view.setUint32(28, stat.specialDevice, true);
  view.setInt32(32, stat.accessTime, true);
  view.setInt32(40, stat.modificationTime, true);
  view.setInt32(48, stat.changeTime, true);
  view.setBigInt64(64, BigInt(stat.size), true);
  view.setBigInt64(72, BigInt(stat.blocks), true);
  view.setUint32(80, stat.blockSize, true);
  return bytes;
}

/** A struct stat from memory. */
export function decodeStat(bytes: Uint8Array, offset = 0): Stat {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, STAT_BYTES);
  return {
    device: view.getUint32(0, true),
    mode: view.getUint32(4, true),
    inode: Number(view.getBigUint64(8, true)),
    links: view.getUint32(16, true),
    uid: view.getUint32(20, true),
    gid: view.getUint32(24, true),
    specialDevice: view.getUint32(28, true),
    accessTime: view.getInt32(32, true),
    modificationTime: view.getInt32(40, true),
    changeTime: view.getInt32(48, true),
    size: Number(view.getBigInt64(64, true)),
    blocks: Number(view.getBigInt64(72, true)),
    blockSize: view.getUint32(80, true),
  };
}

/** The 36 bytes that the PREV_ calls give; what does not fit is cut off. */
export function encodePrevStat(stat: Stat): Uint8Array {
  const bytes = new Uint8Array(PREV_STAT_BYTES);
  const view = new DataView(bytes.buffer);
  view.setInt16(0, stat.device, true);
  view.setUint32(4, stat.inode, true);
  view.setUint16(8, stat.mode, true);
  view.setInt16(10, stat.links, true);
  view.setInt16(12, stat.uid, true);
  view.setInt16(14, stat.gid, true);
  view.setInt16(16, stat.specialDevice, true);
  view.setInt32(20, stat.size, true);
  view.setInt32(24, stat.accessTime, true);
  view.setInt32(28, stat.modificationTime, true);
  view.setInt32(32, stat.changeTime, true);
  return bytes;
}
