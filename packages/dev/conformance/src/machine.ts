import { boot, type BootOptions, type System } from "@procyon-os/emulator";
import { MemoryDisk } from "@procyon-os/hardware";
import { loadInit, loadRootImage } from "@procyon-os/userland";
import type { Program } from "@procyon-os/message";
import { clientOf, probe, type Work } from "./probe.ts";

const SLICE_CYCLES = 2_000_000;
const PROMPT = "# ";
const CRYSTAL_HZ = 14_318_180;
/** Time of the machine after which a wait has failed, and work of the machine (in cycles) after which it has. */
const MOST_SECONDS = 120;
const MOST_CYCLES = 800_000_000;
/** Users in whose name programs run as clients: root, and one without rights. */
export const ROOT = 0;
export const NOBODY = 99;

interface Client {
  readonly label: string;
  readonly work: Work;
}

/** In whose name a program runs, and for how long at most. */
export interface ActOptions {
  readonly uid?: number;
  readonly seconds?: number;
}

/** What a machine is made with, beside what it always has. */
export type MachineOptions = Partial<BootOptions>;

/** A whole machine with the built-in system, a shell at its console, and a probe that talks to services. */
export class Machine {
  readonly system: System;
  /** The root disk, where it lies in memory. */
  readonly disk: MemoryDisk;
  console = "";
  messages = "";
  private probes = 0;
  private readonly clients = new Map<number, Client & { started: boolean }>();

  constructor(services: NonNullable<BootOptions["services"]> = {}, options: MachineOptions = {}) {
    const images = [ROOT, NOBODY].map((uid) => {
      const client = { label: `client${uid}`, work: [] as Work, started: false };
      this.clients.set(uid, client);
      return clientOf(`@procyon-os/${client.label}`, client.work);
    });
    const [disk] = options.disks ?? [];
    this.disk = disk instanceof MemoryDisk ? disk : new MemoryDisk(loadRootImage());
    this.system = boot({
      disks: [this.disk],
      init: loadInit(),
      operator: true,
      services,
      onConsole: (byte) => void (this.console += String.fromCharCode(byte)),
      onMessage: (text) => void (this.messages += text),
      ...options,
      packages: [probe, ...images, ...(options.packages ?? [])],
    });
    this.until(() => this.console.endsWith(PROMPT), "prompt of the shell");
  }

  /** Runs until the condition holds; idle time is skipped. */
  until(condition: () => boolean, what: string): void {
    const end = this.system.board.clock.now + MOST_SECONDS * CRYSTAL_HZ;
    for (let work = 0; !condition(); work += SLICE_CYCLES) {
      const result = this.system.run(SLICE_CYCLES);
      if (condition()) return;
      const stuck = result.kind === "idle" && result.wakesAt === Infinity;
      if (result.kind === "idle" && !stuck) {
        this.system.kernel.skipTo(result.wakesAt);
        work -= SLICE_CYCLES;
      } else if (result.kind !== "running") throw new Error(`the machine is ${stuck ? "waiting for ever" : result.kind}: no ${what}\n${this.report()}`);
      if (this.system.board.clock.now > end || work > MOST_CYCLES) throw new Error(`no ${what} within ${MOST_SECONDS} s of the machine\n${this.report()}`);
    }
  }

  /** Runs on for some seconds of the machine. */
  pass(seconds: number): void {
    const end = this.system.board.clock.now + seconds * CRYSTAL_HZ;
    this.until(() => this.system.board.clock.now >= end, `${seconds} s`);
  }

  /** Runs one command line in the shell and gives what it printed. */
  run(command: string): string {
    const from = this.console.length;
    this.system.type(Uint8Array.from(`${command}\n`, (character) => character.charCodeAt(0)));
    this.until(() => this.console.length > from + command.length + 1 && this.console.endsWith(`\n${PROMPT}`), `end of ${command}`);
    const shown = this.console.slice(from).replaceAll("\r", "");
    return shown.slice(shown.indexOf("\n") + 1, -PROMPT.length);
  }

  /** What `service list` says of a service; null where there is none of this label. */
  service(label: string): { readonly endpoint: number; readonly pid: number } | null {
    const words = this.run("service list").split("\n").map((line) => line.trim().split(/\s+/)).find(([first]) => first === label);
    return words === undefined ? null : { endpoint: Number(words[1]), pid: Number(words[2]) };
  }

  /** Has the probe do something as a service of its own, which stays, and gives the line that it prints. */
  probe(...args: (string | number)[]): string {
    const label = `probe${++this.probes}`;
    if (this.probes === 1) this.run(`echo '#!hosted ${probe.name}' > /tmp/probe; echo 'service probe { uid 0; };' > /tmp/probe.conf`);
    const mark = `${label}: `;
    this.run(`service up /tmp/probe -config /tmp/probe.conf -label ${label} -args '${[label, ...args].join(" ")}'`);
    this.until(() => this.messages.includes(mark) && this.messages.slice(this.messages.indexOf(mark)).includes("\n"), `word of ${label}`);
    const line = this.messages.slice(this.messages.indexOf(mark) + mark.length);
    return line.slice(0, line.indexOf("\n"));
  }

  /**
   * Runs a program in the guest, as a service of this user, and gives what it returns: any call of syslib, of a stub, any
   * message. Throws where the program throws, and where it has not ended after `seconds` of the machine.
   */
  act<T>(program: () => Program<T>, options: ActOptions = {}): T {
    return this.begin(program, options)();
  }

  /** Begins a program as `act` does. What it gives back waits for the end of the program; meanwhile the machine is the caller's. */
  begin<T>(program: () => Program<T>, { uid = ROOT, seconds = 20 }: ActOptions = {}): () => T {
    const client = this.clients.get(uid);
    if (client === undefined) throw new Error(`act: there is a client for the users ${ROOT} and ${NOBODY} only`);
    let outcome: { value: T } | { error: unknown } | null = null;
    client.work.push(function* () {
      try {
        outcome = { value: yield* program() };
      } catch (error) {
        outcome = { error };
      }
    });
    this.wake(client, uid);
    return () => {
      const end = this.system.board.clock.now + seconds * CRYSTAL_HZ;
      this.until(() => outcome !== null || this.system.board.clock.now > end, "end of the program");
      const found = outcome as { value: T } | { error: unknown } | null;
      if (found === null) {
        this.run(`service down ${client.label}`);
        client.started = false;
        throw new Error(`the program has not ended after ${seconds} s of the machine`);
      }
      if ("error" in found) throw found.error;
      return found.value;
    };
  }

  private wake(client: Client & { started: boolean }, uid: number): void {
    const { label } = client;
    const pid = client.started ? this.service(label)?.pid : undefined;
    if (pid !== undefined) {
      this.run(`kill -USR1 ${pid}`);
      return;
    }
    this.run(`echo '#!hosted @procyon-os/${label}' > /tmp/${label}; echo 'service ${label} { uid ${uid}; };' > /tmp/${label}.conf`);
    this.run(`service up /tmp/${label} -config /tmp/${label}.conf -label ${label}`);
    client.started = true;
  }

  private report(): string {
    return `--- console\n${this.console.slice(-1500)}\n--- messages\n${this.messages.slice(-3000)}`;
  }
}
