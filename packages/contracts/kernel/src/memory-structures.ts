import { AMF_EMPTY, ASYN_ENTRY_BYTES, MESSAGE_BYTES, messageFromBytes, messageToBytes, type Endpoint, type GrantId, type Message } from "@procyon-os/message";
import { branded, int32, struct, uint32, type Codec, type Struct, type StructValue } from "./struct.ts";

// Grant flags (reference/kernel.md 3.8).
export const CPF_READ = 0x0001;
export const CPF_WRITE = 0x0002;
export const CPF_MAP = 0x0004;
export const CPF_USED = 0x0100;
export const CPF_DIRECT = 0x0200;
export const CPF_INDIRECT = 0x0400;
export const CPF_MAGIC = 0x0800;
export const CPF_VALID = 0x1000;
export const GRANT_BYTES = 36;
export const GRANT_INVALID = -1 as GrantId;
/** So many indirect grants may be followed. */
export const MAX_INDIRECT_DEPTH = 5;

/** An entry of a grant table: 36 bytes in the granter's data segment; the three kinds lay out their fields differently. */
export type GrantEntry =
  | { readonly kind: "unused"; readonly flags: number }
  | { readonly kind: "direct"; readonly flags: number; readonly to: Endpoint; readonly start: number; readonly length: number }
  | { readonly kind: "indirect"; readonly flags: number; readonly to: Endpoint; readonly from: Endpoint; readonly grant: GrantId }
  | { readonly kind: "magic"; readonly flags: number; readonly from: Endpoint; readonly to: Endpoint; readonly start: number; readonly length: number };

const directGrant = struct("cp_direct", GRANT_BYTES, { flags: [0, int32], to: [4, branded<Endpoint>()], start: [8, uint32], length: [12, uint32] });
const indirectGrant = struct("cp_indirect", GRANT_BYTES, {
  flags: [0, int32], to: [4, branded<Endpoint>()], from: [8, branded<Endpoint>()], grant: [12, branded<GrantId>()],
});
const magicGrant = struct("cp_magic", GRANT_BYTES, {
  flags: [0, int32], from: [4, branded<Endpoint>()], to: [8, branded<Endpoint>()], start: [12, uint32], length: [16, uint32],
});

// Ours, in bytes that MINIX reserves: an entry that carries this word and a generation is valid under ids of that generation only.
// The id is generation << 16 | slot. An entry without the word, as MINIX's library makes them, has the slot as its id.
export const GRANT_TAG = 0x47656e21;
export const GRANT_TAG_OFFSET = 20;
export const GRANT_GENERATION_OFFSET = 24;
export const GRANT_SLOT_BITS = 16;
/** Generations run from 0 to this and begin again: an id is not negative. */
export const GRANT_LAST_GENERATION = 0x7fff;

/** The slot of a grant id. */
export const grantSlot = (grant: GrantId | number): number => grant & ((1 << GRANT_SLOT_BITS) - 1);
/** The generation of a grant id. */
export const grantGeneration = (grant: GrantId | number): number => grant >>> GRANT_SLOT_BITS;
/** The id of a slot's entry of this generation. */
export const grantId = (slot: number, generation: number): GrantId => ((generation << GRANT_SLOT_BITS) | slot) as GrantId;

/** The 36 bytes of a grant table entry; with a generation, only ids of that generation mean it. */
export function encodeGrant(grant: GrantEntry, generation: number | null = null): Uint8Array {
  const bytes = encodePlain(grant);
  if (generation === null) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(GRANT_TAG_OFFSET, GRANT_TAG, true);
  view.setUint32(GRANT_GENERATION_OFFSET, generation, true);
  return bytes;
}

function encodePlain(grant: GrantEntry): Uint8Array {
  switch (grant.kind) {
    case "direct": return directGrant.encode(grant);
    case "indirect": return indirectGrant.encode(grant);
    case "magic": return magicGrant.encode(grant);
    case "unused": return directGrant.encode({ flags: grant.flags, to: 0 as Endpoint, start: 0, length: 0 });
  }
}

/** A grant table entry from its bytes; the kind follows the flags, direct first, as the kernel looks. */
export function decodeGrant(bytes: Uint8Array, offset = 0): GrantEntry {
  const { flags } = directGrant.decode(bytes, offset);
  if (flags & CPF_INDIRECT) return { kind: "indirect", ...indirectGrant.decode(bytes, offset) };
  if (flags & CPF_DIRECT) return { kind: "direct", ...directGrant.decode(bytes, offset) };
  if (flags & CPF_MAGIC) return { kind: "magic", ...magicGrant.decode(bytes, offset) };
  return { kind: "unused", flags };
}

/** An element of VSAFECOPY, 24 bytes: exactly one of `from` and `to` is SELF. */
export const safecopyElement = struct("vscp_vec", 24, {
  from: [0, branded<Endpoint>()], to: [4, branded<Endpoint>()], grant: [8, branded<GrantId>()], offset: [12, uint32],
  address: [16, uint32], bytes: [20, uint32],
});
export type SafecopyElement = StructValue<typeof safecopyElement>;
/** Longest vector of VSAFECOPY. */
export const SCPVEC_NR = 64;

const messageCodec: Codec<Message> = {
  bytes: MESSAGE_BYTES,
  read: (view, at) => messageFromBytes(new Uint8Array(view.buffer, view.byteOffset + at, MESSAGE_BYTES)),
  write: (view, at, value) => new Uint8Array(view.buffer, view.byteOffset + at, MESSAGE_BYTES).set(messageToBytes(value)),
};
/** An entry of an asynchronous send table, 48 bytes; flags are AMF_* (reference/kernel.md 2.7). */
export const asynEntry: Struct<AsynEntry> = struct("asynmsg", ASYN_ENTRY_BYTES, {
  flags: [0, uint32], to: [4, branded<Endpoint>()], result: [8, int32], message: [12, messageCodec],
});
export interface AsynEntry {
  readonly flags: number;
  readonly to: Endpoint;
  readonly result: number;
  readonly message: Message;
}
/** An entry that the kernel skips. */
export const EMPTY_ASYN_FLAGS: number = AMF_EMPTY;
/** Longest table of SENDA. */
export const MAX_ASYN_ENTRIES: number = 16 * 261;

/** Argument of VMCTL_ENABLE_PAGING: where VM's new memory map lies (36 bytes, in VM) and the kernel's new data limit. */
export const enablePagingArgument = struct("vm_ep_data", 8, { memoryMap: [0, uint32], dataSegmentLimit: [4, uint32] });

/** What PM gives SIGSEND, 20 bytes. */
export const signalMessage = struct("sigmsg", 20, {
  signal: [0, int32], mask: [4, uint32], handler: [8, uint32], signalReturn: [12, uint32], stackPointer: [16, uint32],
});
export type SignalMessage = StructValue<typeof signalMessage>;
/** Sizes of the two structures that SIGSEND puts on the stack, sigcontext on top (reference/kernel.md 8.2). */
export const SIGCONTEXT_BYTES = 584;
export const SIGFRAME_BYTES = 28;
/** Offsets in a sigcontext: flags, mask, registers (64 bytes), FPU (512 bytes). */
export const SIGCONTEXT_FLAGS = 0;
export const SIGCONTEXT_MASK = 4;
export const SIGCONTEXT_REGISTERS = 8;
export const SIGCONTEXT_FPU = 72;
/** Magic number at the start of an mcontext of GETMCONTEXT: 64 bytes of registers, 512 of FPU, 2 of flags follow. */
export const MCF_MAGIC = 0xc0ffee;
