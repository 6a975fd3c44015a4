import { SEG_D, SEG_T } from "@procyon-os/contract-kernel";
import { encodeExecNewmem, type ExecNewmem } from "@procyon-os/contract-vm";
import { DATA_START, fail, ok, SELF, type Endpoint, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { allocate, ELF_HEADER_BYTES, free, kernel, parseElf, scratchBytes, store, textBytes } from "@procyon-os/syslib";
import { pmCall, withBytes } from "./servers.ts";
import { commandWords, type LoadedProgram, type Service } from "./service.ts";

const PAGE = 4096;
const CHUNK_BYTES = 64 * 1024;
const pageUp = (bytes: number): number => Math.ceil(bytes / PAGE) * PAGE;

const noFile = { device: 0, inode: 0, ctime: 0, newUid: 0, newGid: 0, setUgid: false } as const;

/** The initial stack: argc, the argument pointers, NULL, no environment, and the strings; `top` is the address after it. */
export function stackFrame(args: readonly string[], top: number): Uint8Array {
  const strings = args.map((arg) => textBytes(arg, true));
  const words = 1 + args.length + 2;
  const length = pageFree(words * 4 + strings.reduce((sum, bytes) => sum + bytes.length, 0));
  const frame = new Uint8Array(length);
  const view = new DataView(frame.buffer);
  view.setInt32(0, args.length, true);
  let at = words * 4;
  strings.forEach((bytes, index) => {
    view.setUint32(4 + index * 4, top - length + at, true);
    frame.set(bytes, at);
    at += bytes.length;
  });
  return frame;
}

function pageFree(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}

/** Copies bytes into a process, a piece at a time. */
function* copyOut(process: Endpoint, segment: number, address: number, bytes: Uint8Array): Program<Result<unknown>> {
  const buffer = yield* allocate(Math.min(CHUNK_BYTES, Math.max(1, bytes.length)));
  let result: Result<unknown> = ok(null);
  for (let at = 0; at < bytes.length && result.ok; at += CHUNK_BYTES) {
    const piece = bytes.subarray(at, at + CHUNK_BYTES);
    yield* store(buffer, piece);
    result = yield* kernel.vircopy({
      source: SELF, sourceSegment: SEG_D, sourceAddress: buffer, target: process, targetSegment: segment, targetAddress: address + at,
      bytes: piece.length,
    });
  }
  free(buffer);
  return result;
}

function* newMemory(service: Service, program: ExecNewmem): Program<Result<{ stackTop: number; flags: number }>> {
  return yield* withBytes(encodeExecNewmem(program), (newMem) => pmCall("execNewMem", { process: service.endpoint, newMem: newMem as VirtAddr }));
}

/** A hosted program: VM makes room for its data, the kernel starts it. */
function* execHosted(service: Service, reference: string): Program<Result<unknown>> {
  const name = textBytes(reference);
  const sizes = yield* kernel.queryHosted({ reference: yield* scratchBytes(name), referenceBytes: name.length });
  if (!sizes.ok) return sizes;
  const made = yield* newMemory(service, {
    ...noFile, textAddress: 0, textBytes: 0, dataAddress: DATA_START, dataBytes: pageUp(sizes.value.dataBytes), totalBytes: 0, argsBytes: 0,
    separate: false, isElf: false, programName: service.processName,
  });
  if (!made.ok) return made;
  const args = textBytes(commandWords(service.command).map((word) => `${word}\0`).join(""));
  const area = yield* scratchBytes(Uint8Array.from([...name, ...args]));
  const started = yield* kernel.execHosted({
    process: service.endpoint, reference: area, referenceBytes: name.length, arguments: (area + name.length) as VirtAddr, argumentsBytes: args.length,
  });
  if (!started.ok) return started;
  return yield* pmCall("execRestart", { process: service.endpoint, result: 0, alreadyStarted: 1, pc: 0 as VirtAddr });
}

/** An ELF program: VM makes room, we copy its parts and the stack, PM starts it. */
function* execElf(service: Service, file: Uint8Array): Program<Result<unknown>> {
  const parsed = parseElf(file.subarray(0, ELF_HEADER_BYTES));
  if (!parsed.ok) return parsed;
  const { text, data, entry, segments } = parsed.value;
  if (segments.some(({ fileOffset, fileBytes }) => fileOffset + fileBytes > file.length)) return fail("ENOEXEC");
  const args = commandWords(service.command);
  const made = yield* newMemory(service, {
    ...noFile, textAddress: text.start, textBytes: text.bytes, dataAddress: data.start, dataBytes: data.bytes, totalBytes: 0,
    argsBytes: stackFrame(args, 0).length, separate: false, isElf: true, programName: service.processName,
  });
  if (!made.ok) return made;
  for (const { address, fileOffset, fileBytes } of segments) {
    const segment = address >= text.start && address < text.start + text.bytes ? SEG_T : SEG_D;
    const copied = yield* copyOut(service.endpoint, segment, address, file.subarray(fileOffset, fileOffset + fileBytes));
    if (!copied.ok) return copied;
  }
  const frame = stackFrame(args, made.value.stackTop);
  const copied = yield* copyOut(service.endpoint, SEG_D, made.value.stackTop - frame.length, frame);
  if (!copied.ok) return copied;
  return yield* pmCall("execRestart", { process: service.endpoint, result: 0, alreadyStarted: 0, pc: entry as VirtAddr });
}

/** Gives a new process its program. It does not run yet: RS lets it when everything else is set. */
export function* execService(service: Service, program: LoadedProgram): Program<Result<unknown>> {
  return program.kind === "hosted" ? yield* execHosted(service, program.reference) : yield* execElf(service, program.image);
}
