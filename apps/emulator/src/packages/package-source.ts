import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { ServiceImage } from "@procyon-os/message";
import { UsageError } from "../cli/usage-error.ts";
import type { ServiceProgram } from "../boot-image.ts";
import { loadImage, loadImageNow } from "./load-image.ts";
import { parseName, parseReference } from "./reference.ts";

/** Where a machine gets packages. */
export interface PackageSourceOptions {
  /** A folder that outlives the run; without it packages lie in a temporary one. */
  readonly cache?: string;
  /** Where names are looked up; npm's own without it. */
  readonly registry?: string;
}

const installer = fileURLToPath(new URL("../../bin/install-package.mjs", import.meta.url));

/**
 * The one door through which packages of the host's world come in. A package runs in the host's process with its rights:
 * a service is trusted as any program is that one installs.
 */
export class PackageSource {
  /** null: npm's own default. */
  readonly registry: string | null;
  private readonly given: string | undefined;
  private temporary: string | null = null;

  constructor(options: PackageSourceOptions = {}) {
    this.registry = options.registry ?? null;
    if (this.registry !== null && !URL.canParse(this.registry)) throw new UsageError(`${this.registry}: the registry's URL is wanted`);
    this.given = options.cache === undefined ? undefined : resolve(options.cache);
  }

  /** The program behind NAME, NAME@VERSION, a folder, a tarball or an ELF file. */
  async load(text: string): Promise<ServiceProgram> {
    const reference = parseReference(text);
    if (reference.kind === "elf") return new Uint8Array(readFileSync(reference.path));
    if (reference.kind === "folder") return await loadImage(reference.path);
    const { installPackage } = await import("./install.ts"); // pacote is large, and most machines need none
    const spec = reference.kind === "tarball" ? reference.path : `${reference.name}@${reference.range}`;
    return await loadImage(await installPackage(spec, { cache: this.cache, ...(this.registry === null ? {} : { registry: this.registry }) }));
  }

  /** The package of a registry, at once: another process fetches it while this one stands still. Never a path. */
  loadNow(text: string): ServiceImage {
    const named = parseName(text);
    if (named === null) throw new UsageError(`${text}: NAME or NAME@VERSION is wanted`);
    let folder: string;
    try {
      folder = execFileSync(process.execPath, [installer, `${named.name}@${named.range}`, this.cache, this.registry ?? ""], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    } catch (error) {
      throw new UsageError((error as { stdout?: string }).stdout || `${text}: cannot be fetched from ${this.registry ?? "the registry"}`);
    }
    return loadImageNow(folder);
  }

  /** Removes what was fetched for this run only. */
  close(): void {
    if (this.temporary !== null) rmSync(this.temporary, { recursive: true, force: true });
    this.temporary = null;
  }

  private get cache(): string {
    return this.given ?? (this.temporary ??= mkdtempSync(join(tmpdir(), "procyon-packages-")));
  }
}
