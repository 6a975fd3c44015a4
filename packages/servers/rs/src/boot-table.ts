import { RSYS_F, SRV_F, USR_F, VM_F } from "@procyon-os/contract-kernel";
import { SF_CORE_SRV, SF_NEED_REPL, SF_SYNCH_BOOT, SF_USE_REPL, STYLE_CLONE_A, STYLE_CTTY, STYLE_DEV, STYLE_DEVA, STYLE_NDEV, STYLE_TTY } from "@procyon-os/contract-rs";
import { DS, INIT, LOG, MEM, MFS, PFS, PM, RS, SCHED, TTY, VFS, VM, type Endpoint } from "@procyon-os/message";

const CORE = SF_CORE_SRV;
const CORE_REPL = SF_CORE_SRV | SF_NEED_REPL;
const STANDS_BY = CORE_REPL | SF_USE_REPL;

/** A process of the boot image as RS knows it before it runs. */
export interface BootService {
  readonly endpoint: Endpoint;
  readonly label: string;
  readonly privilegeFlags: number;
  readonly sysFlags: number;
  readonly major: number;
  readonly style: number;
  readonly style2: number;
  readonly priority: number;
  readonly quantum: number; // ms
}

function entry(endpoint: Endpoint, label: string, privilegeFlags: number, sysFlags: number, device: readonly [number, number, number], priority: number, quantum: number): BootService {
  const [major, style, style2] = device;
  return { endpoint, label, privilegeFlags, sysFlags, major, style, style2, priority, quantum };
}

const NO_DEVICE = [0, STYLE_NDEV, STYLE_NDEV] as const;

/**
 * The boot services in the order in which they start (reference/rs-sef-ds-syslib.md 2.3; priorities and quanta 3.5). TTY,
 * MEMORY, LOG and DS can be replaced when they die, so that their end is not the system's. RS runs ahead of all, to see who runs without end.
 */
export const bootServices: readonly BootService[] = [
  entry(RS, "rs", RSYS_F, STANDS_BY, NO_DEVICE, 0, 500),
  entry(VM, "vm", VM_F, STANDS_BY | SF_SYNCH_BOOT, NO_DEVICE, 2, 500),
  entry(PM, "pm", SRV_F, STANDS_BY, NO_DEVICE, 4, 500),
  // PM may wait for SCHED when it dies, and RS needs PM to make a process: so the next instance stands by.
  entry(SCHED, "sched", SRV_F, CORE | SF_USE_REPL, NO_DEVICE, 4, 500),
  entry(VFS, "vfs", SRV_F, CORE_REPL, NO_DEVICE, 5, 500),
  entry(DS, "ds", SRV_F, CORE, NO_DEVICE, 4, 500),
  entry(TTY, "tty", SRV_F, CORE, [4, STYLE_TTY, STYLE_CTTY], 1, 50),
  entry(MEM, "memory", SRV_F, CORE, [1, STYLE_DEV, STYLE_NDEV], 3, 50),
  entry(LOG, "log", SRV_F, CORE, [15, STYLE_DEVA, STYLE_NDEV], 2, 50),
  entry(MFS, "fs_imgrd", SRV_F, 0, NO_DEVICE, 5, 500),
  entry(PFS, "pfs", SRV_F, CORE, [18, STYLE_CLONE_A, STYLE_NDEV], 5, 500),
  entry(INIT, "init", USR_F, CORE, NO_DEVICE, 7, 200),
];

/** A service that RS starts by itself when the boot services are up, since the root file system needs it. */
export interface EarlyService {
  readonly label: string;
  readonly processName: string;
  readonly reference: string;
  readonly major: number;
  readonly style: number;
  readonly priority: number;
  readonly quantum: number;
  readonly irqs: readonly number[];
  readonly io: readonly { readonly base: number; readonly limit: number }[];
  /** A boot parameter without which it is not started. */
  readonly parameter?: string;
}

/** The disk driver: a dynamic service like any other, but its program does not come from the disk. */
export const earlyServices: readonly EarlyService[] = [
  {
    label: "at_wini_0", processName: "at_wini", reference: "boot:at_wini", major: 3, style: STYLE_DEV, priority: 4, quantum: 50,
    irqs: [14], io: [{ base: 0x1f0, limit: 0x1f7 }, { base: 0x3f6, limit: 0x3f6 }],
  },
  {
    // Takes requests of whoever runs the machine from the operator's port, and makes them of RS as any other process would.
    label: "operator", processName: "operator", reference: "boot:operator", major: 0, style: STYLE_NDEV, priority: 4, quantum: 50,
    irqs: [10], io: [{ base: 0x2e0, limit: 0x2e2 }], parameter: "operator",
  },
];
