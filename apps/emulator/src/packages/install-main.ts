import { installPackage } from "./install.ts";

/** Runs in a process of its own, where the caller cannot wait for a promise: prints the folder, or why there is none. */
export async function installMain(args: readonly string[]): Promise<number> {
  const [spec = "", cache = "", registry = ""] = args;
  try {
    process.stdout.write(await installPackage(spec, { cache, ...(registry === "" ? {} : { registry }) }));
    return 0;
  } catch (error) {
    process.stdout.write(error instanceof Error ? error.message : String(error));
    return 1;
  }
}
