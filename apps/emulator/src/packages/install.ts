import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import pacote from "pacote";
import { UsageError } from "../cli/usage-error.ts";

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

/**
 * Installs a package and what it needs, each version once, beside links to its dependencies, so that Node finds exactly
 * those. Scripts of packages never run. Gives the folder of the package.
 */
export async function installPackage(spec: string, options: InstallOptions): Promise<string> {
  const started = new Map<string, string>();
  const fetching = { ...(options.registry === undefined ? {} : { registry: options.registry }), cache: join(options.cache, "fetched"), ignoreScripts: true };

  async function install(one: string): Promise<string> {
    const manifest = (await pacote.manifest(one, fetching).catch((error: unknown) => {
      throw describe(one, options.registry, error);
    })) as unknown as Manifest;
    const hash = createHash("sha256").update(manifest._integrity).digest("hex").slice(0, 12);
    const key = `${manifest.name.replace("/", "+")}@${manifest.version}-${hash}`;
    const known = started.get(key);
    if (known !== undefined) return known; // also where packages need each other in a circle
    const root = join(options.cache, "packages", key);
    const folder = join(root, "node_modules", manifest.name);
    started.set(key, folder);
    const mark = join(root, "complete");
    if (existsSync(mark)) return folder;
    rmSync(root, { recursive: true, force: true });
    await pacote.extract(manifest._resolved, folder, { ...fetching, integrity: manifest._integrity });
    for (const [name, range] of wanted(manifest)) {
      const target = await install(range.startsWith("file:") ? range : `${name}@${range}`);
      const link = join(root, "node_modules", name);
      mkdirSync(dirname(link), { recursive: true });
      if (!existsSync(link)) symlinkSync(target, link, "dir");
    }
    writeFileSync(mark, "");
    return folder;
  }

  try {
    return await install(spec);
  } catch (error) {
    throw error instanceof UsageError ? error : describe(spec, options.registry, error);
  }
}
