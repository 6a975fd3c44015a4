let forgiven = false;

function say(thrown: unknown): void {
  let text = "something that has no text";
  try {
    text = thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    // then it has none
  }
  process.stderr.write(`procyon: outside of the machine, a package's promise or timer has failed: ${text.split("\n")[0]}\n`);
}

/**
 * Code of packages shares this process: what a timer of it throws, or a promise that nobody awaits, says so in a line and ends nothing. For
 * processes that have loaded one; errors of the machine itself are awaited, and get to whoever runs it.
 */
export function forgiveStrays(): void {
  if (forgiven) return;
  forgiven = true;
  process.on("unhandledRejection", say);
  process.on("uncaughtException", say);
}
