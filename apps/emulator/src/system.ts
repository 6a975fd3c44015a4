import { localBus, type Bus } from "@procyon-os/bus";
import { Board, Cpu, fromSeconds, type DiskBackend } from "@procyon-os/hardware";
import { Kernel, type DebugOptions, type RunResult, type SymbolLookup } from "@procyon-os/kernel";
import type { ServiceImage } from "@procyon-os/message";
import { bootModules, defaultServices, resolver, type ServiceProgram } from "./boot-image.ts";
import { encodeJob, type Job } from "./job.ts";
import { OPERATOR_IRQ, OperatorPort } from "./packages/operator-port.ts";
import { PackageShelf } from "./packages/package-shelf.ts";
import { updateService, type UpdateOptions, type UpdateOutcome } from "./packages/update-service.ts";

/** What a machine is started with. Everything from outside comes in here or through `console` and `channel`. */
export interface BootOptions {
  /** The first ATA disk is the root; at most two. */
  readonly disks: readonly DiskBackend[];
  /** The program of pid 1, an ELF file. */
  readonly init: Uint8Array;
  readonly memoryMb?: number;
  readonly cpus?: number;
  readonly seed?: number;
  /** Programs in place of the machine's own, by name: "ds", "tty", "at_wini" … */
  readonly services?: { readonly [name: string]: ServiceProgram };
  /** More packages that the guest can name: `service update ds --package NAME@VERSION`. */
  readonly packages?: readonly ServiceImage[];
  /** Finds a package that the guest names and that is not there; null where there is none. Without it nothing more is there. */
  readonly fetchPackage?: (reference: string) => ServiceImage | null;
  /** Where hosted services run; without it, all in this thread. */
  readonly bus?: Bus;
  /** Starts the operator, a service that does what `update` asks for. */
  readonly operator?: boolean;
  /** More boot parameters. */
  readonly parameters?: { readonly [name: string]: string };
  /** A command that runs instead of a login shell; the machine ends with it. */
  readonly job?: Job;
  /** Seconds since 1970 that the real-time clock shows at start. */
  readonly startTime?: number;
  readonly trace?: boolean;
  /** Checks of the kernel that cost time. */
  readonly debug?: DebugOptions;
  /** Names for stack traces: the ELF file of the program whose process has this name; the kernel keeps 7 letters of names. */
  readonly symbols?: SymbolLookup;
  /** What the kernel prints, as it prints it. */
  readonly onMessage?: (text: string) => void;
  /** What the guest writes to its console. */
  readonly onConsole?: (byte: number) => void;
  /** What a job writes to its standard error. */
  readonly onError?: (byte: number) => void;
}

/** How a machine ended. */
export type Ending =
  | { readonly kind: "halted"; readonly status: number }
  | { readonly kind: "panic"; readonly report: string };

const DEFAULT_MEMORY_MB = 64;
const LEAST_MEMORY_MB = 16;
const MOST_MEMORY_MB = 1024;
const MOST_CPUS = 8;
/** A fixed start of time (2026-01-01 00:00:00 UTC): a run depends on nothing that nobody gave it. */
const DEFAULT_START_TIME = 1_767_225_600;
const RBT_MONITOR = 3;

/** A running Procyon: the machine, its console, and its end. */
export class System {
  readonly board: Board;
  readonly kernel: Kernel;
  readonly shelf: PackageShelf;
  readonly operatorPort: OperatorPort | null;
  ending: Ending | null = null;
  /** What the kernel prints, for whoever listens beside the machine's owner. */
  listen: ((text: string) => void) | null = null;

  constructor(options: BootOptions) {
    const memoryMb = options.memoryMb ?? DEFAULT_MEMORY_MB;
    const cpus = options.cpus ?? 1;
    checkRange("memory in MB", memoryMb, LEAST_MEMORY_MB, MOST_MEMORY_MB);
    checkRange("number of CPUs", cpus, 1, MOST_CPUS);
    if (options.disks.length < 1 || options.disks.length > 2) throw new Error(`a machine has one or two disks, not ${options.disks.length}`);
    this.board = new Board({
      memoryBytes: memoryMb * 1024 * 1024, cpus, disks: options.disks, rtcStart: fromSeconds(options.startTime ?? DEFAULT_START_TIME),
    });
    const services = { ...defaultServices, ...options.services };
    this.shelf = new PackageShelf(services, options.packages ?? [], options.fetchPackage ?? null);
    this.operatorPort = options.operator === true ? new OperatorPort(this.board.pic.irq(OPERATOR_IRQ)) : null;
    if (this.operatorPort !== null) this.board.ports.attach(this.operatorPort);
    this.kernel = new Kernel({
      board: this.board,
      cpus: Array.from({ length: cpus }, (_, id) => new Cpu(this.board.memory, this.board.ports, id)),
      bus: options.bus ?? localBus,
      resolveService: resolver(services, this.shelf),
      modules: bootModules(services, options.init),
      params: { rootdev: String(0x300), ...options.parameters, ...(options.operator === true ? { operator: "1" } : {}), ...(options.job === undefined ? {} : { job: "1", serial: "raw" }) },
      onMessage: (text) => {
        options.onMessage?.(text);
        this.listen?.(text);
      },
      seed: options.seed ?? 1,
      trace: options.trace ?? false,
      debug: options.debug ?? {},
      ...(options.symbols === undefined ? {} : { symbols: options.symbols }),
    });
    const [console, channel] = this.board.uarts;
    if (console === undefined || channel === undefined) throw new Error("the board has no serial lines");
    if (options.onConsole !== undefined) console.onTransmit = options.onConsole;
    if (options.onError !== undefined) channel.onTransmit = options.onError;
    if (options.job !== undefined) channel.receive(encodeJob(options.job));
    this.kernel.boot();
  }

  /** Sends bytes to the guest's console, as a keyboard at the other end of the line would. */
  type(bytes: Uint8Array): void {
    this.board.uart.receive(bytes);
  }

  /** Says that there is no more input: the line loses its carrier once what was typed is read. */
  hangUp(): void {
    this.board.uart.setCarrier(false);
  }

  /** Runs for at most so many cycles, and notes the end of the machine where it comes. */
  run(cycles: number): RunResult {
    const result = this.kernel.run(cycles);
    if (result.kind === "halted") this.ending = { kind: "halted", status: exitStatus(result.how, result.params) };
    if (result.kind === "panic") this.ending = { kind: "panic", report: result.report };
    return result;
  }

  /**
   * Puts a package in the place of a running service, as RS_UPDATE does: contracts are compared first, state is handed over,
   * and on any failure the old version goes on. Runs the machine until it is done. Wants `operator` at boot.
   */
  update(label: string, image: ServiceImage, options: UpdateOptions = {}): UpdateOutcome {
    return updateService(this, label, image, options);
  }

  /** Runs to the end of the machine, or until it waits for input that does not come; idle time is skipped. */
  runToEnd(): Ending | null {
    while (this.ending === null) {
      const result = this.run(50_000_000);
      if (result.kind !== "idle") continue;
      if (result.wakesAt === Infinity) return null;
      this.kernel.skipTo(result.wakesAt);
    }
    return this.ending;
  }
}

function checkRange(what: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) throw new Error(`${what}: ${value} is not a whole number from ${least} to ${most}`);
}

/** The status that init gives the monitor ("exit N"), 0 for an ordinary halt. */
function exitStatus(how: number, parameters: string): number {
  const match = how === RBT_MONITOR ? /^exit (\d+)/.exec(parameters) : null;
  return match === null ? 0 : Number(match[1]) & 0xff;
}

/** Starts a machine. */
export function boot(options: BootOptions): System {
  return new System(options);
}
