/** A hash over all that happens: two 32-bit lanes, cheap enough for every trap. */
export class TraceHash {
  private low = 0x811c9dc5 | 0;
  private high = 0x9e3779b9 | 0;

  add(word: number): void {
    this.low = Math.imul(this.low ^ word, 0x01000193);
    this.high = Math.imul((this.high << 5) ^ (this.high >>> 27) ^ word, 0x85ebca6b) + this.low;
  }

  addWords(words: Int32Array): void {
    for (let index = 0; index < words.length; index++) this.add(words[index] as number);
  }

  /** 16 hexadecimal digits. */
  toString(): string {
    const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, "0");
    return hex(this.high) + hex(this.low);
  }
}
