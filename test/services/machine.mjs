// A machine with a shell at its console, and services whose every trap can be watched. Plain JavaScript, since scripts use it too.
import { boot, defaultServices } from "@procyon-os/emulator";
import { CRYSTAL_HZ, MemoryDisk } from "@procyon-os/hardware";
import { createImage, MemoryStore, openImage } from "@procyon-os/mfs-format";
import { loadInit, loadRootImage } from "@procyon-os/userland";

const attributes = { mode: 0o755, uid: 0, gid: 0, mtime: 0 };
const SLICE_CYCLES = 1_000_000;
const PATIENCE_MS = 60_000;

const bytesOf = (content) => (typeof content === "string" ? new TextEncoder().encode(content) : content);

/** The built-in root image with more files, by path. */
export function rootImage(files) {
  const store = new MemoryStore(loadRootImage());
  const image = openImage(store);
  for (const [path, content] of Object.entries(files)) {
    for (let at = path.indexOf("/", 1); at > 0; at = path.indexOf("/", at + 1)) {
      const folder = path.slice(0, at);
      if (!image.exists(folder)) image.mkdir(folder, attributes);
    }
    image.writeFile(path, bytesOf(content), attributes);
  }
  return store.bytes;
}

/** An empty file system with some files. */
export function dataImage(megabytes, files) {
  const store = new MemoryStore(megabytes << 20);
  createImage(store, { time: 0 });
  const image = openImage(store);
  for (const [path, content] of Object.entries(files)) image.writeFile(path, bytesOf(content), attributes);
  return store.bytes;
}

/**
 * A service whose every trap is shown to a watcher before it is made: `watcher({ name, instance, frame })`. Where that gives a
 * program, the program's traps are made first.
 */
export function watchedImage(name, image, watcher) {
  let instances = 0;
  function* main(args) {
    const instance = ++instances;
    const program = image.main(args);
    let step = program.next();
    while (step.done !== true) {
      const more = watcher({ name, instance, frame: step.value });
      if (more) yield* more;
      step = program.next(yield step.value);
    }
    return step.value;
  }
  return { ...image, main };
}

/** The machine's own services of these names, watched. */
export function watched(names, watcher) {
  return Object.fromEntries(names.map((name) => [name, watchedImage(name, defaultServices[name], watcher)]));
}

export class Machine {
  console = "";
  messages = "";
  /** Milliseconds of the host that a wait may take. */
  patience = PATIENCE_MS;

  /** @param images root image and a data disk; @param options of boot() */
  constructor(images, options = {}) {
    this.disks = images.map((image) => new MemoryDisk(image));
    this.system = boot({
      init: loadInit(),
      onConsole: (byte) => void (this.console += String.fromCharCode(byte)),
      onMessage: (text) => void (this.messages += text),
      ...options,
      disks: this.disks,
    });
    this.until(() => this.console.endsWith("# "), "prompt");
  }

  /** Runs until the condition holds; idle time is skipped. */
  until(condition, what, patience = this.patience) {
    const start = performance.now();
    while (!condition()) {
      const result = this.system.run(SLICE_CYCLES);
      if (condition()) return;
      if (result.kind === "idle" && result.wakesAt !== Infinity) this.system.kernel.skipTo(result.wakesAt);
      else if (result.kind !== "running") throw new Error(`the machine is ${result.kind} while waiting for ${what}\n${this.tail()}`);
      if (performance.now() - start > patience) throw new Error(`no ${what} within ${patience} ms\n${this.tail()}`);
    }
  }

  type(text) {
    this.system.type(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  }

  /** Runs a command line in the shell: its output and its status. */
  run(command) {
    const from = this.console.length;
    this.type(`${command}\necho =$?=\n`);
    // A job that ends meanwhile is reported before the prompt.
    const end = /=(\d+)=\n(?:\[\d+\] .*\n)*# $/;
    const tail = () => this.console.slice(Math.max(from, this.console.length - 400)).replaceAll("\r", "");
    this.until(() => this.console.endsWith("# ") && end.test(tail()), `end of ${command}`);
    const shown = this.console.slice(from).replaceAll("\r", "");
    const status = Number(end.exec(shown)[1]);
    const echoes = new Set([command, `# ${command}`, "echo =$?=", "# echo =$?=", "# "]);
    const output = shown.replace(/(# )?=\d+=\n(?:\[\d+\] .*\n)*# $/, "").split("\n").filter((line) => !echoes.has(line)).join("\n");
    return { output: output.replace(/^# /, ""), status };
  }

  /** Like `run`, for a command that must succeed. */
  must(command) {
    const { output, status } = this.run(command);
    if (status !== 0) throw new Error(`${command}: status ${status}\n${output}\n${this.tail()}`);
    return output;
  }

  /** Runs on for some seconds of the guest. */
  pass(seconds) {
    const { clock } = this.system.board;
    const end = clock.now + Math.round(seconds * CRYSTAL_HZ);
    while (clock.now < end && this.system.ending === null) {
      const result = this.system.run(SLICE_CYCLES);
      if (result.kind === "idle") this.system.kernel.skipTo(Math.min(result.wakesAt, end));
    }
  }

  /** What `service list` says of a service; null where there is none. */
  service(label) {
    const words = this.must("service list").split("\n").map((line) => line.trim().split(/\s+/)).find(([first]) => first === label);
    return words === undefined ? null : { endpoint: Number(words[1]), pid: Number(words[2]) };
  }

  /** What a file on a disk holds, as the disk has it now; null where it is not there. */
  fileOnDisk(disk, path) {
    const image = openImage(new MemoryStore(this.disks[disk].bytes));
    return image.exists(path) ? image.readFile(path) : null;
  }

  tail() {
    return `--- console\n${this.console.slice(-1500)}\n--- messages\n${this.messages.slice(-3000)}`;
  }
}
