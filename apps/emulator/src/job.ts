/** A command for init to run: what a person would type, without a shell between. */
export interface Job {
  readonly directory: string;
  readonly environment: readonly string[]; // NAME=value
  readonly args: readonly string[]; // args[0] is the path of the program
}

/**
 * The job as init reads it from the second serial line: the number of bytes that follow, a newline, then texts ended by a
 * NUL: the directory, the number of environment strings, those strings, the arguments.
 */
export function encodeJob({ directory, environment, args }: Job): Uint8Array {
  const texts = [directory, String(environment.length), ...environment, ...args];
  if (texts.some((text) => text.includes("\0"))) throw new Error("an argument of the job contains a NUL character");
  const body = new TextEncoder().encode(texts.map((text) => `${text}\0`).join(""));
  const head = new TextEncoder().encode(`${body.length}\n`);
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}
