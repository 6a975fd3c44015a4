/** vfs_ucred_t, what LOOKUP's second grant holds: 44 bytes (reference/posix-abi.md 4.4). */
export const CREDENTIALS_BYTES = 44;
/** NGROUPS_MAX: supplementary groups. */
export const GROUPS_MAX = 8;

/** Whose permissions a lookup has. */
export interface Credentials {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** The 44 bytes of credentials; groups beyond the eighth are refused. */
export function encodeCredentials({ uid, gid, groups }: Credentials): Uint8Array {
  if (groups.length > GROUPS_MAX) throw new Error(`${groups.length} groups, at most ${GROUPS_MAX}`);
  const bytes = new Uint8Array(CREDENTIALS_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, uid, true);
  view.setUint32(4, gid, true);
  view.setInt32(8, groups.length, true);
  groups.forEach((group, index) => view.setUint32(12 + index * 4, group, true));
  return bytes;
}

/** Credentials from memory; a count outside 0..8 gives null. */
export function decodeCredentials(bytes: Uint8Array): Credentials | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, CREDENTIALS_BYTES);
  const count = view.getInt32(8, true);
  if (count < 0 || count > GROUPS_MAX) return null;
  const groups = Array.from({ length: count }, (_, index) => view.getUint32(12 + index * 4, true));
  return { uid: view.getUint32(0, true), gid: view.getUint32(4, true), groups };
}
