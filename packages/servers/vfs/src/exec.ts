import { decodeStat, STAT_BYTES, type Stat } from "@procyon-os/contract-fs";
import { CPF_WRITE } from "@procyon-os/contract-kernel";
import { EXC_NM_RF_ALLOW_SETUID, pmContract } from "@procyon-os/contract-pm";
import { ARG_MAX, S_IFREG, S_ISGID, S_ISUID, X_OK } from "@procyon-os/contract-vfs";
import { encodeExecNewmem } from "@procyon-os/contract-vm";
import { fail, ok, PM, type Endpoint, type Program, type Result } from "@procyon-os/message";
import {
  allocate, client, free, parseElf, readProcess, store, writeProcess, type ElfProgram, type Segment,
} from "@procyon-os/syslib";
import { interpreterLine, isScript, relocateFrame, scriptFrame } from "./exec-frame.ts";
import { closeDescriptor, processOf } from "./files.ts";
import { fsCall } from "./fs-call.ts";
import { lendBuffer, lendUser, lentBytes } from "./loans.ts";
import { eatPath, fetchPath } from "./lookup.ts";
import { mayUse } from "./permission.ts";
import { mark, type Vnode } from "./state.ts";
import { mountOf, typeOf } from "./vnode.ts";
import { giveBack, once, recorded, type Job, type Work } from "./work.ts";

const HEADER_BYTES = 4096;
const pm = client(pmContract, PM);

/** What PM asks for: where the path and the frame lie in the process. */
export interface ExecRequest {
  readonly path: number;
  readonly pathLength: number;
  readonly frame: number;
  readonly frameLength: number;
}

interface Executable {
  readonly vnode: Vnode;
  readonly stat: Stat;
  readonly header: Uint8Array;
  readonly name: string;
}

/** Finds a file that may be executed and reads its beginning. */
function* findExecutable(job: Job, path: string): Work<Result<Executable>> {
  const found = yield* eatPath(job, path);
  if (!found.ok) return found;
  const vnode = found.value;
  if (typeOf(vnode) !== S_IFREG) return fail("ENOEXEC");
  const may = mayUse(job, vnode, X_OK);
  if (!may.ok) return may;
  const lent = yield* lendBuffer(job, vnode.fs, HEADER_BYTES);
  const told = yield* fsCall(job, vnode.fs, "stat", { inode: vnode.inode, grant: lent.grant });
  if (!told.ok) return told;
  const stat = decodeStat(yield* lentBytes(job, lent, STAT_BYTES));
  const read = yield* fsCall(job, vnode.fs, "read", { inode: vnode.inode, grant: lent.grant, positionHigh: 0, position: 0, bytes: HEADER_BYTES });
  if (!read.ok) return read;
  const header = yield* lentBytes(job, lent, Math.min(read.value.bytes, HEADER_BYTES));
  yield* giveBack(job, lent);
  return ok({ vnode, stat, header, name: path.slice(path.lastIndexOf("/") + 1) });
}

interface Prepared {
  readonly file: Executable;
  readonly frame: Uint8Array;
  readonly setUid: number | null;
  readonly setGid: number | null;
}

/** Finds the program, through one script at most. Scripts gain no rights, and neither do their interpreters. */
function* prepare(job: Job, path: string, frame: Uint8Array): Work<Result<Prepared>> {
  const file = yield* findExecutable(job, path);
  if (!file.ok) return file;
  const { vnode, header } = file.value;
  if (!isScript(header)) {
    const { mode, uid, gid } = once(job, () => ({ mode: vnode.mode, uid: vnode.uid, gid: vnode.gid }));
    return ok({ file: file.value, frame, setUid: (mode & S_ISUID) !== 0 ? uid : null, setGid: (mode & S_ISGID) !== 0 ? gid : null });
  }
  const words = interpreterLine(header);
  // A hosted service is started by RS, which asks the kernel for it; nobody else can.
  if (words === null || words[0] === "hosted") return fail("ENOEXEC");
  const patched = scriptFrame(frame, words, path);
  if (!patched.ok) return patched;
  const interpreter = yield* findExecutable(job, words[0] as string);
  return interpreter.ok ? ok({ file: interpreter.value, frame: patched.value, setUid: null, setGid: null }) : interpreter;
}

interface NewMemory {
  readonly stackTop: number;
  readonly flags: number;
}

/** Asks PM for an empty address space. Where there is none the old program goes on; from then on it is gone, and a failure ends the process. */
function* newMemory(job: Job, prepared: Prepared, elf: ElfProgram): Program<Result<NewMemory>> {
  const { file, frame, setUid, setGid } = prepared;
  const { effectiveUid, effectiveGid, endpoint } = processOf(job);
  const { text, data } = elf;
  const bytes = encodeExecNewmem({
    textAddress: text.start, textBytes: text.bytes, dataAddress: data.start, dataBytes: data.bytes, totalBytes: 0, argsBytes: frame.length,
    separate: false, isElf: true, device: mountOf(job.vfs, file.vnode)?.device ?? 0, inode: file.vnode.inode, ctime: file.stat.changeTime,
    newUid: setUid ?? effectiveUid, newGid: setGid ?? effectiveGid, setUgid: setUid !== null || setGid !== null, programName: file.name.slice(0, 15),
  });
  const address = yield* allocate(bytes.length);
  yield* store(address, bytes);
  const got = yield* pm.execNewMem({ process: endpoint, newMem: address });
  free(address);
  return got.ok ? got : fail(got.error === "ENOMEM" ? "ENOMEM" : "ENOEXEC");
}

/** Reads a segment from the file straight into the process. */
function* loadSegment(job: Job, vnode: Vnode, { address, fileOffset, fileBytes }: Segment): Work<Result<null>> {
  if (fileBytes === 0) return ok(null);
  const loan = yield* lendUser(job, vnode.fs, processOf(job).endpoint, address, fileBytes, CPF_WRITE);
  const place = { inode: vnode.inode, grant: loan.grant, positionHigh: 0, position: fileOffset, bytes: fileBytes };
  const read = yield* fsCall(job, vnode.fs, "read", place);
  yield* giveBack(job, loan);
  if (!read.ok) return read;
  return read.value.bytes === fileBytes ? ok(null) : fail("EIO");
}

function* closeOnExec(job: Job): Work<void> {
  const process = processOf(job);
  const closing = once(job, () => [...process.descriptors].filter(([, { closeOnExec: close }]) => close).map(([fd]) => fd));
  for (const fd of closing) yield* closeDescriptor(job, process, fd);
}

function* readFrame(process: Endpoint, { frame, frameLength }: ExecRequest): Program<Result<Uint8Array>> {
  const bytes = yield* readProcess(process, frame, frameLength);
  return bytes.ok ? ok(bytes.value.slice()) : bytes;
}

/** Loads a program for PM; gives the address where it starts (reference/posix-abi.md 1.2, "exec sequence"). */
export function* exec(job: Job, request: ExecRequest): Work<Result<number>> {
  const process = processOf(job);
  const path = yield* fetchPath(job, request.pathLength, request.path);
  if (!path.ok) return path;
  if (request.frameLength > ARG_MAX || request.frameLength < 0) return fail("ENOMEM");
  const frame = yield* recorded(job, () => readFrame(process.endpoint, request));
  if (!frame.ok) return frame;
  const prepared = yield* prepare(job, path.value, frame.value);
  if (!prepared.ok) return prepared;
  const { file, frame: finalFrame, setUid, setGid } = prepared.value;
  const elf = parseElf(file.header);
  if (!elf.ok) return elf;
  // A file that is too short is refused while the old program still can be told.
  const size = once(job, () => file.vnode.size);
  if (elf.value.segments.some(({ fileOffset, fileBytes }) => fileOffset + fileBytes > size)) return fail("ENOEXEC");
  const memory = yield* recorded(job, () => newMemory(job, prepared.value, elf.value));
  if (!memory.ok) return memory;
  const { stackTop, flags } = memory.value;
  for (const part of elf.value.segments) {
    const loaded = yield* loadSegment(job, file.vnode, part);
    if (!loaded.ok) return fail("ENOEXEC");
  }
  const base = stackTop - finalFrame.length;
  const written = yield* recorded(job, () => writeProcess(process.endpoint, base, relocateFrame(finalFrame, base)));
  if (!written.ok) return written;
  yield* closeOnExec(job);
  if ((flags & EXC_NM_RF_ALLOW_SETUID) !== 0) {
    if (setUid !== null) process.effectiveUid = setUid;
    if (setGid !== null) process.effectiveGid = setGid;
    mark("processes", process.slot);
  }
  return ok(elf.value.entry);
}
