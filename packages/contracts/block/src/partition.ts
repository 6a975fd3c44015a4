// Disk ioctls (reference/posix-abi.md 11.6).
export const DIOCSETP = 0x401c6403;
export const DIOCGETP = 0x801c6404;
export const DIOCEJECT = 0x20006405;
export const DIOCTIMEOUT = 0xc0046406;
export const DIOCOPENCT = 0x80046407;
export const DIOCFLUSH = 0x20006408;
export const DIOCSETWC = 0x40046409;
export const DIOCGETWC = 0x8004640a;
export const MIOCRAMSIZE = 0x40046d03;
export const BIOCTRACEBUF = 0x40046201;
export const BIOCTRACECTL = 0x40046202;

/** The argument of DIOCGETP and DIOCSETP (struct partition, 28 bytes). */
export interface Partition {
  readonly base: number; // bytes from the start of the drive
  readonly size: number; // bytes
  readonly cylinders: number;
  readonly heads: number;
  readonly sectors: number;
}

export const PARTITION_BYTES = 28;

/** A partition as it lies in memory. */
export function encodePartition(partition: Partition): Uint8Array {
  const bytes = new Uint8Array(PARTITION_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(partition.base), true);
  view.setBigUint64(8, BigInt(partition.size), true);
  view.setUint32(16, partition.cylinders, true);
  view.setUint32(20, partition.heads, true);
  view.setUint32(24, partition.sectors, true);
  return bytes;
}

/** The partition that lies in memory. */
export function decodePartition(bytes: Uint8Array): Partition {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    base: Number(view.getBigUint64(0, true)), size: Number(view.getBigUint64(8, true)),
    cylinders: view.getUint32(16, true), heads: view.getUint32(20, true), sectors: view.getUint32(24, true),
  };
}
