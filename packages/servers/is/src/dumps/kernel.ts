import {
  bootImageEntry, describeRtsFlags, GET_IMAGE, GET_IRQACTIDS, GET_IRQHOOKS, GET_KINFO, GET_KMESSAGES, GET_MONPARAMS, IRQ_REENABLE, irqActIds, irqHookEntry, kernelMessages,
  kernelMessagesText, kinfo, MONPARAMS_BYTES, NR_IRQ_HOOKS, PROC_FULLVM, RTS_RECEIVING, RTS_SENDING, type ProcessEntry,
} from "@procyon-os/contract-kernel";
import { endpointGeneration, NR_BOOT_PROCS, type Program } from "@procyon-os/message";
import { bytesText, kernelStructure } from "@procyon-os/syslib";
import { hex, kilobytes, letters, PAGE_LINES, row, tableOf, textLines, type Dump, type Shown } from "../dump.ts";
import { entriesOf, nameIn, processes, refused } from "../tables.ts";

/** A dump of the process table. */
function* ofProcesses(show: (table: readonly ProcessEntry[]) => Shown): Program<Shown> {
  const table = yield* processes();
  return table === null ? refused("process table") : show(table);
}
/** A dump of another of the kernel's structures. */
function ofStructure(name: string, what: number, bytes: number, show: (bytes: Uint8Array) => Shown): () => Program<Shown> {
  return function* () {
    const got = yield* kernelStructure(what, bytes);
    return got === null ? refused(name) : show(got);
  };
}

/** Whom a process waits for, as it sends or receives. */
function partner(table: readonly ProcessEntry[], { rtsFlags, sendTo, getFrom }: ProcessEntry): string {
  if ((rtsFlags & RTS_SENDING) !== 0) return `to ${nameIn(table, sendTo)}`;
  return (rtsFlags & RTS_RECEIVING) !== 0 ? `from ${nameIn(table, getFrom)}` : "";
}
const numberOf = ({ slot }: ProcessEntry): string => (slot < 0 ? `[${slot}]` : String(slot));

export const processTable: Dump = {
  title: "kernel process table", pageLines: PAGE_LINES,
  read: () => ofProcesses((table) =>
    tableOf([4, 4, 8, -8, 4, 5, 8, 8, -20, -12], ["nr", "gen", "endpoint", "name", "prio", "quant", "user", "sys", "rts flags", "from/to"], table, (one) => [
      numberOf(one), endpointGeneration(one.endpoint), one.endpoint, one.name, one.priority, one.quantumMs, one.userTime, one.systemTime,
      describeRtsFlags(one.rtsFlags), partner(table, one),
    ])),
};

const CLICK = 4096;
export const memoryMaps: Dump = {
  title: "memory maps", pageLines: PAGE_LINES,
  read: () => ofProcesses((table) =>
    tableOf([-8, 8, 8, 8, 7, 8, 7, 8, 7, 8], ["name", "pc", "sp", "text", "", "data", "", "stack", "", "cr3"], table.filter(({ slot }) => slot >= 0), (one) => {
      const { text, data, stack } = one.memoryMap;
      const segments = [text, data, stack].flatMap(({ phys, length }) => [hex(phys * CLICK), kilobytes(length * CLICK)]);
      return [one.name, hex(one.registers.eip), hex(one.registers.esp), ...segments, hex(one.cr3)];
    })),
};

const image: Dump = {
  title: "system image", pageLines: PAGE_LINES,
  read: ofStructure("boot image", GET_IMAGE, bootImageEntry.bytes * NR_BOOT_PROCS, (bytes) =>
    tableOf([-8, 4, -5], ["name", "nr", "flags"], entriesOf(bytes, bootImageEntry.bytes, bootImageEntry.decode, () => true), ({ name, slot, flags }) => [
      name, slot, letters(flags, [[PROC_FULLVM, "V"]]), // V: it has a page table of its own
    ])),
};

const parameters: Dump = {
  title: "boot parameters", pageLines: PAGE_LINES,
  read: ofStructure("boot parameters", GET_MONPARAMS, MONPARAMS_BYTES, (bytes) => {
    const lines: string[] = [];
    for (let at = 0; at < bytes.length && bytes[at] !== 0; at += (lines.at(-1) as string).length + 1) lines.push(bytesText(bytes, at));
    return textLines("name=value", lines);
  }),
};

const interrupts: Dump = {
  title: "IRQ hooks", pageLines: PAGE_LINES,
  *read() {
    const table = yield* processes();
    const hooks = yield* kernelStructure(GET_IRQHOOKS, irqHookEntry.bytes * NR_IRQ_HOOKS);
    const active = yield* kernelStructure(GET_IRQACTIDS, irqActIds.bytes);
    if (table === null || hooks === null || active === null) return refused("IRQ hooks");
    const masks = irqActIds.read(new DataView(active.buffer, active.byteOffset, active.length), 0);
    const used = entriesOf(hooks, irqHookEntry.bytes, irqHookEntry.decode, ({ handler }) => handler !== 0);
    return tableOf([4, 8, -8, 4, -8, 6, -6], ["hook", "endpoint", "name", "irq", "reenable", "notify", "masked"], used, (one) => [
      one.index, one.owner, nameIn(table, one.owner), one.irq, (one.policy & IRQ_REENABLE) !== 0 ? "yes" : "no", one.notifyId,
      ((masks[one.irq] ?? 0) & one.id) !== 0 ? "yes" : "no",
    ]);
  },
};

const messages: Dump = {
  title: "kernel messages", pageLines: PAGE_LINES, lastPageOnly: true,
  read: ofStructure("messages", GET_KMESSAGES, kernelMessages.bytes, (bytes) =>
    textLines("the latest messages", kernelMessagesText(kernelMessages.decode(bytes)).replace(/\n$/, "").split("\n"))),
};

const kernelInfo: Dump = {
  title: "kernel parameters", pageLines: PAGE_LINES,
  read: ofStructure("kernel information", GET_KINFO, kinfo.bytes, (bytes) => {
    const one = kinfo.decode(bytes);
    const line = (name: string, value: string | number): string => row([-14, 0], [name, value]);
    return textLines("parameter      value", [
      line("code", `${hex(one.codeBase)} ${kilobytes(one.codeSize)}`), line("data", `${hex(one.dataBase)} ${kilobytes(one.dataSize)}`),
      line("process table", hex(one.processTable)), line("processes", one.nrProcs), line("tasks", one.nrTasks), line("release", one.release), line("version", one.version),
    ]);
  }),
};

const stacks: Dump = {
  title: "process stack traces", pageLines: PAGE_LINES,
  read: () => ofProcesses((table) => ({
    heading: row([8, -8, 0], ["endpoint", "name", "rts flags"]),
    lines: table.filter(({ slot }) => slot >= 0).map(({ endpoint, name, rtsFlags }) => ({ text: row([8, -8, 0], [endpoint, name, describeRtsFlags(rtsFlags)]), stackOf: endpoint })),
  })),
};

export { image, interrupts, kernelInfo, messages, parameters, stacks };
