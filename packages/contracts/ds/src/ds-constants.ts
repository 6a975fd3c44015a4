// Limits and flags of DS (reference/rs-sef-ds-syslib.md 4.1).

/** Slots for entries. */
export const NR_DS_KEYS = 128;
/** Slots for subscriptions. */
export const NR_DS_SUBS = 256;
/** Snapshots kept of a mapped entry. */
export const NR_DS_SNAPSHOT = 5;
/** Longest key, with its NUL; on the wire a key has 2 to 80 bytes. */
export const DS_MAX_KEYLEN = 80;

export const DSF_IN_USE = 0x001;
/** Only the owner may retrieve. */
export const DSF_PRIV_RETRIEVE = 0x002;
/** Only the owner may overwrite. */
export const DSF_PRIV_OVERWRITE = 0x004;
/** The same bit as overwrite, as in MINIX: only the owner may take a snapshot. */
export const DSF_PRIV_SNAPSHOT = 0x004;
/** Only subscriptions of the owner match. */
export const DSF_PRIV_SUBSCRIBE = 0x008;

export const DSF_TYPE_U32 = 0x010;
export const DSF_TYPE_STR = 0x020;
export const DSF_TYPE_MEM = 0x040;
export const DSF_TYPE_MAP = 0x080;
export const DSF_TYPE_LABEL = 0x100;
export const DSF_MASK_TYPE = 0xff0;
/** The bits that are stored with an entry. */
export const DSF_MASK_INTERNAL = 0xfff;

/** Replaces an entry or subscription that is there. */
export const DSF_OVERWRITE = 0x01000;
/** Subscribe: what matches already counts as new. */
export const DSF_INITIAL = 0x02000;

export const DSMF_MAP_MAPPED = 0x10000;
export const DSMF_COPY_MAPPED = 0x20000;
export const DSMF_COPY_SNAPSHOT = 0x40000;

/** The value that a driver publishes under `drv.<kind>.<label>` when it is ready. */
export const DS_DRIVER_UP = 1;

/** COMMON_GETSYSINFO's table of DS. */
export const SI_DATA_STORE = 5;
