import type { Endpoint } from "./brand.ts";

/** Bytes of a message: source, type, and a payload of 28. */
export const MESSAGE_BYTES = 36;
export const MESSAGE_WORDS = 9;

/**
 * A message: 9 little-endian words. Word 0 is m_source (the kernel writes the true sender), word 1 is m_type,
 * words 2..8 are the payload, whose fields `field.ts` names (reference/kernel.md 2.3).
 */
export type Message = Int32Array;

/** A message of zeros, with a type where one is given. */
export function newMessage(type = 0): Message {
  const message = new Int32Array(MESSAGE_WORDS);
  message[1] = type;
  return message;
}

/** An independent copy. */
export function copyMessage(message: Message): Message {
  return message.slice(0, MESSAGE_WORDS);
}

/** Copies all nine words of a message over another one. */
export function setMessage(into: Message, from: Message): void {
  // Word by word: `set` looks at its arguments for longer than this takes, and each trap copies a message or two.
  into[0] = from[0] as number;
  into[1] = from[1] as number;
  into[2] = from[2] as number;
  into[3] = from[3] as number;
  into[4] = from[4] as number;
  into[5] = from[5] as number;
  into[6] = from[6] as number;
  into[7] = from[7] as number;
  into[8] = from[8] as number;
}

/** m_source: who sent it. */
export function messageSource(message: Message): Endpoint {
  return message[0] as Endpoint;
}
/** m_type: the call number of a request, the result of a reply. */
export function messageType(message: Message): number {
  return message[1] as number;
}

/** The 36 bytes as they lie in memory. */
export function messageToBytes(message: Message): Uint8Array {
  const bytes = new Uint8Array(MESSAGE_BYTES);
  const view = new DataView(bytes.buffer);
  for (let word = 0; word < MESSAGE_WORDS; word++) view.setInt32(word * 4, message[word] as number, true);
  return bytes;
}

/** A message from 36 bytes of memory. */
export function messageFromBytes(bytes: Uint8Array, offset = 0): Message {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, MESSAGE_BYTES);
  const message = new Int32Array(MESSAGE_WORDS);
  for (let word = 0; word < MESSAGE_WORDS; word++) message[word] = view.getInt32(word * 4, true);
  return message;
}

/** A signed 16-bit field at a byte offset. */
export function getShort(message: Message, offset: number): number {
  return ((message[offset >> 2] as number) << (16 - ((offset & 2) << 3))) >> 16;
}
export function setShort(message: Message, offset: number, value: number): void {
  const shift = (offset & 2) << 3;
  const word = offset >> 2;
  message[word] = ((message[word] as number) & ~(0xffff << shift)) | ((value & 0xffff) << shift);
}
/** An unsigned byte at a byte offset. */
export function getByte(message: Message, offset: number): number {
  return ((message[offset >> 2] as number) >>> ((offset & 3) << 3)) & 0xff;
}
export function setByte(message: Message, offset: number, value: number): void {
  const shift = (offset & 3) << 3;
  const word = offset >> 2;
  message[word] = ((message[word] as number) & ~(0xff << shift)) | ((value & 0xff) << shift);
}
