import type { GrantId } from "@procyon-os/message";

/** One element of a gather or scatter vector. */
export interface BlockVectorElement {
  readonly grant: GrantId;
  readonly bytes: number;
}

/** Bytes of an element: grant, size (iovec_s_t). */
export const BLOCK_VECTOR_ELEMENT_BYTES = 8;

/** A vector as it lies in memory. */
export function encodeBlockVector(elements: readonly BlockVectorElement[]): Uint8Array {
  const bytes = new Uint8Array(elements.length * BLOCK_VECTOR_ELEMENT_BYTES);
  const view = new DataView(bytes.buffer);
  elements.forEach((element, n) => {
    view.setInt32(n * 8, element.grant, true);
    view.setUint32(n * 8 + 4, element.bytes, true);
  });
  return bytes;
}

/** The elements of a vector in memory. */
export function decodeBlockVector(bytes: Uint8Array): BlockVectorElement[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const elements: BlockVectorElement[] = [];
  for (let at = 0; at + BLOCK_VECTOR_ELEMENT_BYTES <= bytes.length; at += BLOCK_VECTOR_ELEMENT_BYTES) {
    elements.push({ grant: view.getInt32(at, true) as GrantId, bytes: view.getUint32(at + 4, true) });
  }
  return elements;
}
