import { RTS_NO_PRIV, RTS_SIGNALED, RTS_SIG_PENDING } from "@procyon-os/contract-kernel";
import { LETHAL_SIGNALS, NONE, SELF, SIGKILL, SIGKSIG, SIGKSIGSM, SYSTEM, signalInSet, type Endpoint } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import { notifyFromTask } from "../ipc/notify.ts";
import type { Process } from "../processes/process.ts";
import { clearRts, setRts } from "../scheduling/run-queues.ts";

/** As many instances of one service may stand by for one another. */
const MOST_BACKUPS = 8;

/** Tells a system process of a signal from the kernel itself: a notification from SYSTEM with the set of them. */
export function sendSystemSignal(kernel: Kernel, target: Endpoint, signal: number): void {
  const process = kernel.processes.find(target);
  if (process === null) throw new Error(`signal ${signal} for the missing process ${target}`);
  // Before RS has set a boot process up it has nowhere to keep signals.
  if (process.privileges === null) return;
  process.privileges.signalsPending |= 1 << signal;
  notifyFromTask(kernel, SYSTEM, process);
}

/** Raises a signal: stops the process until its manager has dealt with it (reference/kernel.md 8.1). */
export function causeSignal(kernel: Kernel, process: Process, signal: number): void {
  const { privileges } = process;
  if (privileges === null) throw new Error(`signal ${signal} for ${process.name}, which has no privileges`);
  const manager = privileges.signalManager === SELF ? process.endpoint : privileges.signalManager;
  if (manager === process.endpoint) {
    causeOwnSignal(kernel, process, signal);
    return;
  }
  if (signalInSet(process.pendingSignals, signal)) return;
  process.pendingSignals |= 1 << signal;
  if (process.rts & RTS_SIGNALED) return;
  setRts(kernel, process, RTS_SIGNALED | RTS_SIG_PENDING);
  if (kernel.processes.find(manager) === null) {
    // It stays stopped: nobody is left who could say what becomes of it.
    kernel.print(`kernel: signal ${signal} for ${process.name}(${process.endpoint}), whose manager ${manager} is gone\n`);
    return;
  }
  sendSystemSignal(kernel, manager, SIGKSIG);
}

/** The backup; where a signal has ended that too, whoever has that signal, and so on. */
function livingBackup(kernel: Kernel, endpoint: Endpoint): Process | null {
  let backup = kernel.processes.find(endpoint);
  for (let left = MOST_BACKUPS; backup !== null && backup.rts & RTS_SIG_PENDING && left > 0; left--) {
    backup = kernel.processes.find(backup.privileges?.signalManager ?? NONE);
  }
  return backup === null || backup.rts & RTS_SIG_PENDING ? null : backup;
}

/** A process that manages its own signals: a deadly one goes to its backup, or is the end. */
function causeOwnSignal(kernel: Kernel, process: Process, signal: number): void {
  const privileges = process.privileges;
  if (privileges === null) return;
  const backup = livingBackup(kernel, privileges.backupManager);
  // SIGKILL ends it where another stands by; else nobody could go on.
  if (!signalInSet(LETHAL_SIGNALS, signal) && !(signal === SIGKILL && backup !== null)) {
    privileges.signalsPending |= 1 << signal;
    sendSystemSignal(kernel, process.endpoint, SIGKSIGSM);
    return;
  }
  if (backup === null) {
    kernel.printStack(process);
    throw new Error(`deadly signal ${signal} for ${process.name}(${process.endpoint}), which manages its own signals`);
  }
  privileges.signalManager = backup.endpoint;
  privileges.backupManager = NONE;
  clearRts(kernel, backup, RTS_NO_PRIV);
  causeSignal(kernel, process, signal);
}
