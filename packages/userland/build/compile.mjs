// C to i386 ELF: objects are kept by a hash of what they were made from, and compiled as many at once as there are cores.
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
export const packageRoot = join(import.meta.dirname, "..");
const cache = join(packageRoot, "node_modules", ".cache", "objects");

const FLAGS = [
  "-m32", "-march=i386", "-Os", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wno-sign-compare", "-Wno-clobbered", "-ffreestanding",
  "-fno-builtin", "-fno-tree-loop-distribute-patterns", "-nostdinc", "-Iinclude", "-fno-pic", "-fno-pie", "-fno-stack-protector",
  "-fno-asynchronous-unwind-tables", "-fcf-protection=none", "-mno-sse", "-mno-mmx", "-msoft-float", "-mpreferred-stack-boundary=2",
  "-ffunction-sections", "-fdata-sections", "-fno-ident",
];
const LINK = ["-m32", "-nostdlib", "-static", "-no-pie", "-Wl,--gc-sections", "-Wl,--build-id=none", "-Wl,-z,max-page-size=4096", "-Wl,-z,noexecstack", "-s"];

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

function filesUnder(folder) {
  return readdirSync(join(packageRoot, folder), { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((name) => /\.[chS]$/.test(name))
    .sort();
}

/** Runs jobs, a few at once. */
async function inParallel(items, job) {
  const left = [...items.entries()];
  const results = [];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) results[next[0]] = await job(next[1]);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}

/**
 * Compiles and links programs.
 * @param {{ name: string, sources: string[], defines?: string[] }[]} programs paths from the package's root
 * @param {{ host?: boolean }} options host: for a Linux host, with the test's stand-in for the system
 * @returns {Promise<Map<string, Uint8Array>>} the ELF file of each
 */
export async function compile(programs, { host = false } = {}) {
  mkdirSync(cache, { recursive: true });
  const system = execFileSync("gcc", ["-print-file-name=include"], { encoding: "utf8" }).trim();
  const version = execFileSync("gcc", ["--version"], { encoding: "utf8" }).split("\n")[0];
  const headers = ["include", "src"].flatMap(filesUnder).filter((name) => name.endsWith(".h"));
  const text = (name) => readFileSync(join(packageRoot, name));
  const common = sha256([version, ...FLAGS, ...headers.flatMap((name) => [name, sha256(text(name))])].join("\n"));

  const jobs = new Map();
  const objectOf = (source, defines = []) => {
    const flags = [...FLAGS, "-isystem", system, ...defines.map((name) => `-D${name}`)];
    const included = source.startsWith("src/bin/") ? filesUnder("src/sh").map((name) => sha256(text(name))).join() : "";
    const object = join(cache, `${sha256([common, source, sha256(text(source)), included, ...defines].join("\n")).slice(0, 32)}.o`);
    jobs.set(object, { source, flags, object });
    return object;
  };
  const libc = ["src/libc", "src/libsys"].flatMap(filesUnder).filter((name) => !name.endsWith(".h") && !(host && name.endsWith("sendrec.S")));
  const crt0 = objectOf("src/libc/crt0.S");
  const library = [...libc.filter((name) => !name.endsWith("crt0.S")), ...(host ? ["src/hosttest/sendrec.c"] : [])].map((name) => objectOf(name));
  const linked = programs.map((program) => ({ name: program.name, objects: program.sources.map((source) => objectOf(source, program.defines)) }));

  await inParallel([...jobs.values()].filter(({ object }) => !existsSync(object)), async ({ source, flags, object }) => {
    await run("gcc", [...flags, "-c", source, "-o", `${object}.new`], { cwd: packageRoot });
    renameSync(`${object}.new`, object);
  });
  const script = host ? [] : ["-T", "src/libc/link.ld"];
  const scriptHash = sha256(text("src/libc/link.ld"));
  const elves = await inParallel(linked, async ({ name, objects }) => {
    const inputs = [crt0, ...objects, ...library];
    const output = join(cache, `${sha256([...inputs, scriptHash, ...LINK, ...script].join("\n")).slice(0, 32)}.elf`);
    if (!existsSync(output)) {
      const archive = `${output}.a`;
      await run("ar", ["rcsD", archive, ...library]);
      await run("gcc", [...LINK, ...script, "-o", `${output}.new`, crt0, ...objects, archive], { cwd: packageRoot });
      renameSync(`${output}.new`, output);
    }
    return [name, new Uint8Array(readFileSync(output))];
  });
  return new Map(elves);
}

export { filesUnder };
