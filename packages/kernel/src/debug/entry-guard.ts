/** NOREC: says so where the handling of a trap is entered a second time before it is left (reference/kernel.md 8.6). */
export class EntryGuard {
  private inside: string | null = null;

  enter(name: string): void {
    if (this.inside !== null) throw new Error(`recursive enter of ${name} in ${this.inside}`);
    this.inside = name;
  }

  leave(name: string): void {
    if (this.inside !== name) throw new Error(`leave of ${name} without an enter`);
    this.inside = null;
  }
}
