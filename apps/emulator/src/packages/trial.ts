import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { patience } from "./patience.ts";

const script = fileURLToPath(new URL("../../bin/try-package.mjs", import.meta.url));
const DEFAULT_SECONDS = 30;

/**
 * Imports a module in a process of its own before it is imported here, where it could end or stop everything, and runs its services there
 * to their first call. Gives why it cannot be loaded; null where it can. `PROCYON_IMPORT_SECONDS` says how long it may take.
 */
export function importProblem(entry: string): string | null {
  const seconds = patience("PROCYON_IMPORT_SECONDS", DEFAULT_SECONDS);
  const { stdout, stderr, status, error } = spawnSync(process.execPath, [script, entry], {
    encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: seconds * 1000, killSignal: "SIGKILL",
  });
  if (stdout?.endsWith("loaded")) return null;
  const failed = /^failed (.*)$/s.exec(stdout ?? "");
  const imported = (stdout ?? "").startsWith("imported");
  const where = /^file:\/\/(.*:\d+)$/m.exec(stderr ?? "");
  if (failed !== null) return `${failed[1]}${where === null ? "" : ` (${where[1]})`}`;
  if ((error as { code?: string } | undefined)?.code === "ETIMEDOUT") return `${imported ? "its main has not come to its first call" : "its import has not ended"} after ${seconds} s; does it loop?`;
  if (status === 13) return "its import never ends: it waits at its top level for something that does not come";
  return `its ${imported ? "main" : "import"} ends the process (status ${status})`;
}
