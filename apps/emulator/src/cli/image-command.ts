import { existsSync, readFileSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { createImage, MfsError, openImage, type Image } from "@procyon-os/mfs-format";
import { loadRootImage } from "@procyon-os/userland";
import { FileStore } from "../file-disk.ts";
import { HostOutput } from "./output.ts";
import { UsageError } from "./usage-error.ts";

const MEGABYTE = 1024 * 1024;
const TYPE_MASK = 0o170000;
const typeLetters: { readonly [type: number]: string } = {
  0o010000: "p", 0o020000: "c", 0o040000: "d", 0o060000: "b", 0o100000: "-", 0o120000: "l",
};

function withImage<T>(path: string, use: (image: Image) => T): T {
  if (!existsSync(path)) throw new UsageError(`${path}: no such image; make one with "procyon image create ${path}"`);
  const store = new FileStore(path, null);
  try {
    return use(openImage(store));
  } catch (error) {
    if (error instanceof MfsError) throw new UsageError(`${path}: ${error.message}`, 1);
    throw error;
  } finally {
    store.close();
  }
}

/** Writes it all before it returns: the command ends right after. */
function print(content: Uint8Array | string): void {
  const output = new HostOutput(1);
  (typeof content === "string" ? Buffer.from(content) : content).forEach(output.put);
  output.flush();
}

const now = (): number => Math.floor(Date.now() / 1000);

/** `procyon image create`: an empty file system, or with `--system` a copy of the built-in one. */
export function createCommand(path: string, flags: { readonly size?: string; readonly system?: boolean; readonly force?: boolean }): number {
  if (existsSync(path)) {
    if (flags.force !== true) throw new UsageError(`${path} exists; --force replaces it`);
    unlinkSync(path);
  }
  if (flags.system === true) {
    writeFileSync(path, loadRootImage());
    return 0;
  }
  const size = Number(flags.size ?? "16");
  if (!Number.isInteger(size) || size < 1 || size > 2047) throw new UsageError(`--size ${flags.size}: a whole number of megabytes from 1 to 2047 is wanted`);
  const store = new FileStore(path, size * MEGABYTE);
  try {
    createImage(store, { time: now() });
  } finally {
    store.close();
  }
  return 0;
}

function describe(name: string, { mode, links, uid, gid, size }: ReturnType<Image["stat"]>): string {
  const type = typeLetters[mode & TYPE_MASK] ?? "?";
  const bits = [6, 3, 0].map((shift) => ["r", "w", "x"].map((letter, index) => ((mode >> shift) & (4 >> index) ? letter : "-")).join("")).join("");
  return `${type}${bits} ${String(links).padStart(3)} ${String(uid).padStart(4)} ${String(gid).padStart(4)} ${String(size).padStart(9)} ${name}`;
}

/** `procyon image ls`. */
export function listCommand(path: string, directory: string): number {
  const lines = withImage(path, (image) => image.list(directory).map(({ name, status }) => describe(name, status)));
  print(lines.map((line) => `${line}\n`).join(""));
  return 0;
}

/** `procyon image cat`. */
export function catCommand(path: string, file: string): number {
  print(withImage(path, (image) => image.readFile(file)));
  return 0;
}

/** `procyon image put`. */
export function putCommand(path: string, host: string, guest: string): number {
  if (!existsSync(host)) throw new UsageError(`${host}: there is no such file`);
  const mode = (statSync(host).mode & 0o111) === 0 ? 0o644 : 0o755;
  withImage(path, (image) => image.writeFile(guest, readFileSync(host), { mode, uid: 0, gid: 0, mtime: now() }));
  return 0;
}

/** `procyon image get`. */
export function getCommand(path: string, guest: string, host: string): number {
  writeFileSync(host, withImage(path, (image) => image.readFile(guest)));
  return 0;
}

/** `procyon image mkdir`. */
export function mkdirCommand(path: string, directory: string): number {
  withImage(path, (image) => image.mkdir(directory, { mode: 0o755, uid: 0, gid: 0, mtime: now() }));
  return 0;
}

/** `procyon image rm`. */
export function removeCommand(path: string, name: string, flags: { readonly recursive?: boolean }): number {
  withImage(path, (image) => image.remove(name, { time: now(), recursive: flags.recursive === true }));
  return 0;
}

/** `procyon image check`: 0 where the image is sound, 1 and a line a problem where not. */
export function checkCommand(path: string): number {
  const problems = withImage(path, (image) => image.check());
  print(problems.map((problem) => `${problem}\n`).join(""));
  return problems.length === 0 ? 0 : 1;
}
