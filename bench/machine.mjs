import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { boot } from "@procyon-os/emulator";
import { MemoryDisk } from "@procyon-os/hardware";
import { MemoryStore, createImage, openImage } from "@procyon-os/mfs-format";
import { loadInit, loadRootImage } from "@procyon-os/userland";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const flags = ["-m32", "-O2", "-march=i386", "-ffreestanding", "-nostdlib", "-static", "-fno-stack-protector", "-fno-pic", "-w"];
const attributes = { mode: 0o755, uid: 0, gid: 0, mtime: 0 };

/** Compiles bench/programs/NAME.c. */
function compile(name) {
  const folder = mkdtempSync(join(tmpdir(), "procyon-bench-"));
  try {
    const path = join(folder, name);
    execFileSync("gcc", [...flags, "-I", here("../test/programs"), here(`programs/${name}.c`), "-o", path]);
    return new Uint8Array(readFileSync(path));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The built-in image with the programs of the benchmark in /bench. */
export function rootImage(names) {
  const store = new MemoryStore(loadRootImage());
  const image = openImage(store);
  image.mkdir("/bench", attributes);
  for (const name of names) image.writeFile(`/bench/${name}`, compile(name), attributes);
  return store.bytes;
}

/** A file system with `count` files /0, /1 … of so many bytes each. */
export function dataImage(count, bytes) {
  const store = new MemoryStore(count * bytes + (20 << 20));
  createImage(store, { time: 0 });
  const image = openImage(store);
  const content = new Uint8Array(bytes).map((_, index) => index * 7 + (index >> 9));
  for (let i = 0; i < count; i++) image.writeFile(`/${i}`, content, attributes);
  return store.bytes;
}

/** A machine with somebody at its console. */
export class Machine {
  console = "";

  /** @param options further ones of boot() */
  constructor(images, options = {}) {
    this.system = boot({
      ...options, disks: images.map((image) => new MemoryDisk(image)), init: loadInit(), onConsole: (byte) => void (this.console += String.fromCharCode(byte)),
    });
  }

  until(condition) {
    while (!condition()) {
      const result = this.system.run(1_000_000);
      if (result.kind === "idle" && result.wakesAt !== Infinity) this.system.kernel.skipTo(result.wakesAt);
      else if (result.kind !== "running") throw new Error(`the machine is ${result.kind}:\n${this.console.slice(-1000)}`);
    }
  }

  prompt() {
    this.until(() => this.console.endsWith("# "));
  }

  /**
   * Types a command; gives the number after "end", and what passed between the lines "begin" and "end": the host's seconds, those
   * of its CPU, and traps.
   */
  measure(command) {
    this.prompt();
    const from = this.console.length;
    this.system.type(new TextEncoder().encode(`${command}\n`));
    this.until(() => this.console.includes("\nbegin", from));
    const { counters } = this.system.kernel;
    const [before, cpuBefore, trapsBefore] = [performance.now(), process.cpuUsage(), counters.traps];
    this.until(() => /\nend -?\d+\r?\n/.test(this.console.slice(from)));
    const seconds = (performance.now() - before) / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    const traps = counters.traps - trapsBefore;
    this.prompt();
    return { count: Number(/\nend (-?\d+)/.exec(this.console.slice(from))[1]), seconds, cpu: (user + system) / 1e6, traps };
  }

  /** Types a command and waits for its end. */
  run(command) {
    this.prompt();
    this.system.type(new TextEncoder().encode(`${command}\n`));
    this.until(() => this.console.endsWith("\n"));
    this.prompt();
  }
}
