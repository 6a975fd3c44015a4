/** What a system is booted from. */
export interface Images {
  readonly rootImage: Uint8Array; // an MFS V3 file system, not compressed
  readonly init: Uint8Array; // an i386 ELF program
}

let provided: Images | null = null;

/** Gives the images where there are no files to read them from: in a browser, before the first load. */
export function provideImages(images: Images): void {
  provided = images;
}

// Asked for only when a file is read, so that this module loads where there is no Node.
function file(name: string): Uint8Array {
  const { readFileSync } = process.getBuiltinModule("node:fs");
  return new Uint8Array(readFileSync(new URL(`../image/${name}`, import.meta.url)));
}

/** The root file system, a fresh copy each time: whoever boots from it may write to it. */
export function loadRootImage(): Uint8Array {
  if (provided !== null) return provided.rootImage.slice();
  const { gunzipSync } = process.getBuiltinModule("node:zlib");
  return new Uint8Array(gunzipSync(file("root.img.gz")));
}

/** The program of process 1, a boot module. */
export function loadInit(): Uint8Array {
  return provided !== null ? provided.init.slice() : file("init.elf");
}
