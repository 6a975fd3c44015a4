import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

/** A package of the workspace. */
export interface Package {
  readonly name: string; // without the scope
  readonly directory: string; // relative to the root
  readonly dependencies: readonly string[]; // of the workspace, without the scope
  readonly manifest: { readonly [key: string]: unknown };
}

/** A source file: its path from the root, its text, and the package that it belongs to. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly owner: Package;
  readonly isTest: boolean;
}

const SCOPE = "@procyon-os/";
const PARENTS = ["packages", "packages/contracts", "packages/servers", "packages/drivers", "packages/dev", "apps"];

/** Every package below the root, in the order of their directories. */
export function findPackages(root: string): Package[] {
  const found: Package[] = [];
  for (const parent of PARENTS) {
    if (!existsSync(join(root, parent))) continue;
    for (const name of readdirSync(join(root, parent)).sort()) {
      const directory = join(parent, name);
      const file = join(root, directory, "package.json");
      if (!existsSync(file)) continue;
      const manifest = JSON.parse(readFileSync(file, "utf8")) as { name: string; dependencies?: { [name: string]: string } };
      const dependencies = Object.keys(manifest.dependencies ?? {}).filter((one) => one.startsWith(SCOPE)).map((one) => one.slice(SCOPE.length));
      found.push({ name: manifest.name.slice(SCOPE.length), directory, dependencies, manifest });
    }
  }
  return found;
}

function* filesBelow(directory: string): Generator<string> {
  for (const name of readdirSync(directory).sort()) {
    if (name === "node_modules" || name === "dist") continue;
    const path = join(directory, name);
    if (statSync(path).isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

/** The TypeScript sources of the packages. */
export function findSources(root: string, packages: readonly Package[]): SourceFile[] {
  const sources: SourceFile[] = [];
  for (const owner of packages) {
    for (const file of filesBelow(join(root, owner.directory))) {
      if (!file.endsWith(".ts")) continue;
      const path = relative(root, file);
      sources.push({ path, text: readFileSync(file, "utf8"), owner, isTest: file.endsWith(".test.ts") || path.includes("/test/") || path.includes("/bench/") });
    }
  }
  return sources;
}

/** The packages of ours that a file imports, without the scope. */
export function importsOf(text: string): string[] {
  return [...text.matchAll(/from "@procyon-os\/([a-z0-9-]+)"/g)].map((match) => match[1] as string);
}
