import { AtaChannel } from "./ata/ata-channel.ts";
import type { DiskBackend } from "./ata/disk-backend.ts";
import { Clock } from "./clock.ts";
import { PhysicalMemory } from "./physical-memory.ts";
import { Pic8259 } from "./pic-8259/pic-8259.ts";
import { Pit8254 } from "./pit-8254/pit-8254.ts";
import { PortSpace } from "./port-space.ts";
import type { CalendarTime } from "./rtc/calendar.ts";
import { Rtc } from "./rtc/rtc.ts";
import { Uart16550 } from "./uart-16550/uart-16550.ts";

// Where an AT has its devices (reference/posix-abi.md 6.6, 8).
const PIT_IRQ = 0;
const ATA = { base: 0x1f0, control: 0x3f6, irq: 14 };
const SERIAL_LINES = [{ base: 0x3f8, irq: 4 }, { base: 0x2f8, irq: 3 }];

/** What a machine is made of. Nothing here is read from the host. */
export interface BoardOptions {
  readonly memoryBytes: number;
  readonly cpus: number;
  /** Up to two drives of the first ATA channel. */
  readonly disks: readonly DiskBackend[];
  /** What the real-time clock shows when the machine is switched on. */
  readonly rtcStart: CalendarTime;
  /** Speed of the serial lines; the emulated line has no wire that would limit it. */
  readonly lineBitsPerSecond?: number;
}

/** The machine without its CPUs: memory, time, ports and the devices behind them. */
export class Board {
  readonly memory: PhysicalMemory;
  readonly clock: Clock = new Clock();
  readonly ports: PortSpace = new PortSpace();
  readonly pic: Pic8259 = new Pic8259();
  readonly pit: Pit8254;
  readonly rtc: Rtc;
  readonly ata: AtaChannel;
  /** COM1 and COM2. */
  readonly uarts: readonly Uart16550[];

  constructor(options: BoardOptions) {
    const speed = options.lineBitsPerSecond ?? 4_000_000;
    this.memory = new PhysicalMemory(options.memoryBytes, options.cpus);
    this.pit = new Pit8254(this.clock, this.pic.irq(PIT_IRQ));
    this.rtc = new Rtc(this.clock, options.rtcStart);
    this.ata = new AtaChannel(this.clock, this.pic.irq(ATA.irq), ATA.base, ATA.control, options.disks);
    this.uarts = SERIAL_LINES.map(({ base, irq }) => new Uart16550(this.clock, this.pic.irq(irq), base, speed));
    for (const device of [this.pic, this.pit, this.rtc, this.ata, ...this.uarts]) this.ports.attach(device);
  }

  /** The first serial line, the console. */
  get uart(): Uart16550 {
    return this.uarts[0] as Uart16550;
  }
}
