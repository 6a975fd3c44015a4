/** A small ELF file: one segment with the entry in it. */
export function elf(): string {
  const bytes = new Uint8Array(128);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint32(20, 1, true);
  view.setUint32(24, 0x8000, true);
  view.setUint32(28, 52, true);
  view.setUint16(42, 32, true);
  view.setUint16(44, 1, true);
  [1, 100, 0x8000, 0, 16, 16].forEach((value, index) => view.setUint32(52 + index * 4, value, true));
  return String.fromCharCode(...bytes);
}
