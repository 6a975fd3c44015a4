import type { ContractReference } from "@procyon-os/message";

const PT_NOTE = 4;
const PHDR_BYTES = 32;
const OWNER = "Procyon\0";
const PROVIDES = 1; // type of the note
const MOST_NOTES = 32;

const text = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
const padded = (length: number): number => (length + 3) & ~3;

/** The contracts that an ELF program says it serves: notes of "Procyon", type 1, each with a text `name version`. */
export function elfProvides(file: Uint8Array): ContractReference[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const found: ContractReference[] = [];
  const headers = view.getUint32(28, true);
  const count = view.getUint16(44, true);
  for (let i = 0; i < count; i++) {
    const header = headers + i * PHDR_BYTES;
    if (header + PHDR_BYTES > file.length || view.getUint32(header, true) !== PT_NOTE) continue;
    const start = view.getUint32(header + 4, true);
    const end = Math.min(file.length, start + view.getUint32(header + 16, true));
    for (let at = start; at + 12 <= end && found.length < MOST_NOTES; ) {
      const nameBytes = view.getUint32(at, true);
      const bytes = view.getUint32(at + 4, true);
      const content = at + 12 + padded(nameBytes);
      if (nameBytes > 64 || bytes > 256 || content + bytes > end) break;
      if (view.getUint32(at + 8, true) === PROVIDES && text(file.subarray(at + 12, at + 12 + nameBytes)) === OWNER) {
        const [name = "", version = ""] = (text(file.subarray(content, content + bytes)).split("\0")[0] as string).split(" ");
        found.push({ name, version });
      }
      at = content + padded(bytes);
    }
  }
  return found;
}
