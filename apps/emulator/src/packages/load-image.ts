import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ServiceImage } from "@procyon-os/message";
import { UsageError } from "../cli/usage-error.ts";
import { forgiveStrays } from "./strays.ts";
import { importProblem } from "./trial.ts";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports?: unknown;
  readonly main?: string;
}

const CONDITIONS = ["node", "import", "default"];

/** The file behind an entry of `exports`, by the conditions of a plain import. */
function exportedFile(entry: unknown): string | null {
  if (typeof entry === "string") return entry;
  if (typeof entry !== "object" || entry === null) return null;
  const record = entry as { readonly [key: string]: unknown };
  if ("." in record) return exportedFile(record["."]);
  for (const [condition, value] of Object.entries(record)) {
    const file = CONDITIONS.includes(condition) ? exportedFile(value) : null;
    if (file !== null) return file;
  }
  return null;
}

function readManifest(folder: string): Manifest {
  const path = join(folder, "package.json");
  if (!existsSync(path)) throw new UsageError(`${folder}: there is no package.json`);
  let manifest: Manifest;
  try {
    manifest = JSON.parse(readFileSync(path, "utf8")) as Manifest;
  } catch (error) {
    throw new UsageError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof manifest.name !== "string" || typeof manifest.version !== "string") throw new UsageError(`${path}: name and version are wanted`);
  return manifest;
}

function entryOf(folder: string, manifest: Manifest): string {
  const file = exportedFile(manifest.exports) ?? manifest.main ?? "index.js";
  const path = join(folder, file);
  if (!existsSync(path)) throw new UsageError(`${manifest.name}@${manifest.version}: its entry ${file} does not exist (is the package built?)`);
  return path;
}

function isImage(value: unknown): value is ServiceImage {
  if (typeof value !== "object" || value === null) return false;
  const { name, version, dataBytes, stackBytes, main } = value as Partial<ServiceImage>;
  const isSize = (size: unknown): boolean => Number.isInteger(size) && (size as number) >= 0;
  return typeof name === "string" && typeof version === "string" && isSize(dataBytes) && isSize(stackBytes) && typeof main === "function";
}

/** The service that a module exports: `image`, or the only export that is one. The manifest says its name and version. */
export function imageOf(module: { readonly [name: string]: unknown }, manifest: { readonly name: string; readonly version: string }): ServiceImage {
  const what = `${manifest.name}@${manifest.version}`;
  const found = Object.entries(module).filter(([, value]) => isImage(value));
  const named = found.find(([name]) => name === "image") ?? (found.length === 1 ? found[0] : undefined);
  if (named !== undefined && /Async/.test(Object.prototype.toString.call((named[1] as ServiceImage).main))) {
    throw new UsageError(`${what}: its main is async, and nobody would await it: a service is a generator of traps (function*)`);
  }
  if (named !== undefined) return { ...(named[1] as ServiceImage), name: manifest.name, version: manifest.version };
  if (found.length > 1) throw new UsageError(`${what}: it exports several services (${found.map(([name]) => name).join(", ")}); name one of them image`);
  const names = Object.keys(module).filter((name) => name !== "default");
  throw new UsageError(`${what}: it exports no service: an export image with name, version, dataBytes, stackBytes and main is wanted (it has ${names.join(", ") || "no exports"})`);
}

function cannotRun(manifest: Manifest, error: unknown): UsageError {
  return new UsageError(`${manifest.name}@${manifest.version}: it cannot be loaded: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`);
}

/** The entry of a package, once another process has imported it without harm. */
function triedEntry(folder: string, manifest: Manifest): string {
  const entry = entryOf(folder, manifest);
  const problem = importProblem(entry);
  if (problem !== null) throw cannotRun(manifest, problem);
  forgiveStrays();
  return entry;
}

/** Loads the service of a package that lies in a folder. */
export async function loadImage(folder: string): Promise<ServiceImage> {
  const manifest = readManifest(folder);
  const entry = triedEntry(folder, manifest);
  let module: { readonly [name: string]: unknown };
  try {
    module = (await import(/* @vite-ignore */ pathToFileURL(entry).href)) as typeof module;
  } catch (error) {
    throw cannotRun(manifest, error);
  }
  return imageOf(module, manifest);
}

/** The same where nobody can wait: the guest has asked. Not for a package with a top-level await. */
export function loadImageNow(folder: string): ServiceImage {
  const manifest = readManifest(folder);
  const entry = triedEntry(folder, manifest);
  let module: { readonly [name: string]: unknown };
  try {
    module = createRequire(entry)(entry) as typeof module;
  } catch (error) {
    throw cannotRun(manifest, error);
  }
  return imageOf(module, manifest);
}
