import { IRQ_REENABLE, NR_IRQ_HOOKS, RANDOM_ELEMENTS, RANDOM_SOURCES } from "@procyon-os/contract-kernel";
import { HARDWARE, NONE, type Endpoint } from "@procyon-os/message";
import { tick } from "../clock/clock.ts";
import { INTERRUPT_CYCLES } from "../costs.ts";
import { notifyFromTask } from "../ipc/notify.ts";
import type { Kernel } from "../kernel.ts";

/** Vectors of the two interrupt controllers (reference/kernel.md 4.2). */
export const IRQ0_VECTOR = 0x50;
export const IRQ8_VECTOR = 0x70;
const CLOCK_IRQ = 0;
const CASCADE_IRQ = 2;
const LINES = 16;
const PIC = [{ command: 0x20, data: 0x21 }, { command: 0xa0, data: 0xa1 }] as const;
const END_OF_INTERRUPT = 0x20;

/** A driver that wants to hear of an interrupt line. */
export interface IrqHook {
  owner: Endpoint; // NONE: free
  line: number;
  bit: number; // of this hook among those of its line
  notifyId: number;
  policy: number;
}

/** Samples of when a source of randomness struck. */
export interface RandomBin {
  next: number;
  size: number;
  readonly samples: number[];
}

/** The interrupt controllers and who listens to them (reference/kernel.md 8.4). */
export class Interrupts {
  readonly hooks: readonly IrqHook[] = Array.from({ length: NR_IRQ_HOOKS }, () => ({ owner: NONE, line: 0, bit: 0, notifyId: 0, policy: 0 }));
  /** Bits of the hooks of a line that have not said they are done: the line stays masked. */
  readonly active: number[] = new Array<number>(LINES).fill(0);
  readonly randomness: readonly RandomBin[] = Array.from({ length: RANDOM_SOURCES }, () => ({
    next: 0, size: 0, samples: new Array<number>(RANDOM_ELEMENTS).fill(0),
  }));
  readonly spurious: number[] = new Array<number>(LINES).fill(0);
  private mask = 0xffff;

  /** Programs both controllers and masks every line but the clock's. */
  install(kernel: Kernel): void {
    const { ports } = kernel.board;
    PIC.forEach(({ command, data }, which) => {
      ports.out(command, 0x11, 1); // edge triggered, cascade, needs ICW4
      ports.out(data, which === 0 ? IRQ0_VECTOR : IRQ8_VECTOR, 1);
      ports.out(data, which === 0 ? 1 << CASCADE_IRQ : CASCADE_IRQ, 1);
      ports.out(data, 0x01, 1); // 8086 mode
    });
    this.mask = 0xffff & ~(1 << CASCADE_IRQ) & ~(1 << CLOCK_IRQ);
    this.writeMask(kernel);
  }

  /** Lets a line interrupt, or not. */
  enable(kernel: Kernel, line: number, enabled: boolean): void {
    const mask = enabled ? this.mask & ~(1 << line) : this.mask | (1 << line);
    if (mask === this.mask) return;
    this.mask = mask;
    this.writeMask(kernel);
  }

  /** The hooks of a line. */
  onLine(line: number): readonly IrqHook[] {
    return this.hooks.filter((hook) => hook.owner !== NONE && hook.line === line);
  }

  /** Frees a hook; a shared line goes on when nobody else holds it. */
  remove(kernel: Kernel, hook: IrqHook): void {
    hook.owner = NONE;
    this.active[hook.line] = (this.active[hook.line] as number) & ~hook.bit;
    if (this.onLine(hook.line).length === 0) this.enable(kernel, hook.line, false);
    else if (this.active[hook.line] === 0) this.enable(kernel, hook.line, true);
  }

  /** Frees every hook of a process. */
  removeAll(kernel: Kernel, owner: Endpoint): void {
    for (const hook of this.hooks) if (hook.owner === owner) this.remove(kernel, hook);
  }

  private writeMask(kernel: Kernel): void {
    kernel.board.ports.out(PIC[0].data, this.mask & 0xff, 1);
    kernel.board.ports.out(PIC[1].data, this.mask >> 8, 1);
  }
}

/** Handles every interrupt that the controllers have for us. */
export function handleInterrupts(kernel: Kernel): void {
  const { pic } = kernel.board;
  while (pic.pendingVector() !== -1) {
    const vector = pic.acknowledge();
    const line = vector >= IRQ8_VECTOR ? vector - IRQ8_VECTOR + 8 : vector - IRQ0_VECTOR;
    kernel.counters.interrupts++;
    kernel.spendKernel(INTERRUPT_CYCLES);
    if (line === CLOCK_IRQ) {
      endOfInterrupt(kernel, line);
      tick(kernel);
    } else handleLine(kernel, line);
  }
}

function handleLine(kernel: Kernel, line: number): void {
  const { interrupts } = kernel;
  interrupts.enable(kernel, line, false);
  const hooks = interrupts.onLine(line);
  if (hooks.length === 0) noteSpurious(kernel, line);
  for (const hook of hooks) {
    interrupts.active[line] = (interrupts.active[line] as number) | hook.bit;
    if (notifyHook(kernel, hook)) interrupts.active[line] = (interrupts.active[line] as number) & ~hook.bit;
  }
  if (hooks.length > 0 && interrupts.active[line] === 0) interrupts.enable(kernel, line, true);
  endOfInterrupt(kernel, line);
}

/** The generic handler: gathers randomness and notifies the driver; whether the line may go on at once. */
function notifyHook(kernel: Kernel, hook: IrqHook): boolean {
  const bin = kernel.interrupts.randomness[hook.line % RANDOM_SOURCES] as RandomBin;
  bin.samples[bin.next] = kernel.local.time % 0x10000;
  bin.next = (bin.next + 1) % RANDOM_ELEMENTS;
  bin.size = Math.min(bin.size + 1, RANDOM_ELEMENTS);

  const owner = kernel.processes.find(hook.owner);
  if (owner?.privileges == null) throw new Error(`interrupt hook of line ${hook.line} for the missing process ${hook.owner}`);
  owner.privileges.intPending |= 1 << hook.notifyId;
  notifyFromTask(kernel, HARDWARE, owner);
  return (hook.policy & IRQ_REENABLE) !== 0;
}

function noteSpurious(kernel: Kernel, line: number): void {
  const count = ((kernel.interrupts.spurious[line] as number) += 1);
  // The first one, and then ever more rarely.
  if (count === 1 || (count >= 100 && count % 100 === 0)) kernel.print(`kernel: ${count} interrupts of line ${line} without a driver\n`);
}

function endOfInterrupt(kernel: Kernel, line: number): void {
  const { ports } = kernel.board;
  if (line >= 8) ports.out(PIC[1].command, END_OF_INTERRUPT, 1);
  ports.out(PIC[0].command, END_OF_INTERRUPT, 1);
}
