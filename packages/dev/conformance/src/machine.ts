import { boot, type BootOptions, type System } from "@procyon-os/emulator";
import { MemoryDisk } from "@procyon-os/hardware";
import { loadInit, loadRootImage } from "@procyon-os/userland";
import { probe } from "./probe.ts";

const SLICE_CYCLES = 2_000_000;
const PROMPT = "# ";
const CRYSTAL_HZ = 14_318_180;
/** Time of the machine after which a wait has failed. */
const MOST_SECONDS = 120;

/** A whole machine with the built-in system, a shell at its console, and a probe that talks to services. */
export class Machine {
  readonly system: System;
  console = "";
  messages = "";
  private probes = 0;

  constructor(services: NonNullable<BootOptions["services"]> = {}, options: Partial<BootOptions> = {}) {
    this.system = boot({
      disks: [new MemoryDisk(loadRootImage())],
      init: loadInit(),
      operator: true,
      packages: [probe],
      services,
      onConsole: (byte) => void (this.console += String.fromCharCode(byte)),
      onMessage: (text) => void (this.messages += text),
      ...options,
    });
    this.until(() => this.console.endsWith(PROMPT), "prompt of the shell");
  }

  /** Runs until the condition holds; idle time is skipped. */
  until(condition: () => boolean, what: string): void {
    const end = this.system.board.clock.now + MOST_SECONDS * CRYSTAL_HZ;
    while (!condition()) {
      const result = this.system.run(SLICE_CYCLES);
      if (condition()) return;
      const stuck = result.kind === "idle" && result.wakesAt === Infinity;
      if (result.kind === "idle" && !stuck) this.system.kernel.skipTo(result.wakesAt);
      else if (result.kind !== "running") throw new Error(`the machine is ${stuck ? "waiting for ever" : result.kind}: no ${what}\n${this.report()}`);
      if (this.system.board.clock.now > end) throw new Error(`no ${what} within ${MOST_SECONDS} s of the machine\n${this.report()}`);
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

  private report(): string {
    return `--- console\n${this.console.slice(-1500)}\n--- messages\n${this.messages.slice(-3000)}`;
  }
}
