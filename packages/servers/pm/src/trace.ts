import { SEG_D, SEG_T } from "@procyon-os/contract-kernel";
import {
  PTRACE_RANGE_BYTES, TO_NOEXEC, T_ATTACH, T_DETACH, T_DUMPCORE, T_EXIT, T_GETRANGE, T_OK, T_READB_INS, T_RESUME, T_SETOPT, T_SETRANGE, T_STEP,
  T_STOP, T_SYSCALL, T_WRITEB_INS, decodePtraceRange, type pmContract,
} from "@procyon-os/contract-pm";
import { NSIG, PM, SIGSTOP, VM, fail, ok, signalInSet, type Program, type Request } from "@procyon-os/message";
import { NO_REPLY, kernel, readProcess, type NoReply } from "@procyon-os/syslib";
import { afterwards } from "./effects.ts";
import { exitProcess } from "./exit.ts";
import type { PmErrors, PmHandler } from "./handlers.ts";
import { checkPending, signalProcess } from "./signals.ts";
import { change, processWithPid, type PmState, type Process } from "./state.ts";
import { shareName, tellVfs } from "./vfs.ts";

type TraceRequest = Request<(typeof pmContract.calls)["ptrace"]>;
/** With these the child runs on. */
const RUNS_ON: ReadonlySet<number> = new Set([T_RESUME, T_STEP, T_SYSCALL, T_DETACH]);

type TraceResult = { readonly ok: true; readonly value: { data: number } } | { readonly ok: false; readonly error: PmErrors<"ptrace"> };

/** Lets the kernel do it: at once where the child only is looked at or changed, else when the round is saved. */
function* byKernel(state: PmState, child: Process, { request, address, data }: TraceRequest): Program<TraceResult> {
  if (RUNS_ON.has(request)) {
    afterwards(state, { what: "trace", endpoint: child.endpoint, request, address, data });
    return ok({ data: 0 });
  }
  const done = yield* kernel.trace({ process: child.endpoint, request, address, data });
  if (done.ok) return ok({ data: done.value.data });
  return fail(done.error === "EPERM" || done.error === "EINVAL" ? done.error : "EFAULT");
}

function* attach(state: PmState, caller: Process, child: Process): Program<TraceResult> {
  if (child.exiting) return fail("ESRCH");
  const isRoot = caller.uid.effective === 0;
  const isOwn =
    caller.uid.effective === child.uid.effective && caller.gid.effective === child.gid.effective &&
    child.uid.effective === child.uid.real && child.gid.effective === child.gid.real;
  if (!isRoot && (!isOwn || child.isSystem)) return fail("EPERM");
  if (caller.isSystem || child === caller || child.endpoint === PM || child.endpoint === VM) return fail("EPERM");
  if (child.tracer !== null) return fail("EBUSY");
  change(child).tracer = caller.slot;
  child.traceFlags = TO_NOEXEC;
  yield* signalProcess(state, child, SIGSTOP, false);
  return ok({ data: 0 });
}

function* dumpCore(caller: Process, child: Process): Program<TraceResult | NoReply> {
  if (child.tracer !== caller.slot) return fail("EPERM");
  const name = yield* shareName(child);
  yield* tellVfs(caller, "dumpCore", { process: caller.endpoint, signal: child.signalStatus, tracer: child.endpoint, name });
  return NO_REPLY;
}

function* copyRange(caller: Process, child: Process, request: TraceRequest): Program<TraceResult> {
  const bytes = yield* readProcess(caller.endpoint, request.address, PTRACE_RANGE_BYTES);
  if (!bytes.ok) return fail("EFAULT");
  const range = decodePtraceRange(bytes.value);
  if ((range.space !== 0 && range.space !== 1) || range.size === 0 || range.size > 0x7fff_ffff) return fail("EINVAL");
  const ofChild = { process: child.endpoint, segment: range.space === 0 ? SEG_T : SEG_D, address: range.address };
  const ofCaller = { process: caller.endpoint, segment: SEG_D, address: range.pointer };
  const [from, to] = request.request === T_GETRANGE ? [ofChild, ofCaller] : [ofCaller, ofChild];
  const copied = yield* kernel.vircopy({
    source: from.process, sourceSegment: from.segment, sourceAddress: from.address,
    target: to.process, targetSegment: to.segment, targetAddress: to.address, bytes: range.size,
  });
  return copied.ok ? ok({ data: 0 }) : fail("EFAULT");
}

function* detach(state: PmState, child: Process, signal: number): Program<void> {
  child.tracer = null;
  const held = child.pendingForTracer;
  child.pendingForTracer = 0;
  for (let one = 1; one < NSIG; one++) if (signalInSet(held, one)) yield* signalProcess(state, child, one, false);
  if (signal > 0) yield* signalProcess(state, child, signal, false);
  child.stopped = false;
  child.traceFlags = 0;
  yield* checkPending(state, child);
}

/** What only the tracer may do, to a process that has stopped. */
function* control(state: PmState, caller: Process, child: Process, request: TraceRequest): Program<TraceResult | NoReply> {
  switch (request.request) {
    case T_EXIT:
      child.traceExit = true;
      if (child.vfsCall !== null) child.exitStatus = request.data & 0xff; // ends when VFS is done
      else yield* exitProcess(state, child, request.data, false);
      return NO_REPLY;
    case T_SETOPT:
      child.traceFlags = request.data;
      return ok({ data: 0 });
    case T_GETRANGE: case T_SETRANGE:
      return yield* copyRange(caller, child, request);
    case T_DETACH:
      if (request.data < 0 || request.data >= NSIG) return fail("EINVAL");
      yield* detach(state, child, request.data);
      break;
    case T_RESUME: case T_STEP: case T_SYSCALL:
      if (request.data < 0 || request.data >= NSIG) return fail("EINVAL");
      if (request.data > 0) yield* signalProcess(state, child, request.data, false, false);
      if (child.pendingForTracer !== 0) return ok({ data: 0 }); // more to tell the tracer: the process stays where it is
      child.stopped = false;
      yield* checkPending(state, child);
      break;
  }
  return yield* byKernel(state, child, request);
}

/** PTRACE (reference/posix-abi.md 2.6). */
export const ptrace: PmHandler<"ptrace"> = function* (state, caller, request) {
  if (request.request === T_OK) {
    if (caller.tracer !== null) return fail("EBUSY");
    caller.tracer = caller.parent;
    return ok({ data: 0 });
  }
  if (request.request === T_STOP) return fail("EINVAL");
  const isByte = request.request === T_READB_INS || request.request === T_WRITEB_INS;
  if (isByte && caller.uid.effective !== 0) return fail("EPERM");
  const child = processWithPid(state, request.pid);
  if (child === null) return fail("ESRCH");
  if (request.request === T_ATTACH) return yield* attach(state, caller, child);
  if (request.request === T_DUMPCORE) return yield* dumpCore(caller, child);
  if (child.exiting) return fail("ESRCH");
  if (isByte) return yield* byKernel(state, child, request);
  if (child.tracer !== caller.slot) return fail("ESRCH");
  if (!child.stopped) return fail("EBUSY");
  return yield* control(state, caller, change(child), request);
};
