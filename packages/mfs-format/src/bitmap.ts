// Bitmaps of 32-bit little-endian words, least significant bit first: the same as bytes, least significant bit first.

/** Whether a bit is set. */
export function testBit(map: Uint8Array, bit: number): boolean {
  return ((map[bit >> 3] as number) & (1 << (bit & 7))) !== 0;
}

/** Sets a bit. */
export function setBit(map: Uint8Array, bit: number): void {
  map[bit >> 3] = (map[bit >> 3] as number) | (1 << (bit & 7));
}

/** Clears a bit. */
export function clearBit(map: Uint8Array, bit: number): void {
  map[bit >> 3] = (map[bit >> 3] as number) & ~(1 << (bit & 7));
}

/** The first clear bit at or after `from` and below `limit`, or -1. */
export function findClearBit(map: Uint8Array, from: number, limit: number): number {
  for (let bit = from; bit < limit; ) {
    const byte = map[bit >> 3] as number;
    if (byte === 0xff) bit = (bit | 7) + 1;
    else if ((byte & (1 << (bit & 7))) === 0) return bit;
    else bit++;
  }
  return -1;
}

/** How many of the first `limit` bits are clear. */
export function countClearBits(map: Uint8Array, limit: number): number {
  let clear = 0;
  const whole = limit >> 3;
  for (let i = 0; i < whole; i++) {
    let byte = ~(map[i] as number) & 0xff;
    for (; byte !== 0; byte &= byte - 1) clear++;
  }
  for (let bit = whole << 3; bit < limit; bit++) if (!testBit(map, bit)) clear++;
  return clear;
}
