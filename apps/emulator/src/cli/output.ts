import { writeSync } from "node:fs";

const ROOM = 64 * 1024;

/** Collects the guest's bytes and writes them to a descriptor of the host, in order and completely. */
export class HostOutput {
  private readonly buffer = new Uint8Array(ROOM);
  private length = 0;
  private readonly descriptor: number;

  constructor(descriptor: number) {
    this.descriptor = descriptor;
  }

  /** Takes one byte. */
  readonly put = (byte: number): void => {
    this.buffer[this.length++] = byte;
    if (this.length === ROOM) this.flush();
  };

  /** Writes what has been collected. A reader that has gone is no error. */
  flush(): void {
    let at = 0;
    while (at < this.length) {
      try {
        at += writeSync(this.descriptor, this.buffer, at, this.length - at);
      } catch (error) {
        const { code } = error as { code?: string };
        if (code === "EAGAIN") continue;
        if (code === "EPIPE") break;
        throw error;
      }
    }
    this.length = 0;
  }
}
