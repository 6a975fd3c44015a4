import { keyBit, NR_FKEYS } from "@procyon-os/contract-tty";

/** Keys with shift are so much higher than those without. */
export const SHIFT = NR_FKEYS;

/** What a key is called. */
export function keyName(key: number): string {
  return key > SHIFT ? `Shift+F${key - SHIFT}` : `F${key}`;
}

/** The two words of FKEY_CONTROL for these keys. */
export function keyWords(keys: Iterable<number>): { fkeys: number; sfkeys: number } {
  const words = { fkeys: 0, sfkeys: 0 };
  for (const key of keys) words[key > SHIFT ? "sfkeys" : "fkeys"] |= keyBit(key > SHIFT ? key - SHIFT : key);
  return words;
}

/** The keys of such words, in order. */
export function keysIn({ fkeys, sfkeys }: { readonly fkeys: number; readonly sfkeys: number }): number[] {
  const keys: number[] = [];
  for (let key = 1; key <= 2 * SHIFT; key++) {
    const bit = keyBit(key > SHIFT ? key - SHIFT : key);
    if (((key > SHIFT ? sfkeys : fkeys) & bit) !== 0) keys.push(key);
  }
  return keys;
}
