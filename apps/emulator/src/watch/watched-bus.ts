import { localBus, type Bus, type Port, type PortEvent } from "@procyon-os/bus";
import type { Frame, ServiceImage } from "@procyon-os/message";
import { RUNNING, STEPS, type Cells } from "./cells.ts";

/** A hosted process of which the watchdog can see that it is in a step. */
class WatchedPort implements Port {
  private readonly port: Port;
  private readonly number: number;
  private readonly cells: Cells;

  constructor(port: Port, number: number, cells: Cells) {
    this.port = port;
    this.number = number;
    this.cells = cells;
  }

  resume(answer: Frame | null): PortEvent {
    this.cells[RUNNING] = this.number;
    this.cells[STEPS] = (this.cells[STEPS] as number) + 1;
    const event = this.port.resume(answer);
    this.cells[RUNNING] = 0;
    return event;
  }

  close(): void {
    this.port.close();
  }
}

/**
 * The local bus, which notes when a step of a package from outside begins and ends. Services of ours are as they always are.
 * @param named hears of each such service when it is started, in the order of their numbers
 */
export function watchedBus(ours: ReadonlySet<ServiceImage>, cells: Cells, named: (service: string) => void): Bus {
  let services = 0;
  return {
    name: "watched",
    spawn(image, args) {
      const port = localBus.spawn(image, args);
      if (ours.has(image)) return port;
      named(`${args[0]?.split("/").at(-1) ?? ""} (${image.name}@${image.version})`);
      return new WatchedPort(port, ++services, cells);
    },
  };
}
