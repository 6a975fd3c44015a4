/** An ELF program of one segment at 0x8000 that holds a text. */
export function elf(text: string): Uint8Array {
  const bytes = new Uint8Array(0x100 + text.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint32(20, 1, true);
  view.setUint32(24, 0x8000, true); // entry
  view.setUint32(28, 52, true);
  view.setUint16(42, 32, true);
  view.setUint16(44, 1, true);
  [1, 0x100, 0x8000, 0, text.length, text.length + 50, 5, 4096].forEach((word, index) => view.setUint32(52 + index * 4, word, true));
  for (let i = 0; i < text.length; i++) bytes[0x100 + i] = text.charCodeAt(i);
  return bytes;
}
/** Arguments as libc lays them out for exec. */
export function frame(...args: string[]): Uint8Array {
  const head = 4 * (args.length + 3);
  const strings = args.join("\0") + "\0";
  const bytes = new Uint8Array(Math.ceil((head + strings.length) / 4) * 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, args.length, true);
  let offset = head;
  args.forEach((text, index) => {
    view.setUint32(4 + index * 4, offset, true);
    offset += text.length + 1;
  });
  for (let i = 0; i < strings.length; i++) bytes[head + i] = strings.charCodeAt(i);
  return bytes;
}
