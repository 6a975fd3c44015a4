import {
  IDL_F, MF_HOSTED, PROC_FULLVM, REG_EFLAGS, REG_EIP, REG_ESP, RSYS_F, RTS_NO_PRIV, RTS_NO_QUANTUM, RTS_PROC_STOP, RTS_VMINHIBIT, TSK_F,
  USER_Q, USER_QUANTUM, bootImageEntry, staticPrivId, type BootImageEntry,
} from "@procyon-os/contract-kernel";
import { CLOCK, IDLE, NONE, NR_BOOT_PROCS, NR_TASKS, OK, RECEIVE, RS, SYSTEM, type Endpoint } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import { KERNEL_BASE, KERNEL_BYTES } from "../memory/segments.ts";
import type { Process } from "../processes/process.ts";
import { clearRts } from "../scheduling/run-queues.ts";
import type { LoadedModule } from "./loader.ts";

const TASK_NAMES = ["asyncm", "idle", "clock", "system", "kernel"];
const INIT_PSW = 0x0200;
const INIT_TASK_PSW = 0x1200;
const START_ARGUMENTS = 12; // argc, argv and envp of a boot process, all zero

/** Fills the slots of the boot image; RS alone may run (reference/kernel.md 1.3). */
export function bootProcesses(kernel: Kernel, programs: readonly LoadedModule[]): void {
  const image: BootImageEntry[] = [];
  for (let slot = -NR_TASKS; slot < 0; slot++) image.push(bootTask(kernel, slot));
  for (const program of programs) image.push(bootModule(kernel, program));
  while (image.length < NR_BOOT_PROCS) image.push({ slot: NONE, flags: 0, stackKb: 0, name: "", endpoint: NONE, memory: noMemory });
  kernel.image = new Uint8Array(image.length * bootImageEntry.bytes);
  image.forEach((entry, index) => kernel.image.set(bootImageEntry.encode(entry), index * bootImageEntry.bytes));
  for (const { module } of programs) clearRts(kernel, kernel.processes.at(module.slot), RTS_PROC_STOP);
}

const noMemory = { textVirtual: 0, textPhysical: 0, textBytes: 0, dataVirtual: 0, dataPhysical: 0, dataBytes: 0, stackBytes: 0, entry: 0 };

/** A task is an entry of the table; nothing runs in it. Its memory is the kernel's. */
function bootTask(kernel: Kernel, slot: number): BootImageEntry {
  const process = kernel.processes.at(slot);
  const name = TASK_NAMES[slot + NR_TASKS] as string;
  process.name = name;
  process.rts = RTS_PROC_STOP;
  process.frame[REG_EFLAGS] = INIT_TASK_PSW;
  setMap(process, KERNEL_BASE, KERNEL_BASE, 0, KERNEL_BASE, KERNEL_BASE, KERNEL_BYTES, 0);
  allocate(kernel, process);
  if (process.privileges !== null) {
    process.privileges.flags = slot === IDLE ? IDL_F : TSK_F;
    process.privileges.trapMask = slot === CLOCK || slot === SYSTEM ? 1 << RECEIVE : 0;
  }
  kernel.segments.update(process);
  return { slot, flags: 0, stackKb: 0, name, endpoint: process.endpoint, memory: noMemory };
}

function bootModule(kernel: Kernel, program: LoadedModule): BootImageEntry {
  const { module } = program;
  const process = kernel.processes.at(module.slot);
  if (!process.isFree || process.isTask) throw new Error(`slot ${module.slot} of the boot module ${module.name} is taken`);
  process.name = module.name.slice(0, 7);
  process.rts = RTS_PROC_STOP;
  setMap(
    process, program.textVirtual, program.textPhysical, program.textBytes, program.dataVirtual, program.dataPhysical, program.dataBytes,
    program.stackBytes,
  );
  process.frame[REG_EIP] = program.entry;
  process.frame[REG_EFLAGS] = INIT_PSW;
  process.frame[REG_ESP] = program.dataVirtual + program.dataBytes + program.stackBytes - START_ARGUMENTS;
  kernel.segments.update(process);
  if (module.program.kind === "hosted") {
    const { image, args } = module.program;
    process.hosted = { image, port: kernel.bus.spawn(image, args), reference: `${image.name}@${image.version}`, frame: null, accessDone: -1 };
    process.misc |= MF_HOSTED;
  }
  if (process.endpoint === RS) bootRs(kernel, process);
  else process.rts |= RTS_NO_PRIV | RTS_NO_QUANTUM;
  if (module.fullVm) process.rts |= RTS_VMINHIBIT;
  return {
    slot: module.slot, flags: module.fullVm ? PROC_FULLVM : 0, stackKb: module.stackKb, name: process.name, endpoint: process.endpoint,
    memory: {
      textVirtual: program.textVirtual, textPhysical: program.textPhysical, textBytes: program.textBytes, dataVirtual: program.dataVirtual,
      dataPhysical: program.dataPhysical, dataBytes: program.dataBytes, stackBytes: program.stackBytes, entry: program.entry,
    },
  };
}

/** RS has its privileges from the start: everything. */
function bootRs(kernel: Kernel, process: Process): void {
  allocate(kernel, process);
  const { privileges } = process;
  if (privileges === null) return;
  privileges.flags = RSYS_F;
  privileges.trapMask = -1;
  privileges.callMask.fill(-1);
  privileges.signalManager = RS;
  kernel.privileges.fillSendTo(privileges, () => true);
  process.priority = USER_Q;
  process.quantumMs = USER_QUANTUM;
}

function allocate(kernel: Kernel, process: Process): void {
  const result = kernel.privileges.allocate(process, staticPrivId(process.slot));
  if (result !== OK) throw new Error(`privileges of the boot process ${process.name}: ${result}`);
  if (process.privileges !== null) process.privileges.backupManager = NONE as Endpoint;
}

/** The memory map in clicks; the stack segment is empty and lies behind the stack (reference/kernel.md 1.3). */
function setMap(process: Process, tVir: number, tPhys: number, tBytes: number, dVir: number, dPhys: number, dBytes: number, stack: number): void {
  const clicks = (bytes: number): number => bytes / 4096;
  process.map.set([
    clicks(tVir), clicks(tPhys), clicks(tBytes), clicks(dVir), clicks(dPhys), clicks(dBytes), clicks(dVir + dBytes + stack),
    clicks(dPhys + dBytes + stack), 0,
  ]);
}
