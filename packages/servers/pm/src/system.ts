import { GET_CPUINFO, GET_MONPARAMS, MONPARAMS_BYTES, cpuInfo } from "@procyon-os/contract-kernel";
import {
  PMGETPARAM, PMSETPARAM, RBT_DEFAULT, RBT_MONITOR, SYSGETENV_BYTES, UTS_ARCH, UTS_MACHINE, UTS_NODENAME, UTS_RELEASE, UTS_SYSNAME,
  UTS_VERSION, decodeSysGetEnv, type SysGetEnv,
} from "@procyon-os/contract-pm";
import { INIT, NONE, PM, SIGKILL, VFS, fail, ok, type Program, type Result } from "@procyon-os/message";
import { NO_REPLY, bytesText, kernel, kernelStructure, notify, readProcess, systemHz, textBytes, writeProcess } from "@procyon-os/syslib";
import type { PmHandler } from "./handlers.ts";
import { sendSignal } from "./kill.ts";
import { must, stopNow } from "./partners.ts";
import { all, isAlive, processAt, type PmState, type Process } from "./state.ts";
import { tellVfs } from "./vfs.ts";

const MICROSECONDS = 1_000_000;
/** Room that is asked for when the kernel describes its processors. */
const MAX_PROCESSORS = 32;
const CODE_BYTES = 256;
const KEY_BYTES = 64;
const MAX_OVERRIDES = 2;
const OVERRIDE_BYTES = 30;

/** TIME: as exact as a tick. */
export const time: PmHandler<"time"> = function* () {
  const hz = yield* systemHz();
  const { bootTime, uptime } = yield* must("times", yield* kernel.times({ process: NONE }));
  const microseconds = Math.floor(((uptime % hz) * MICROSECONDS) / hz);
  return ok({ seconds: bootTime + Math.floor(uptime / hz), microseconds });
};

/** GETTIMEOFDAY: the same. */
export const getTimeOfDay: PmHandler<"getTimeOfDay"> = (state, caller, request) => time(state, caller, request);

/** STIME: the kernel keeps when the system was booted, so that is what changes. */
export const stime: PmHandler<"stime"> = function* (_state, caller, { seconds }) {
  if (caller.uid.effective !== 0) return fail("EPERM");
  const { uptime } = yield* must("times", yield* kernel.times({ process: NONE }));
  yield* must("stime", yield* kernel.stime({ bootTime: seconds - Math.floor(uptime / (yield* systemHz())) }));
  return ok({});
};

/** TIMES: of the caller and of its children that were waited for. */
export const times: PmHandler<"times"> = function* (_state, caller) {
  const { user, system, uptime } = yield* must("times", yield* kernel.times({ process: caller.endpoint }));
  return ok({ user, system, childUser: caller.childUserTime, childSystem: caller.childSystemTime, uptime });
};

/** "i386" to "i686", by the family of the first processor. */
function* machineName(): Program<string> {
  const processors = yield* kernelStructure(GET_CPUINFO, MAX_PROCESSORS * cpuInfo.bytes);
  const family = processors === null ? 3 : cpuInfo.decode(processors).family;
  return `i${Math.min(6, Math.max(3, family))}86`;
}

/** SYSUNAME: one name of the system. */
export const sysUname: PmHandler<"sysUname"> = function* (_state, caller, { request, field, length, buffer }) {
  const names: { readonly [field: number]: string } = {
    [UTS_ARCH]: "i386", [UTS_MACHINE]: yield* machineName(), [UTS_NODENAME]: "noname", [UTS_RELEASE]: "3", [UTS_VERSION]: "2.0", [UTS_SYSNAME]: "Minix",
  };
  const name = names[field];
  if (name === undefined || request !== 0) return fail("EINVAL");
  const bytes = textBytes(name, true).subarray(0, length >>> 0);
  const written = yield* writeProcess(caller.endpoint, buffer, bytes);
  return written.ok ? ok({ copied: bytes.length }) : fail("EFAULT");
};

/** The bytes of `name=value` texts that belong to a name, with a NUL; null where it is not there. */
function findParameter(state: PmState, parameters: Uint8Array, name: string): Uint8Array | null {
  const override = state.overrides.find((one) => one.name === name);
  if (override !== undefined) return textBytes(override.value, true);
  for (let at = 0; at < parameters.length && parameters[at] !== 0; ) {
    const text = bytesText(parameters, at);
    if (text.startsWith(`${name}=`)) return textBytes(text.slice(name.length + 1), true);
    at += text.length + 1;
  }
  return null;
}

type SvrctlResult = Result<Record<string, never>, "EINVAL" | "EFAULT" | "ESRCH" | "E2BIG" | "ENOSPC">;

function* getParameter(state: PmState, caller: Process, request: SysGetEnv): Program<SvrctlResult> {
  const parameters = (yield* kernelStructure(GET_MONPARAMS, MONPARAMS_BYTES)) ?? new Uint8Array(0);
  let value: Uint8Array | null = parameters;
  if (request.keyLength !== 0) {
    if (request.keyLength > KEY_BYTES) return fail("EINVAL");
    const key = yield* readProcess(caller.endpoint, request.key, request.keyLength);
    if (!key.ok) return fail("EFAULT");
    value = findParameter(state, parameters, bytesText(key.value, 0, request.keyLength - 1));
  }
  if (value === null) return fail("ESRCH");
  if (value.length > request.valueLength) return fail("E2BIG");
  const written = yield* writeProcess(caller.endpoint, request.value, value);
  return written.ok ? ok({}) : fail("EFAULT");
}

function* setParameter(state: PmState, caller: Process, request: SysGetEnv): Program<SvrctlResult> {
  if (state.overrides.length >= MAX_OVERRIDES) return fail("ENOSPC");
  const fits = (length: number): boolean => length > 0 && length < OVERRIDE_BYTES;
  if (!fits(request.keyLength) || !fits(request.valueLength)) return fail("EINVAL");
  const name = yield* readProcess(caller.endpoint, request.key, request.keyLength);
  if (!name.ok) return fail("EFAULT");
  const value = yield* readProcess(caller.endpoint, request.value, request.valueLength);
  if (!value.ok) return fail("EFAULT");
  state.overrides.push({ name: bytesText(name.value), value: bytesText(value.value) });
  return ok({});
}

/** SVRCTL: reads a boot parameter, or sets one over it for whoever asks after that. */
export const svrctl: PmHandler<"svrctl"> = function* (state, caller, { request, argument }) {
  if (request !== PMGETPARAM && request !== PMSETPARAM) return fail("EINVAL");
  const bytes = yield* readProcess(caller.endpoint, argument, SYSGETENV_BYTES);
  if (!bytes.ok) return fail("EFAULT");
  const what = decodeSysGetEnv(bytes.value);
  return yield* (request === PMGETPARAM ? getParameter : setParameter)(state, caller, what);
};

export const getMContext: PmHandler<"getMContext"> = function* (_state, caller, { context }) {
  return (yield* kernel.getmcontext({ process: caller.endpoint, context })).ok ? ok({}) : fail("EFAULT");
};
export const setMContext: PmHandler<"setMContext"> = function* (_state, caller, { context }) {
  return (yield* kernel.setmcontext({ process: caller.endpoint, context })).ok ? ok({}) : fail("EFAULT");
};
/** SPROF and CPROF: profiling is not built in. */
export const sprof: PmHandler<"sprof"> = function* () {
  return fail("ENOSYS");
};
export const cprof: PmHandler<"cprof"> = function* () {
  return fail("ENOSYS");
};

/** REBOOT: users end, INIT stops, VFS writes everything; when it says so, the machine ends (reference/posix-abi.md 2.7). */
export const reboot: PmHandler<"reboot"> = function* (state, caller, { how, codeLength, code }) {
  if (caller.uid.effective !== 0) return fail("EPERM");
  if (how < 0 || how > RBT_DEFAULT) return fail("EINVAL");
  let text = "";
  if (how === RBT_MONITOR) {
    if (codeLength < 0 || codeLength >= CODE_BYTES) return fail("EINVAL");
    const bytes = yield* readProcess(caller.endpoint, code, codeLength);
    if (!bytes.ok) return fail("EFAULT");
    text = bytesText(bytes.value);
  }
  const vfs = processAt(state, VFS);
  if (vfs === null || vfs.vfsCall !== null) return NO_REPLY; // it is on its way already
  state.abort = { how, code: text };
  yield* sendSignal(state, caller, -1, SIGKILL, false);
  const init = processAt(state, INIT);
  if (init !== null && isAlive(init)) yield* stopNow(state, init);
  for (const { isSystem, endpoint } of all(state)) if (isSystem && endpoint !== PM) yield* notify(endpoint); // SEF: shutdown
  yield* tellVfs(vfs, "reboot", {});
  return NO_REPLY;
};
