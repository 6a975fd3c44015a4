import { existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../cli/usage-error.ts";

/** What a person may write where a service's program is wanted. */
export type PackageReference =
  | { readonly kind: "registry"; readonly name: string; readonly range: string }
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "tarball"; readonly path: string }
  | { readonly kind: "elf"; readonly path: string };

const NAME = /^(?:@[a-z0-9~][a-z0-9._~-]*\/)?[a-z0-9~][a-z0-9._~-]*$/;
const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46];

function looksLikePath(text: string): boolean {
  return /^(?:\.{0,2}[/\\]|\.{1,2}$|[A-Za-z]:[/\\])/.test(text) || /\.(?:tgz|tar\.gz|elf)$/.test(text);
}

/** A package's name and the range of versions that is wanted; null where the text is no such thing. */
export function parseName(text: string): { readonly name: string; readonly range: string } | null {
  const at = text.indexOf("@", 1);
  const name = at < 0 ? text : text.slice(0, at);
  const range = at < 0 ? "latest" : text.slice(at + 1);
  return NAME.test(name) && range !== "" ? { name, range } : null;
}

/** Reads a reference: NAME, NAME@VERSION, NAME@RANGE, or the path of a folder, of a tarball or of an ELF file. */
export function parseReference(text: string, directory: string = process.cwd()): PackageReference {
  const path = resolve(directory, text);
  if (looksLikePath(text)) {
    if (!existsSync(path)) throw new UsageError(`${text}: there is no such file or folder`);
    if (statSync(path).isDirectory()) return { kind: "folder", path };
    if (/\.(?:tgz|tar\.gz)$/.test(path)) return { kind: "tarball", path };
    const head = readFileSync(path).subarray(0, 4);
    if (ELF_MAGIC.every((byte, index) => head[index] === byte)) return { kind: "elf", path };
    throw new UsageError(`${text}: it is neither a package's folder, nor a tarball (.tgz), nor an ELF file`);
  }
  const named = parseName(text);
  if (named === null) throw new UsageError(`${text}: NAME, NAME@VERSION or a path (with ./ before it) is wanted`);
  return { kind: "registry", ...named };
}
