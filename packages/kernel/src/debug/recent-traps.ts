const KEPT = 100;
const WORDS = 3;

/** The last traps, for a panic's report: a ring of numbers, since this is written at every trap. */
export class RecentTraps {
  private readonly ring = new Float64Array(KEPT * WORDS);
  private count = 0;

  add(endpoint: number, vector: number, time: number): void {
    const at = (this.count++ % KEPT) * WORDS;
    this.ring[at] = endpoint;
    this.ring[at + 1] = vector;
    this.ring[at + 2] = time;
  }

  /** `endpoint/vector/cycle`, oldest first. */
  toString(): string {
    const texts: string[] = [];
    for (let index = Math.max(0, this.count - KEPT); index < this.count; index++) {
      const at = (index % KEPT) * WORDS;
      texts.push(`${this.ring[at]}/${this.ring[at + 1]}/${this.ring[at + 2]}`);
    }
    return texts.join(" ");
  }
}
