import type { ServiceImage } from "@procyon-os/message";
import { defaultServices } from "@procyon-os/emulator";
import { MemoryDisk } from "@procyon-os/hardware";
import { MemoryStore, openImage } from "@procyon-os/mfs-format";
import { loadRootImage } from "@procyon-os/userland";
import { withErrands, type Errands } from "./errands.ts";
import { Machine } from "./machine.ts";
import { newWatch, watched, type Watch } from "./watch.ts";

const attributes = { mode: 0o755, uid: 0, gid: 0, mtime: 0 };

/** A machine with the service that is tested, made when it is first wanted, and made anew after a check that failed. */
export class Bench {
  readonly image: ServiceImage;
  /** What RS calls the service. */
  readonly label: string;
  readonly watch: Watch = newWatch();
  /** What VFS is to do in between. */
  readonly errands: Errands = [];
  /** How many traps the service makes while the job runs undisturbed. */
  trapsOfJob = 100;
  private readonly start: (bench: Bench) => Machine;
  private started: Machine | null = null;
  private cannotStart: Error | null = null;

  /** @param start makes the machine, with `next(0)` in it; called again after each failure */
  constructor(label: string, image: ServiceImage, start: (bench: Bench) => Machine) {
    this.label = label;
    this.image = image;
    this.start = start;
  }

  get machine(): Machine {
    if (this.cannotStart !== null) throw this.cannotStart;
    try {
      this.started ??= this.start(this);
    } catch (error) {
      this.cannotStart = new Error(`no machine starts with it: ${error instanceof Error ? error.message : String(error)}`);
      throw this.cannotStart;
    }
    return this.started;
  }

  /** The service as its n-th next version; 0 is as it is. */
  next(n: number): ServiceImage {
    const [major = "0", minor = "0", patch = "0"] = this.image.version.split(/[.+-]/);
    return { ...watched(this.image, this.watch), ...(n === 0 ? {} : { version: `${major}.${minor}.${Number(patch) + n}` }) };
  }

  /** After a failure: the machine is given up, so that what follows is judged by itself. */
  spoil(): void {
    this.started = null;
    this.watch.crashAt = 0;
    this.errands.length = 0;
  }
}

/** A bench for a service of the machine itself, by the name that it has in the boot image or on the disk. */
export function bootBench(name: string, label: string, image: ServiceImage, files: { readonly [path: string]: string }, parameters: { readonly [name: string]: string } = {}): Bench {
  return new Bench(label, image, (bench) => {
    const vfs = withErrands(defaultServices["vfs"] as ServiceImage, bench.errands);
    return new Machine({ vfs, [name]: bench.next(0) }, { disks: [new MemoryDisk(rootImage(files))], parameters });
  });
}

/** A bench for a service that is started while the machine runs. `rights` is its section of system.conf. */
export function dynamicBench(label: string, image: ServiceImage, rights: string): Bench {
  const files = { "/conf/service": `#!hosted ${image.name}@${image.version}\n`, "/conf/service.conf": `service service { ${rights} };\n` };
  return new Bench(label, image, (bench) => new Machine({}, { disks: [new MemoryDisk(rootImage(files))], packages: [bench.next(0)] }));
}

function rootImage(files: { readonly [path: string]: string }): Uint8Array {
  const store = new MemoryStore(loadRootImage());
  const image = openImage(store);
  for (const [path, text] of Object.entries(files)) {
    const folder = path.slice(0, path.lastIndexOf("/"));
    if (folder !== "" && !image.exists(folder)) image.mkdir(folder, attributes);
    image.writeFile(path, Uint8Array.from(text, (character) => character.charCodeAt(0)), attributes);
  }
  return store.bytes;
}
