import { image as atWini } from "@procyon-os/at-wini";
import { ds } from "@procyon-os/ds";
import type { BootModule } from "@procyon-os/kernel";
import { image as is } from "@procyon-os/is";
import { image as log } from "@procyon-os/log";
import { image as memory } from "@procyon-os/memory";
import { DS, INIT, LOG, MEM, MFS, PFS, PM, RS, SCHED, TTY, VFS, VM, type ServiceImage } from "@procyon-os/message";
import { mfs } from "@procyon-os/mfs";
import { image as pfs } from "@procyon-os/pfs";
import { pm } from "@procyon-os/pm";
import { image as readclock } from "@procyon-os/readclock";
import { image as rs } from "@procyon-os/rs";
import { sched } from "@procyon-os/sched";
import { image as tty } from "@procyon-os/tty";
import { image as vfs } from "@procyon-os/vfs";
import { vm } from "@procyon-os/vm";
import { operator } from "./packages/operator.ts";
import type { PackageShelf } from "./packages/package-shelf.ts";

/** A service by the name that it has in the boot image or on the disk: a package's image, or an ELF file. */
export type ServiceProgram = ServiceImage | Uint8Array;

// The boot image in MINIX's order (reference/kernel.md 1.3): slot, name, stack for an ELF program in KB.
const bootOrder = [
  [DS, "ds", 16], [RS, "rs", 64], [PM, "pm", 32], [SCHED, "sched", 32], [VFS, "vfs", 16], [MEM, "memory", 8], [LOG, "log", 32],
  [TTY, "tty", 16], [MFS, "mfs", 128], [VM, "vm", 128], [PFS, "pfs", 128],
] as const;

/** What this machine has when nobody says otherwise. */
export const defaultServices: { readonly [name: string]: ServiceImage } = {
  ds, rs, pm, sched, vfs, memory, log, tty, mfs, vm, pfs, at_wini: atWini, readclock, is, operator,
};

/** RS calls the boot file server by its label. */
const aliases: { readonly [name: string]: string } = { fs_imgrd: "mfs" };

/** The boot image: each server's program, and init. */
export function bootModules(services: { readonly [name: string]: ServiceProgram }, init: Uint8Array): BootModule[] {
  const modules = bootOrder.map(([slot, name, stackKb]): BootModule => {
    const program = services[name];
    if (program === undefined) throw new Error(`no program for the boot service ${name}`);
    const fullVm = slot !== VM && slot !== RS; // these two run before there are page tables
    if (program instanceof Uint8Array) return { slot, name, fullVm, stackKb, program: { kind: "elf", file: program } };
    return { slot, name, fullVm, stackKb, program: { kind: "hosted", image: program, args: [name] } };
  });
  return [...modules, { slot: INIT, name: "init", fullVm: true, stackKb: 64, program: { kind: "elf", file: init } }];
}

/** Finds the program behind a reference: `boot:NAME` is what the machine was started with, else a package of the shelf. */
export function resolver(services: { readonly [name: string]: ServiceProgram }, shelf: PackageShelf): (reference: string) => ServiceImage | null {
  return (reference) => {
    if (!reference.startsWith("boot:")) return shelf.find(reference);
    const name = reference.slice("boot:".length);
    const program = services[aliases[name] ?? name];
    return program === undefined || program instanceof Uint8Array ? null : program;
  };
}
