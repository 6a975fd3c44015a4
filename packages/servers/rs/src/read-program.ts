import { O_RDONLY, vfsContract } from "@procyon-os/contract-vfs";
import { fail, ok, VFS, type Program, type Result } from "@procyon-os/message";
import { allocate, elfProvides, free, load, store, textBytes } from "@procyon-os/syslib";
import { programInMemory } from "./images.ts";
import type { RsState } from "./rs-state.ts";
import { commandWords, type LoadedProgram, type Service } from "./service.ts";
import { taskCall } from "./task.ts";

const CHUNK_BYTES = 32 * 1024;
const MOST_BYTES = 16 * 1024 * 1024;
/** The first line of a file that names a hosted package, as a script's first line names its interpreter. */
const HOSTED = "#!hosted ";

/** Reads an open file whole. */
function* readAll(fd: number, buffer: number): Program<Result<Uint8Array>> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const got = yield* taskCall(vfsContract, VFS, "read", { fd, count: CHUNK_BYTES, buffer: buffer as never });
    if (!got.ok) return got;
    if (got.value.result === 0) break;
    pieces.push(yield* load(buffer, got.value.result));
    length += got.value.result;
    if (length > MOST_BYTES) return fail("E2BIG");
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return ok(bytes);
}

function* readFile(path: string): Program<Result<Uint8Array>> {
  const name = textBytes(path, true);
  const buffer = yield* allocate(Math.max(CHUNK_BYTES, name.length));
  yield* store(buffer, name);
  const opened = yield* taskCall(vfsContract, VFS, "open", { pathLength: name.length, path: buffer, inline: path.length < 14 ? path : "", flags: O_RDONLY });
  if (!opened.ok) {
    free(buffer);
    return opened;
  }
  const fd = opened.value.result;
  const bytes = yield* readAll(fd, buffer);
  yield* taskCall(vfsContract, VFS, "close", { fd });
  free(buffer);
  return bytes;
}

/** What the bytes of an executable file stand for: a hosted package, an ELF program, or nothing that can run. */
export function programOf(file: Uint8Array): Result<LoadedProgram> {
  let line = "";
  for (let i = 0; i < file.length && i < 256 && file[i] !== 0x0a; i++) line += String.fromCharCode(file[i] as number);
  if (line.startsWith(HOSTED)) {
    const reference = line.slice(HOSTED.length).trim();
    return reference === "" ? fail("ENOEXEC") : ok({ kind: "hosted", reference });
  }
  return line.startsWith("\x7fELF") ? ok({ kind: "elf", image: file }) : fail("ENOEXEC");
}

function* readCommand(command: string): Program<Result<LoadedProgram>> {
  const [path] = commandWords(command);
  return path === undefined ? fail("EPERM") : yield* readProgramFile(path);
}

/** The program of a service: the one in memory, or what its file holds now. Runs in a task. */
export function* readProgram(state: RsState, service: Service): Program<Result<LoadedProgram>> {
  const kept = programInMemory(state, service);
  const program = kept !== null ? ok(kept) : yield* readCommand(service.command);
  if (program.ok) service.provides = program.value.kind === "elf" ? elfProvides(program.value.image) : [];
  return program;
}

/** What a file holds that can be executed. Runs in a task. */
export function* readProgramFile(path: string): Program<Result<LoadedProgram>> {
  const file = yield* readFile(path);
  return file.ok ? programOf(file.value) : file;
}
