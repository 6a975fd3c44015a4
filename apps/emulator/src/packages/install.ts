import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import pacote from "pacote";
import { UsageError } from "../cli/usage-error.ts";

/** The file that says that a package is whole, with the keys of what it needs, one a line. */
const MARK = "complete";

/** Where packages come from and where they are put. */
export interface InstallOptions {
  readonly cache: string;
  /** Where packages come from; npm's own default where it is not given. */
  readonly registry?: string;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: { readonly [name: string]: string };
  readonly peerDependencies?: { readonly [name: string]: string };
  readonly peerDependenciesMeta?: { readonly [name: string]: { readonly optional?: boolean } };
  readonly _resolved: string;
  readonly _integrity: string;
}

function wanted({ dependencies, peerDependencies, peerDependenciesMeta }: Manifest): [string, string][] {
  const peers = Object.entries(peerDependencies ?? {}).filter(([name]) => peerDependenciesMeta?.[name]?.optional !== true);
  return [...Object.entries(dependencies ?? {}), ...peers];
}

function describe(spec: string, registry = "npm's default", error: unknown = null): UsageError {
  const { code, message } = error as { code?: string; message: string };
  if (code === "E404") return new UsageError(`${spec}: the registry ${registry} has no such package`);
  if (code === "ETARGET") return new UsageError(`${spec}: the registry ${registry} has no such version`);
  if (code === "EINTEGRITY") return new UsageError(`${spec}: what the registry sent is not what it had announced (integrity)`);
  return new UsageError(`${spec}: cannot be fetched from ${registry}: ${message.split("\n")[0]}`);
}

/** Whether the package in `packages/KEY` is there with all that it needs, by the marks that name what each needs. */
function isComplete(packages: string, key: string, seen = new Set<string>()): boolean {
  if (seen.has(key)) return true; // packages may need each other in a circle
  seen.add(key);
  const mark = join(packages, key, MARK);
  return existsSync(mark) && readFileSync(mark, "utf8").split("\n").every((needed) => needed === "" || isComplete(packages, needed, seen));
}

/**
 * Installs a package and what it needs, each version once, beside links to its dependencies, so that Node finds exactly
 * those. Scripts of packages never run. Any number of installations may share a cache, in one process or several: each
 * makes its packages in a folder of its own and moves them to their places when all are there. Gives the folder of the package.
 */
export async function installPackage(spec: string, options: InstallOptions): Promise<string> {
  const fetching = { ...(options.registry === undefined ? {} : { registry: options.registry }), cache: join(options.cache, "fetched"), ignoreScripts: true };
  const packages = join(options.cache, "packages");
  mkdirSync(packages, { recursive: true });
  const staging = mkdtempSync(join(packages, ".staging-"));
  const started = new Map<string, Manifest>();

  /** Gives the key of the package, under which it lies when all is done. */
  async function install(one: string): Promise<string> {
    const manifest = (await pacote.manifest(one, fetching).catch((error: unknown) => {
      throw describe(one, options.registry, error);
    })) as unknown as Manifest;
    const hash = createHash("sha256").update(manifest._integrity).digest("hex").slice(0, 12);
    const key = `${manifest.name.replace("/", "+")}@${manifest.version}-${hash}`;
    if (started.has(key)) return key; // also where packages need each other in a circle
    started.set(key, manifest);
    if (isComplete(packages, key)) return key;
    const modules = join(staging, key, "node_modules");
    await pacote.extract(manifest._resolved, join(modules, manifest.name), { ...fetching, integrity: manifest._integrity });
    const needed: string[] = [];
    for (const [name, range] of wanted(manifest)) {
      const dependency = await install(range.startsWith("file:") ? range : `${name}@${range}`);
      needed.push(dependency);
      const link = join(modules, name);
      mkdirSync(dirname(link), { recursive: true });
      if (!existsSync(link)) symlinkSync(folderOf(dependency), link, "dir");
    }
    writeFileSync(join(staging, key, MARK), needed.join("\n"));
    return key;
  }
  const folderOf = (key: string): string => join(packages, key, "node_modules", (started.get(key) as Manifest).name);

  try {
    const key = await install(spec);
    for (const made of readdirSync(staging)) moveOnce(join(staging, made), join(packages, made));
    return folderOf(key);
  } catch (error) {
    throw error instanceof UsageError ? error : describe(spec, options.registry, error);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Moves a package to its place, unless another installation was first; one that was never finished makes way. */
function moveOnce(from: string, to: string): void {
  if (existsSync(to) && !existsSync(join(to, MARK))) rmSync(to, { recursive: true });
  try {
    renameSync(from, to);
  } catch (error) {
    if (!["EEXIST", "ENOTEMPTY"].includes((error as { code?: string }).code ?? "")) throw error;
  }
}
