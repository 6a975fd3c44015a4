import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));
const groups = ["apps", "packages", "packages/contracts", "packages/servers", "packages/drivers", "packages/dev"];

interface Manifest {
  name: string;
  version: string;
  files?: string[];
  exports?: unknown;
  publishConfig?: { exports?: unknown };
  dependencies?: { [name: string]: string };
  peerDependencies?: { [name: string]: string };
  devDependencies?: unknown;
}

/** A folder of this test file's own, which goes with it. */
export function temporary(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `procyon-${name}-`));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
process.setMaxListeners(200);

/** The folders of all packages of the workspace, by name. */
export function workspacePackages(): Map<string, string> {
  const found = new Map<string, string>();
  for (const group of groups) {
    for (const entry of readdirSync(join(root, group))) {
      const manifest = join(root, group, entry, "package.json");
      if (existsSync(manifest)) found.set((JSON.parse(readFileSync(manifest, "utf8")) as Manifest).name, join(root, group, entry));
    }
  }
  return found;
}

function published(manifest: Manifest, version: string): Manifest {
  const ranges = (all: { [name: string]: string } | undefined): { [name: string]: string } =>
    Object.fromEntries(Object.entries(all ?? {}).map(([name, range]) => [name, range.startsWith("workspace:") ? "^0.1.0" : range]));
  const { devDependencies, publishConfig, ...rest } = manifest;
  void devDependencies;
  return { ...rest, version, exports: publishConfig?.exports ?? manifest.exports, dependencies: ranges(manifest.dependencies), peerDependencies: ranges(manifest.peerDependencies) };
}

/** Lays out what the registry would hold of a package (its `files` and the manifest that is published) in `target/package`. */
export function layOut(folder: string, target: string, change: { version?: string; edit?: (folder: string) => void } = {}): string {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  const out = join(target, "package");
  mkdirSync(out, { recursive: true });
  for (const file of manifest.files ?? readdirSync(folder).filter((name) => name !== "node_modules")) {
    if (existsSync(join(folder, file))) cpSync(join(folder, file), join(out, file), { recursive: true });
  }
  writeFileSync(join(out, "package.json"), JSON.stringify(published(manifest, change.version ?? manifest.version)));
  change.edit?.(out);
  return out;
}

/** Packs a package as it would be published; gives the path of the tarball. */
export function pack(folder: string, into: string, change: { version?: string; edit?: (folder: string) => void } = {}): string {
  const work = temporary("pack");
  const out = layOut(folder, work, change);
  const { name, version } = JSON.parse(readFileSync(join(out, "package.json"), "utf8")) as Manifest;
  const file = join(into, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
  execFileSync("tar", ["-czf", file, "-C", work, "package"]);
  return file;
}

/** A package and everything of the workspace that it needs when it runs. */
export function closure(names: readonly string[]): string[] {
  const folders = workspacePackages();
  const found = new Set<string>();
  const visit = (name: string): void => {
    const folder = folders.get(name);
    if (folder === undefined || found.has(name)) return;
    found.add(name);
    const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
    Object.keys(dependencies ?? {}).forEach(visit);
  };
  names.forEach(visit);
  return [...found];
}
