/** The bytes of a string, one character a byte (Latin-1), as MINIX passes names. */
export function textBytes(text: string, nulTerminated = false): Uint8Array {
  const bytes = new Uint8Array(text.length + (nulTerminated ? 1 : 0));
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i) & 0xff;
  return bytes;
}

/** The string that bytes hold, up to the first NUL or the end. */
export function bytesText(bytes: Uint8Array, offset = 0, length: number = bytes.length - offset): string {
  let text = "";
  for (let i = offset; i < offset + length; i++) {
    const code = bytes[i] as number;
    if (code === 0) break;
    text += String.fromCharCode(code);
  }
  return text;
}
