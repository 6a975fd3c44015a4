// Imports a module in a process of its own, and lets the services that it exports come to their first call: says "imported", then "loaded"; or
// "failed" and why. Whoever hears neither knows that it ended the process, or never came to an end.
import { pathToFileURL } from "node:url";
import { enterInstance } from "@procyon-os/message";

const say = (text, then = () => {}) => process.stdout.write(text, then);

/** To the first trap, or whatever else it does: what is wrong with that the machine says. Only that it comes to an end matters here. */
function firstStep(image) {
  if (typeof image !== "object" || image === null || typeof image.main !== "function" || /Async/.test(Object.prototype.toString.call(image.main))) return;
  const { name } = image;
  enterInstance({ image, args: [name], values: new Map() });
  try {
    image.main([name]).next();
  } catch {
    // as above
  }
}

try {
  const module = await import(pathToFileURL(process.argv[2]).href);
  say("imported ");
  process.on("unhandledRejection", () => {});
  process.on("uncaughtException", () => {});
  for (const image of Object.values(module)) firstStep(image);
  setImmediate(() => say("loaded", () => process.exit(0))); // after the promises that it has left, which may follow each other without end
} catch (error) {
  const what = error instanceof Error ? error.message.split("\n")[0] : String(error);
  if (!(error instanceof SyntaxError)) say(`failed ${what}`, () => process.exit(0));
  else {
    process.stdout.write(`failed ${what}`);
    throw error; // Node says on standard error in which file and line it is, and nowhere else
  }
}
