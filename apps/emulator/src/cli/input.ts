import { fstatSync, readFileSync } from "node:fs";

/** Bytes that come from the host's standard input, and whether more can come. */
export class HostInput {
  private chunks: Uint8Array[] = [];
  ended = false;
  private wake: (() => void) | null = null;
  private readonly stop: () => void;

  /** Keys from a terminal, or a pipe, as they come; a file is read at once. */
  constructor() {
    if (fstatSync(0).isFile()) {
      this.chunks.push(readFileSync(0));
      this.ended = true;
      this.stop = () => {};
      return;
    }
    const stream = process.stdin;
    stream.on("data", (chunk: Uint8Array | string) => this.arrived(typeof chunk === "string" ? Buffer.from(chunk) : chunk));
    stream.on("end", () => this.finish());
    stream.on("error", () => this.finish());
    this.stop = () => {
      stream.removeAllListeners("data");
      stream.destroy();
    };
  }

  /** No more input is wanted. */
  close(): void {
    this.stop();
  }

  get available(): boolean {
    return this.chunks.length > 0;
  }

  /** Whether a whole line is there. */
  get hasLine(): boolean {
    return this.chunks.some((chunk) => chunk.includes(0x0a));
  }

  /** The next line with its newline, or what is there of the last one; null where a whole line is not there yet. */
  takeLine(): Uint8Array | null {
    const all = this.takeAll();
    if (all === null) return null;
    const newline = all.indexOf(0x0a);
    if (newline < 0 && !this.ended) {
      this.chunks.unshift(all);
      return null;
    }
    const end = newline < 0 ? all.length : newline + 1;
    if (end < all.length) this.chunks.unshift(all.subarray(end));
    return all.subarray(0, end);
  }

  /** Everything that is there, or null. */
  takeAll(): Uint8Array | null {
    if (this.chunks.length === 0) return null;
    const all = this.chunks.length === 1 ? (this.chunks[0] as Uint8Array) : Buffer.concat(this.chunks);
    this.chunks = [];
    return all;
  }

  /** Waits until something comes, the input ends, or the time is over. */
  async wait(milliseconds: number): Promise<void> {
    if (this.ended && this.chunks.length === 0 && milliseconds === Infinity) return;
    await new Promise<void>((resolve) => {
      const timer = milliseconds === Infinity ? null : setTimeout(resolve, milliseconds);
      this.wake = () => {
        if (timer !== null) clearTimeout(timer);
        resolve();
      };
    });
    this.wake = null;
  }

  private arrived(chunk: Uint8Array): void {
    if (chunk.length > 0) this.chunks.push(chunk);
    this.wake?.();
  }

  private finish(): void {
    this.ended = true;
    this.wake?.();
  }
}
