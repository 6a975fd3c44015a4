import { KMESS_BUF_SIZE, kernelMessages, kernelMessagesText } from "@procyon-os/contract-kernel";

/** The kernel's messages: a ring of the last 10,000 characters, as GETINFO KMESSAGES gives it. */
export class MessageRing {
  private readonly buffer = new Uint8Array(KMESS_BUF_SIZE);
  private next = 0;
  private size = 0;

  add(text: string): void {
    for (let index = 0; index < text.length; index++) {
      this.buffer[this.next] = text.charCodeAt(index);
      this.next = (this.next + 1) % KMESS_BUF_SIZE;
    }
    this.size = Math.min(this.size + text.length, KMESS_BUF_SIZE);
  }

  /** The last lines, the oldest of them first; without those that are empty. */
  lastLines(count: number): string[] {
    const text = kernelMessagesText({ next: this.next, size: this.size, buffer: this.buffer });
    return text.split("\n").filter((line) => line !== "").slice(-count);
  }

  encode(): Uint8Array {
    return kernelMessages.encode({ next: this.next, size: this.size, buffer: this.buffer });
  }
}
