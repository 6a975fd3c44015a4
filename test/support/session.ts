import { boot, type BootOptions, type System } from "@procyon-os/emulator";
import { CRYSTAL_HZ, MemoryDisk } from "@procyon-os/hardware";
import { loadInit } from "@procyon-os/userland";
import { rootImage } from "./image.ts";

const SLICE_CYCLES = 2_000_000;
const PROMPT = "# ";
/** Host time after which a wait has failed: a machine that hangs, not one that is slow. */
const PATIENCE_MS = 60_000;

/** What a command in the guest's shell came to. */
export interface Outcome {
  readonly output: string;
  readonly status: number;
}

/** A machine with a person at its console: a driver for the library, on a disk in memory. */
export class Session {
  readonly system: System;
  readonly disks: readonly MemoryDisk[];
  console = "";
  messages = "";

  /** @param disks images; without any, the built-in root image */
  constructor(disks: readonly Uint8Array[] = [], options: Partial<BootOptions> = {}) {
    this.disks = (disks.length > 0 ? disks : [rootImage([])]).map((image) => new MemoryDisk(image));
    this.system = boot({
      init: loadInit(),
      onConsole: (byte) => void (this.console += String.fromCharCode(byte)),
      onMessage: (text) => void (this.messages += text),
      ...options,
      disks: this.disks,
    });
  }

  /** Runs until the condition holds. Idle time is skipped; a machine that ends or waits for ever fails. */
  until(condition: () => boolean, what: string): void {
    const start = performance.now();
    while (!condition()) {
      const result = this.system.run(SLICE_CYCLES);
      if (condition()) return;
      if (result.kind === "idle" && result.wakesAt !== Infinity) this.system.kernel.skipTo(result.wakesAt);
      else if (result.kind !== "running") throw new Error(`the machine is ${result.kind} while waiting for ${what}\n${this.tail()}`);
      if (performance.now() - start > PATIENCE_MS) throw new Error(`no ${what} within ${PATIENCE_MS} ms\n${this.tail()}`);
    }
  }

  /** Runs until the shell waits for a command: its prompt is there, and nothing comes after it. */
  prompt(): void {
    this.until(() => this.console.endsWith(PROMPT), "prompt");
    this.pass(0.3);
    this.until(() => this.console.endsWith(PROMPT), "prompt");
  }

  /** Types what a person would. */
  type(text: string): void {
    this.system.type(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  }

  /** Types and waits until the console shows a text that was not there before. */
  expect(typed: string, text: string): void {
    const from = this.console.length;
    this.type(typed);
    this.until(() => this.console.includes(text, from), JSON.stringify(text));
  }

  /** Runs one command line in the shell, and gives what it printed and its status. */
  run(command: string): Outcome {
    if (this.console === "" || !this.console.endsWith(PROMPT)) this.prompt();
    const from = this.console.length;
    this.type(`${command}\n`);
    const shown = (): string => this.console.slice(from);
    this.until(() => shown().includes("\n") && shown().endsWith(`\n${PROMPT}`) , `end of ${command}`);
    const output = this.clean(shown());
    const asked = this.console.length;
    this.type("echo $?\n");
    this.until(() => /\n\d+\r?\n# $/.test(this.console.slice(asked)), `status of ${command}`);
    return { output, status: Number(/\n(\d+)\r?\n# $/.exec(this.console.slice(asked))?.[1]) };
  }

  /** Runs on for some seconds of the guest, whatever it does. */
  pass(seconds: number): void {
    const { clock } = this.system.board;
    const end = clock.now + Math.round(seconds * CRYSTAL_HZ);
    while (clock.now < end && this.system.ending === null) {
      const result = this.system.run(SLICE_CYCLES);
      if (result.kind === "idle") this.system.kernel.skipTo(Math.min(result.wakesAt, end));
    }
  }

  /** Runs to the machine's end. */
  end(): void {
    this.until(() => this.system.ending !== null, "end of the machine");
  }

  /** The pid of the first process of this name, as `ps` shows it. */
  pid(name: string): number {
    const { output } = this.run("ps");
    const line = output.split("\n").find((one) => one.trim().split(/\s+/).some((word) => word === name));
    const pid = Number(line?.trim().split(/\s+/).find((word) => /^\d+$/.test(word)));
    if (!Number.isInteger(pid)) throw new Error(`no process ${name} in\n${output}`);
    return pid;
  }

  /** Without the echo of the command line, and without the prompt at the end. */
  private clean(shown: string): string {
    const text = shown.replaceAll("\r\n", "\n").replaceAll("\r", "");
    return text.slice(text.indexOf("\n") + 1, -PROMPT.length);
  }

  private tail(): string {
    return `--- console\n${this.console.slice(-2000)}\n--- messages\n${this.messages.slice(-2000)}`;
  }
}
