import { call, endpoint, grantId, i32, m1, m2, protocol, u32, virtAddr } from "@procyon-os/message";

const key = { key: m2.i1(grantId), keyLength: m2.s1(i32) } as const;
const keyErrors = {
  EINVAL: "the key is shorter than 2 or longer than 80 bytes, the type is none or several, or a pattern is wrong",
  EPERM: "the caller has no label, or may not do this with this entry, or the grant is not for DS",
  EFAULT: "the grant covers memory that is not there",
} as const;

/**
 * The data store: values that outlive the service which published them (reference/rs-sef-ds-syslib.md 4). `value` is a
 * number for U32 and LABEL, and a grant of `valueLength` bytes for STR, MEM and MAP.
 */
export const dsContract = protocol({
  name: "ds",
  version: "0.1.0",
  base: 0x800,
  calls: {
    publish: call(0, {
      about: "Stores a value under a key; with DSF_OVERWRITE, over what is there.",
      request: { ...key, flags: m2.i2(u32), value: m2.l1(u32), valueLength: m2.l2(u32) },
      reply: {},
      repeatable: false,
      errors: { ...keyErrors, EEXIST: "the key is taken and is not to be overwritten", ENOMEM: "every slot is in use, or there is no memory" },
    }),
    retrieve: call(1, {
      about: "Reads the value of a key; for STR and MEM, into the granted buffer.",
      request: { ...key, flags: m2.i2(u32), value: m2.l1(u32), valueLength: m2.l2(u32), snapshot: m2.i3(i32) },
      reply: { value: m2.l1(u32), valueLength: m2.l2(u32) },
      repeatable: true,
      errors: { ...keyErrors, ESRCH: "no such key of this type" },
    }),
    subscribe: call(2, {
      about: "Asks for a notification when a key is published or deleted that matches a POSIX extended regular expression as a whole.",
      request: { ...key, flags: m2.i2(u32) },
      reply: {},
      repeatable: true,
      errors: { ...keyErrors, ESRCH: "the caller has no label", EAGAIN: "every slot is in use", EEXIST: "the caller has a subscription and does not overwrite it" },
    }),
    check: call(3, {
      about: "Takes one key that a subscription is due; the key goes into the granted 80 bytes.",
      request: key,
      reply: { flags: m2.i2(u32), owner: m2.i3(endpoint) },
      repeatable: true,
      errors: { EPERM: keyErrors.EPERM, EFAULT: keyErrors.EFAULT, ESRCH: "the caller has no label or no subscription", ENOENT: "nothing is due" },
    }),
    delete: call(4, {
      about: "Deletes an entry; deleting a label deletes what its process owned.",
      request: { ...key, flags: m2.i2(u32) },
      reply: {},
      repeatable: true,
      errors: { ...keyErrors, ESRCH: "no such key of this type" },
    }),
    snapshot: call(5, {
      about: "Copies the present contents of a mapped entry.",
      request: { ...key, flags: m2.i2(u32) },
      reply: { snapshot: m2.i3(i32) },
      repeatable: false,
      errors: { ...keyErrors, ESRCH: "no such key of this type" },
    }),
    retrieveLabel: call(6, {
      about: "The label of an endpoint, into the granted 80 bytes.",
      request: { ...key, endpoint: m2.l1(endpoint) },
      reply: {},
      repeatable: true,
      errors: { EPERM: keyErrors.EPERM, EFAULT: keyErrors.EFAULT, ESRCH: "no label stands for this endpoint" },
    }),
    getSysInfo: call(0x602, {
      about: "COMMON_GETSYSINFO (0xE02): copies the table of entries (SI_DATA_STORE) to the caller; see `dsEntryRecord`.",
      request: { what: m1.i1(i32), size: m1.i2(u32), where: m1.p1(virtAddr) },
      reply: {},
      repeatable: true,
      errors: { EINVAL: "no such table, or the size is not the table's", EFAULT: "the address is not the caller's memory" },
    }),
  },
});
