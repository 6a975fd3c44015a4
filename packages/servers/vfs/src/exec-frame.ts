import { ARG_MAX } from "@procyon-os/contract-vfs";
import { fail, ok, type Result } from "@procyon-os/message";
import { bytesText } from "@procyon-os/syslib";

const WORD = 4;

/** Arguments and environment, out of a frame that libc built. */
interface Strings {
  readonly args: string[];
  readonly environment: string[];
}

function parse(frame: Uint8Array): Strings | null {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const lists: string[][] = [[], []];
  let at = WORD;
  for (const list of lists) {
    for (; ; at += WORD) {
      if (at + WORD > frame.length) return null;
      const offset = view.getUint32(at, true);
      if (offset === 0) break;
      if (offset >= frame.length) return null;
      list.push(bytesText(frame, offset));
    }
    at += WORD;
  }
  return { args: lists[0] as string[], environment: lists[1] as string[] };
}

function build({ args, environment }: Strings): Uint8Array {
  const strings = [...args, ...environment];
  const head = WORD * (strings.length + 3);
  const total = strings.reduce((sum, text) => sum + text.length + 1, head);
  const frame = new Uint8Array(Math.ceil(total / WORD) * WORD);
  const view = new DataView(frame.buffer);
  view.setUint32(0, args.length, true);
  let at = head;
  strings.forEach((text, index) => {
    view.setUint32(WORD * (index < args.length ? index + 1 : index + 2), at, true);
    for (let i = 0; i < text.length; i++) frame[at + i] = text.charCodeAt(i);
    at += text.length + 1;
  });
  return frame;
}

/**
 * The frame for a script's interpreter: every word of the script's first line is an argument, then the script's path in the
 * place of argv[0], then the other arguments (reference/posix-abi.md 1.2).
 */
export function scriptFrame(frame: Uint8Array, words: readonly string[], path: string): Result<Uint8Array> {
  const strings = parse(frame);
  if (strings === null || strings.args.length === 0) return fail("ENOMEM");
  const patched = build({ args: [...words, path, ...strings.args.slice(1)], environment: strings.environment });
  return patched.length > ARG_MAX ? fail("ENOMEM") : ok(patched);
}

/** Makes the offsets of a frame addresses: every pointer after argc, up to the second NULL. */
export function relocateFrame(frame: Uint8Array, base: number): Uint8Array {
  const patched = frame.slice();
  const view = new DataView(patched.buffer);
  for (let at = WORD, nulls = 0; nulls < 2 && at + WORD <= patched.length; at += WORD) {
    const offset = view.getUint32(at, true);
    if (offset === 0) nulls++;
    else view.setUint32(at, (offset + base) >>> 0, true);
  }
  return patched;
}

/** The words of a script's first line behind `#!`; null where the header is no script, or its line has no word or no end. */
export function interpreterLine(header: Uint8Array): string[] | null {
  const text = bytesText(header, 2, Math.min(header.length - 2, 1024));
  const end = text.indexOf("\n");
  if (end < 0) return null;
  const words = text.slice(0, end).split(/[ \t]+/).filter((word) => word !== "");
  return words.length === 0 ? null : words;
}

/** Whether a file is a script by its first two bytes. */
export function isScript(header: Uint8Array): boolean {
  return header[0] === 0x23 && header[1] === 0x21;
}
