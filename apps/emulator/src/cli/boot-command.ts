import { loadInit } from "@procyon-os/userland";
import type { Job } from "../job.ts";
import { boot, type BootOptions, type Ending, type System } from "../system.ts";
import { drive, type Feeding } from "./drive.ts";
import type { Watchdog } from "../watch/watchdog.ts";
import { HostInput } from "./input.ts";
import { machineNumbers, openDisks, type MachineFlags } from "./machine-options.ts";
import { HostOutput } from "./output.ts";
import { machinePackages, type ServiceFlags } from "./service-options.ts";
import { UsageError } from "./usage-error.ts";

/** Flags of `procyon boot`. */
export interface BootFlags extends MachineFlags, ServiceFlags {
  readonly exec?: string;
}

/** Leaves the machine: Ctrl-]. */
const LEAVE_KEY = 0x1d;
const STATUS_PANIC = 70;
const STATUS_STUCK = 75;
/** What a job's program finds in its environment. */
export const jobEnvironment = ["HOME=/root", "PATH=/bin:/sbin:/usr/bin:/usr/sbin", "USER=root", "SHELL=/bin/sh", "TERM=dumb"];

/** What is done beside a machine. */
export interface RunOptions {
  /** Print the hash of the run at its end. */
  readonly traceHash: boolean;
  readonly watchdog: Watchdog | null;
  /** Messages of the kernel go to standard error, and so the report of a panic. */
  readonly told?: boolean;
}

/** Runs a machine with its console on this process's standard input and output, and gives the exit status. */
export async function runMachine(
  options: Omit<BootOptions, "onConsole" | "onError">, feeding: (system: System) => Feeding, { traceHash, watchdog, told = false }: RunOptions,
): Promise<number> {
  const output = new HostOutput(1);
  const errors = new HostOutput(2);
  watchdog?.atEnd.push(() => {
    output.flush();
    errors.flush();
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
  });
  const system = bootOrSay({ ...options, trace: traceHash, onConsole: output.put, onError: errors.put });
  const { input, ...rest } = feeding(system);
  let ending: Ending | "left" | "stuck";
  try {
    ending = await drive(system, { input, ...rest }, [output, errors], () => watchdog?.beat());
  } finally {
    output.flush();
    errors.flush();
    input.close();
  }
  if (traceHash) process.stderr.write(`trace hash ${system.kernel.traceHash()}\n`);
  return statusOf(ending, told);
}

/** A machine that cannot be made (a program that is larger than its memory) is the caller's mistake: one line says so. */
function bootOrSay(options: BootOptions): System {
  try {
    return boot(options);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** What the command exits with; why it ended without the guest's saying so goes to standard error, once. */
function statusOf(ending: Ending | "left" | "stuck", told: boolean): number {
  if (ending === "left") return 0;
  if (ending === "stuck") {
    process.stderr.write("procyon: the machine waits for something that never comes; nothing can run\n");
    return STATUS_STUCK;
  }
  if (ending.kind === "halted") return ending.status;
  if (!told) process.stderr.write(ending.report);
  return STATUS_PANIC;
}

/** `procyon boot`: a machine with a console, or one command in it. */
export async function bootCommand(flags: BootFlags): Promise<number> {
  const { options: services, watchdog, close: closePackages } = await machinePackages(flags);
  const numbers = { ...machineNumbers(flags), ...services };
  const { disks, close } = openDisks(flags.disk ?? []);
  const traceHash = flags.traceHash === true;
  try {
    if (flags.exec !== undefined) {
      const job: Job = { directory: "/root", environment: jobEnvironment, args: ["/bin/sh", "-c", flags.exec] };
      return await runMachine({ ...numbers, disks, init: loadInit(), job }, () => ({ input: new HostInput(), mode: "bytes" }), { traceHash, watchdog });
    }
    const terminal = process.stdin.isTTY === true;
    const onMessage = (text: string): void => void process.stderr.write(terminal ? text.replaceAll("\n", "\r\n") : text);
    if (!terminal) {
      const options = { ...numbers, disks, init: loadInit(), parameters: { once: "1", serial: "plain" }, onMessage };
      return await runMachine(options, () => ({ input: new HostInput(), mode: "lines" }), { traceHash, watchdog, told: true });
    }
    const startTime = flags.seed === undefined ? { startTime: Math.floor(Date.now() / 1000) } : {};
    const parameters = { term: process.env["TERM"] ?? "vt100", debug_fkeys: "1" }; // function keys show dumps
    process.stdin.setRawMode(true);
    try {
      process.stderr.write("Procyon: Ctrl-] leaves the machine as it is; `shutdown` ends it in order.\r\n");
      return await runMachine({ ...numbers, ...startTime, parameters, disks, init: loadInit(), onMessage }, keyboard, { traceHash, watchdog, told: true });
    } finally {
      process.stdin.setRawMode(false);
      process.stderr.write("\n");
    }
  } finally {
    closePackages();
    close();
  }
}

function keyboard(): Feeding {
  return { input: new HostInput(), mode: "keys", intercept: (keys) => keys.includes(LEAVE_KEY) };
}
