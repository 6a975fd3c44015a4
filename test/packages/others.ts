import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { root, temporary } from "./pack.ts";

/** Packages of other people that ours and the examples ask for, and who has them in this workspace. */
export const othersAsked: readonly (readonly [name: string, from: string])[] = [
  ["commander", "apps/emulator"], ["pacote", "apps/emulator"], ["semver", "apps/emulator"], ["vitest", "."], ["@msgpack/msgpack", "test"],
];

const MOST_BYTES = 1 << 28;

interface Needs {
  readonly name: string;
  readonly dependencies?: object;
  readonly optionalDependencies?: object;
}

/** The folders of these packages and of all that they need, as they were installed here. */
function othersHere(): string[] {
  const found = new Set<string>();
  const visit = (path: string): void => {
    const folder = realpathSync(path);
    if (found.has(folder)) return;
    found.add(folder);
    const { name, dependencies, optionalDependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Needs;
    const beside = name.startsWith("@") ? dirname(dirname(folder)) : dirname(folder); // where this workspace has what a package needs
    for (const need of Object.keys({ ...dependencies, ...optionalDependencies })) {
      if (existsSync(join(beside, need))) visit(join(beside, need)); // else it is for another kind of host
    }
  };
  for (const [name, from] of othersAsked) visit(join(root, from, "node_modules", name));
  return [...found];
}

/** Packs them as they came, so that nobody has to be asked for them again; gives the paths of the tarballs. */
export function packOthers(into: string): string[] {
  return othersHere().map((folder, number) => {
    const work = temporary("other");
    cpSync(folder, join(work, "package"), { recursive: true, filter: (path) => basename(path) !== ".bin" }); // a copy has no hard links, which npm leaves out
    const tar = execFileSync("tar", ["-cf", "-", "-C", work, "package"], { maxBuffer: MOST_BYTES });
    const file = join(into, `other-${number}-${basename(folder)}.tgz`);
    writeFileSync(file, gzipSync(tar, { level: 1 }));
    return file;
  });
}
