import { UsageError } from "../cli/usage-error.ts";

/** How many seconds something may take: what an environment variable says, or what is usual. */
export function patience(variable: string, usual: number): number {
  const given = process.env[variable];
  const seconds = Number(given ?? usual);
  if (seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw new UsageError(`${variable} is "${given}": give it a number of seconds, such as ${usual}`);
}
