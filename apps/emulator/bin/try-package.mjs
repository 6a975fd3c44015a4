// Imports a module in a process of its own: says "loaded", or "failed" and why. Whoever hears neither knows that the import ended the
// process, or never came to an end.
import { pathToFileURL } from "node:url";

const say = (text) => process.stdout.write(text, () => process.exit(0));
try {
  await import(pathToFileURL(process.argv[2]).href);
  say("loaded");
} catch (error) {
  const what = error instanceof Error ? error.message.split("\n")[0] : String(error);
  if (!(error instanceof SyntaxError)) say(`failed ${what}`);
  else {
    process.stdout.write(`failed ${what}`);
    throw error; // Node says on standard error in which file and line it is, and nowhere else
  }
}
