import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { MemoryStore, openImage, MfsError, type Image } from "@procyon-os/mfs-format";
import { loadInit } from "@procyon-os/userland";
import { jobEnvironment, runMachine } from "./boot-command.ts";
import { HostInput } from "./input.ts";
import { machineNumbers, openDisks, type MachineFlags } from "./machine-options.ts";
import { machinePackages, type ServiceFlags } from "./service-options.ts";
import { UsageError } from "./usage-error.ts";

/** Flags of `procyon run`. */
export interface RunFlags extends MachineFlags, ServiceFlags {
  readonly put?: readonly string[];
}

const STATUS_NO_PROGRAM = 126;
const STATUS_MISSING = 127;
const EXECUTABLE = 0o755;
/** The kernel knows a process by so many letters of its program's name. */
const NAME_LETTERS = 7;
/** Where a program of the host is put in the guest. */
const PROGRAM_DIRECTORY = "/tmp";

/** Why a file is no program for the guest; null where it is one. */
export function elfProblem(file: Uint8Array): string | null {
  if (file.length < 52 || file[0] !== 0x7f || file[1] !== 0x45 || file[2] !== 0x4c || file[3] !== 0x46) return "it is no ELF file";
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  if (file[4] !== 1 || file[5] !== 1) return "it is no 32-bit little-endian ELF file";
  if (view.getUint16(18, true) !== 3) return "it is not for the i386";
  if (view.getUint16(16, true) !== 2) return "it is not a static executable (link with -static and without -pie)";
  const headers = view.getUint32(28, true);
  const count = view.getUint16(44, true);
  for (let at = headers; at < headers + count * 32 && at + 32 <= file.length; at += 32) {
    if (view.getUint32(at, true) === 3) return "it needs a dynamic linker (link with -static)";
  }
  return null;
}

function putFile(image: Image, path: string, content: Uint8Array, mode: number): void {
  const parts = dirname(path).split("/").filter((part) => part !== "");
  let directory = "";
  for (const part of parts) {
    directory += `/${part}`;
    if (!image.exists(directory)) image.mkdir(directory, { mode: 0o755, uid: 0, gid: 0, mtime: 0 });
  }
  image.writeFile(path, content, { mode, uid: 0, gid: 0, mtime: 0 });
}

/** Puts the program and the other files into a copy of the built-in image. */
function prepareImage(content: Uint8Array, program: Uint8Array, path: string, puts: readonly string[]): Uint8Array {
  const store = new MemoryStore(content);
  const image = openImage(store);
  try {
    putFile(image, path, program, EXECUTABLE);
    for (const pair of puts) {
      const colon = pair.lastIndexOf(":");
      const [host, guest] = [pair.slice(0, colon), pair.slice(colon + 1)];
      if (colon < 1 || !guest.startsWith("/")) throw new UsageError(`--put ${pair}: HOST:GUEST is wanted, GUEST an absolute path`);
      if (!existsSync(host)) throw new UsageError(`--put ${pair}: there is no file ${host}`);
      putFile(image, guest, readFileSync(host), (statSync(host).mode & 0o111) === 0 ? 0o644 : EXECUTABLE);
    }
  } catch (error) {
    if (error instanceof MfsError) throw new UsageError(error.message);
    throw error;
  }
  return store.bytes;
}

/** `procyon run`: runs one ELF program of the host in the guest, as if it were a program of the host. */
export async function runCommand(file: string, args: readonly string[], flags: RunFlags): Promise<number> {
  const numbers = machineNumbers(flags);
  if (!existsSync(file)) throw new UsageError(`${file}: there is no such file`, STATUS_MISSING);
  if (!statSync(file).isFile()) throw new UsageError(`${file}: it is no file that can be run`, STATUS_NO_PROGRAM);
  const program = readFileSync(file);
  const problem = elfProblem(program);
  if (problem !== null) throw new UsageError(`${file}: cannot run in the guest: ${problem}`, STATUS_NO_PROGRAM);
  const path = `${PROGRAM_DIRECTORY}/${basename(file).slice(0, 60)}`;
  const { options: services, watchdog, close: closePackages } = await machinePackages(flags);
  const { disks, close } = openDisks([], (image) => prepareImage(image, program, path, flags.put ?? []));
  try {
    const job = { directory: PROGRAM_DIRECTORY, environment: jobEnvironment, args: [path, ...args] };
    const name = basename(path).slice(0, NAME_LETTERS);
    const symbols = (processName: string): Uint8Array | null => (processName === name ? program : null);
    // Of all that the kernel prints the owner of the program wants one thing: where it crashed.
    const onMessage = (text: string): void => void (text.startsWith(`${name.padEnd(NAME_LETTERS + 1)} `) && process.stderr.write(text));
    return await runMachine({ ...numbers, ...services, disks, init: loadInit(), job, symbols, onMessage }, () => ({ input: new HostInput(), mode: "bytes" }), { traceHash: flags.traceHash === true, watchdog });
  } finally {
    closePackages();
    close();
  }
}
