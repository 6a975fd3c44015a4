import { NR_FKEYS } from "@procyon-os/contract-tty";

const ESCAPE = "\u001b";
/** Number of a key in the sequences of a VT220, F1 to F12. */
const numbers = [11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 24];
/** F1 to F4 of a VT100. */
const letters = ["P", "Q", "R", "S"];
/** With shift F1 to F8 are F13 to F20 of a VT220, which the console of Linux sends. */
const shifted = [25, 26, 28, 29, 31, 32, 33, 34];

/** All that terminals send for one key, 0 to 11; with shift 12 to 23. */
function sequencesOf(key: number): string[] {
  const index = key % NR_FKEYS;
  const letter = letters[index];
  const number = numbers[index] as number;
  if (key < NR_FKEYS) {
    return [
      `${ESCAPE}[${number}~`, // VT220, xterm from F5 on, MINIX's keyboard
      ...(letter === undefined ? [] : [`${ESCAPE}O${letter}`]), // VT100, xterm
      ...(index < 5 ? [`${ESCAPE}[[${"ABCDE"[index]}`] : []), // the console of Linux
    ];
  }
  return [
    `${ESCAPE}[${number};2~`,
    ...(letter === undefined ? [] : [`${ESCAPE}[1;2${letter}`, `${ESCAPE}O2${letter}`]),
    ...(index < shifted.length ? [`${ESCAPE}[${shifted[index]}~`] : []),
  ];
}

/** By key, the bytes of each of its sequences. None is the beginning of another, and none has an escape but at its start. */
const sequences = Array.from({ length: 2 * NR_FKEYS }, (_, key) => sequencesOf(key).map((text) => Array.from(text, (one) => one.charCodeAt(0))));

/** What bytes are: a key and how many of them it takes, the beginning of one, or neither. */
export type KeyMatch = { readonly kind: "key"; readonly key: number; readonly length: number } | { readonly kind: "part" } | null;

const PART: KeyMatch = { kind: "part" };

/** Looks for one of the wanted keys at a place in what was received. */
export function matchKey(bytes: readonly number[], at: number, isWanted: (key: number) => boolean): KeyMatch {
  if (bytes[at] !== ESCAPE.charCodeAt(0)) return null;
  let found: KeyMatch = null;
  for (const [key, ways] of sequences.entries()) {
    if (!isWanted(key)) continue;
    for (const sequence of ways) {
      const length = Math.min(sequence.length, bytes.length - at);
      if (!sequence.slice(0, length).every((byte, index) => bytes[at + index] === byte)) continue;
      if (length === sequence.length) return { kind: "key", key, length };
      found = PART;
    }
  }
  return found;
}
