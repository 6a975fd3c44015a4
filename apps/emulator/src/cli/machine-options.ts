import { MemoryDisk, type DiskBackend } from "@procyon-os/hardware";
import type { DebugOptions } from "@procyon-os/kernel";
import { loadRootImage } from "@procyon-os/userland";
import { MfsError, openImage } from "@procyon-os/mfs-format";
import { FileStore, openDisk, type FileDisk } from "../file-disk.ts";
import { UsageError } from "./usage-error.ts";

/** Options that every command which starts a machine has, as commander gives them. */
export interface MachineFlags {
  readonly disk?: readonly string[];
  readonly memory?: string;
  readonly cpus?: string;
  readonly seed?: string;
  readonly debug?: string;
  readonly traceHash?: boolean;
}

function wholeNumber(name: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) throw new UsageError(`--${name} ${text}: a whole number from ${least} to ${most} is wanted`);
  return value;
}

/** The numbers of a machine, checked. */
export function machineNumbers(flags: MachineFlags): { memoryMb?: number; cpus?: number; seed?: number; debug?: DebugOptions } {
  const memoryMb = wholeNumber("memory", flags.memory, 16, 1024);
  const cpus = wholeNumber("cpus", flags.cpus, 1, 8);
  const seed = wholeNumber("seed", flags.seed, 0, 0xffffffff);
  return { ...(memoryMb === undefined ? {} : { memoryMb }), ...(cpus === undefined ? {} : { cpus }), ...(seed === undefined ? {} : { seed }), ...debugOptions(flags.debug) };
}

const debugAids: { readonly [name: string]: DebugOptions } = {
  vmassert: { vmassert: true }, norec: { norec: true }, race: { race: true }, msgcheck: { msgcheck: true }, tables: { checkAlways: true },
};

function debugOptions(list: string | undefined): { debug?: DebugOptions } {
  if (list === undefined) return {};
  const names = list.split(",");
  const unknown = names.find((name) => debugAids[name] === undefined);
  if (unknown !== undefined) throw new UsageError(`--debug ${unknown}: there are ${Object.keys(debugAids).join(", ")}`);
  return { debug: Object.assign({}, ...names.map((name) => debugAids[name])) as DebugOptions };
}

/**
 * A disk that was not shut down in order is checked, and marked clean where nothing is wrong: else the guest would mount it
 * read-only. What is wrong is said; what holds no file system of ours is left alone.
 */
function checkDisk(path: string): void {
  const store = new FileStore(path, null);
  try {
    const image = openImage(store);
    if (!image.clean) image.markClean();
  } catch (error) {
    if (!(error instanceof MfsError)) throw error;
    if (error.error === "EROFS") process.stderr.write(`procyon: ${path}: ${error.message}; it will be mounted read-only\n`);
  } finally {
    store.close();
  }
}

/**
 * The disks of a machine: the files that were named (the first is made from the built-in image where it does not exist), or
 * the built-in image in memory. `prepare` may change the built-in image before it is used.
 */
export function openDisks(paths: readonly string[], prepare: (image: Uint8Array) => Uint8Array = (image) => image): { disks: DiskBackend[]; close: () => void } {
  if (paths.length > 2) throw new UsageError(`--disk was given ${paths.length} times; a machine has two disks at most`);
  const files: FileDisk[] = [];
  try {
    for (const [index, path] of paths.entries()) {
      files.push(openDisk(path, index === 0 ? () => loadRootImage() : null));
      checkDisk(path);
    }
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const disks: DiskBackend[] = files.length === 0 ? [new MemoryDisk(prepare(loadRootImage()))] : files;
  return { disks, close: () => files.forEach((file) => file.close()) };
}

